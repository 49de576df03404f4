"""The options that several stages share on the command line."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Model(StrEnum):
    """The models, both that are trained, and all of them."""

    MLP = "mlp"
    CNN = "cnn"
    CNN_TEACHER = "cnn-teacher"
    CNN_INT8 = "cnn-int8"
    BOTH = "both"
    ALL = "all"

    @property
    def names(self) -> list[str]:
        several = {Model.BOTH: ["mlp", "cnn"], Model.ALL: ["mlp", "cnn", "cnn-int8"]}
        return several.get(self, [self.value])

    @property
    def trained(self) -> list[str]:
        """The models that these are made from: integers are trained as floats."""
        return list(dict.fromkeys(name.removesuffix("-int8") for name in self.names))


class ConfigName(StrEnum):
    """The configurations."""

    FULL = "full"
    SMOKE = "smoke"


ConfigOption = Annotated[ConfigName, typer.Option("--config", help="What to train, and how long.")]
WorkOption = Annotated[Path, typer.Option("--work", help="The folder of what stages leave.")]
ModelOption = Annotated[Model, typer.Option("--model", help="Which model.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="DIGITS_DATA_DIR",
        exists=True,
        file_okay=False,
        help="Holds mnist/ and other/. Without it MNIST is downloaded.",
    ),
]
PensOption = Annotated[
    bool, typer.Option("--without-pens", help="Train without pendigits and Omniglot.")
]
FontsOption = Annotated[
    Path, typer.Option("--fonts-dir", help="Handwriting fonts, as `make fonts` installs them.")
]
ModelsOption = Annotated[Path, typer.Option("--models-dir", help="Where bundles are published.")]

FULL, WORK = ConfigName.FULL, Path("work")
