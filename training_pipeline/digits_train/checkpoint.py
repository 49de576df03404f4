"""Everything that changes while training, in one file that appears whole or not at all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digits_train.errors import WorkFolderMismatch


def save(
    path: Path, variables: Sequence[keras.Variable], identity: dict[str, Any], epochs: int
) -> None:
    """Write the values, what they belong to and how many epochs are done."""
    values = {f"v{i}": v.numpy() for i, v in enumerate(variables)}
    part = path.with_suffix(".part.npz")
    np.savez(part, identity=json.dumps(identity), epochs=epochs, **values)
    part.replace(path)


def load(path: Path, variables: Sequence[keras.Variable], identity: dict[str, Any]) -> int:
    """Set the variables and return how many epochs are done.

    Raises `WorkFolderMismatch` when the file belongs to something else than
    `identity`.
    """
    with np.load(path) as file:
        if json.loads(str(file["identity"])) != json.loads(json.dumps(identity)):
            raise WorkFolderMismatch(
                f"{path} was written with another configuration: "
                "delete it to start over, or name another folder with --work"
            )
        for i, variable in enumerate(variables):
            variable.assign(file[f"v{i}"])
        return int(file["epochs"])
