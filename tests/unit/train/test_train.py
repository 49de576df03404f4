"""The learning rate, the running average and the checkpoints."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from digits_train import checkpoint
from digits_train.config import FULL, SMOKE
from digits_train.errors import WorkFolderMismatch
from digits_train.train import OneCycle


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        pytest.param(0, 0.0, id="start"),
        pytest.param(75, 1e-3, id="half way up"),
        pytest.param(150, 2e-3, id="peak"),
        pytest.param(575, 1e-3, id="half way down"),
        pytest.param(1000, 0.0, id="end"),
        pytest.param(1500, 0.0, id="after the end"),
    ],
)
def test_one_cycle(step: int, rate: float) -> None:
    """Up in a line for 15 % of the steps, down a cosine for the rest."""
    schedule = OneCycle(peak=2e-3, steps=1000, warm_up=0.15)

    assert float(schedule(step)) == pytest.approx(rate, abs=1e-8)


def variables(start: float) -> list[keras.Variable]:
    """A matrix, a counter, a seed's state: what a trainer has."""
    return [
        keras.Variable(np.full((2, 3), start, np.float32)),
        keras.Variable(np.int64(start), dtype="int64"),
        keras.Variable(np.array([start, 7], np.uint32), dtype="uint32"),
    ]


def test_checkpoint_round_trip(tmp_path: Path) -> None:
    """Every variable comes back with its value and type, and so does the number of epochs."""
    path = tmp_path / "cnn.checkpoint.npz"
    saved, loaded = variables(3), variables(0)

    checkpoint.save(path, saved, FULL.of("cnn"), epochs=4)

    assert checkpoint.load(path, loaded, FULL.of("cnn")) == 4
    for a, b in zip(saved, loaded, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())
        assert a.dtype == b.dtype
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_checkpoint_of_another_configuration(tmp_path: Path) -> None:
    """It is refused, with the cure, and nothing is changed."""
    path = tmp_path / "cnn.checkpoint.npz"
    untouched = variables(0)
    checkpoint.save(path, variables(3), FULL.of("cnn"), epochs=4)

    with pytest.raises(WorkFolderMismatch, match="another configuration: delete it"):
        checkpoint.load(path, untouched, SMOKE.of("cnn"))

    assert not untouched[0].numpy().any()


def test_a_model_depends_on_its_own_settings() -> None:
    """The other model's optimisation is no part of what identifies a run."""
    assert "mlp" not in FULL.of("cnn")
    assert FULL.of("cnn")["cnn"] == {"epochs": FULL.cnn.epochs, "peak_rate": FULL.cnn.peak_rate}
    assert FULL.of("cnn-teacher")["teacher"]["epochs"] == FULL.teacher.epochs
    assert FULL.of("cnn") != SMOKE.of("cnn")


def test_only_a_taught_model_depends_on_its_teaching() -> None:
    """How a student listens is no part of what identifies one without a teacher."""
    assert "teaching" not in FULL.of("cnn")
    assert replace(FULL, teachers=("e3b0",)).of("cnn")["teaching"]["temperature"] == 2.0
