"""The command `digits-train`: a subcommand a stage, over one work folder."""

# TensorFlow takes seconds to import, and most stages do without:
# ruff: noqa: PLC0415

import logging
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from digits_core.bundle import MODELS_DIR
from rich.console import Console
from rich.table import Table

from digits_train.config import CONFIGS, Config
from digits_train.errors import TrainError


class Model(StrEnum):
    """The models, and both of them."""

    MLP = "mlp"
    CNN = "cnn"
    BOTH = "both"

    @property
    def names(self) -> list[str]:
        return ["mlp", "cnn"] if self is Model.BOTH else [self.value]


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
ModelsOption = Annotated[Path, typer.Option("--models-dir", help="Where bundles are published.")]

FULL, WORK = ConfigName.FULL, Path("work")

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False)


def main() -> None:
    """Run the command line; what is expected to go wrong ends in one line and status 1."""
    try:
        app()
    except TrainError as error:
        Console(stderr=True, soft_wrap=True).print(f"{error.reason}: {error}", highlight=False)
        sys.exit(1)


@app.callback()
def start() -> None:
    """Train the models of digits, a subcommand a stage, over one work folder."""
    # What a process has once: TensorFlow's silence below errors, and the log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("digits_train").setLevel(logging.INFO)


@app.command()
def data(
    config: ConfigOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
) -> None:
    """Find or download the digits, draw the rest, save all of it in WORK/data.npz."""
    from digits_train.data import prepare

    made = prepare(_config(config), work, data_dir, with_pens=not without_pens)
    for name in ("train", "drawn", "outliers", "validation", "test"):
        console.print(f"{name:12} {len(getattr(made, name)):7,}")


@app.command()
def augment(config: ConfigOption = FULL, work: WorkOption = WORK) -> None:
    """Draw WORK/augmented.png: a batch as training sees it."""
    from digits_train.augment import Augmenter, contact_sheet
    from digits_train.data import Data
    from digits_train.drawings import png
    from digits_train.plan import Plan

    chosen, found = _config(config), Data.load(work)
    images, _ = next(Plan(chosen, found).epoch(0))
    path = work / "augmented.png"
    path.write_bytes(png(contact_sheet(Augmenter(chosen.augmentation, chosen.seed), images)))
    console.print(f"{path}: {len(images)} pictures")


@app.command()
def model(name: ModelOption = Model.BOTH) -> None:
    """Print the layers of a model and its number of parameters."""
    from digits_train.model import build

    for each in name.names:
        build(each, seed=0).summary()


@app.command()
def train(
    config: ConfigOption = FULL, work: WorkOption = WORK, name: ModelOption = Model.BOTH
) -> None:
    """Train, going on from the last finished epoch when there is one."""
    from digits_train.data import Data
    from digits_train.train import train as run

    found = Data.load(work)
    for each in name.names:
        run(_config(config), each, found, work)


@app.command()
def export(work: WorkOption = WORK, name: ModelOption = Model.BOTH) -> None:
    """Write the trained weights as ONNX."""
    from digits_train.export import export as run

    for each in name.names:
        path = run(each, work)
        console.print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


@app.command()
def parity(work: WorkOption = WORK, name: ModelOption = Model.BOTH) -> None:
    """Check on every test image that ONNX answers as Keras does."""
    from digits_train.candidate import candidate
    from digits_train.data import Data
    from digits_train.parity import check

    found = Data.load(work)
    for each in name.names:
        result = check(candidate(each, work), found, work)
        console.print(
            f"{each}: {result.images:,} images, largest difference "
            f"{result.largest_difference:.1e} (at most {result.tolerance:.0e}), "
            f"{result.flips} flips"
        )


@app.command()
def calibrate(work: WorkOption = WORK, name: ModelOption = Model.BOTH) -> None:
    """Fit the temperature and the thresholds on the validation pictures."""
    from digits_train.calibrate import calibrate as run
    from digits_train.data import Data

    found = Data.load(work)
    for each in name.names:
        temperature, acceptance = run(each, found, work)
        console.print(
            f"{each}: temperature {temperature:.3f}, accepted from confidence "
            f"{acceptance.min_confidence:.3f}, digit score {acceptance.min_digit_score:.3f}, "
            f"contrast {acceptance.min_contrast:.0f}"
        )


@app.command()
def evaluate(
    config: ConfigOption = FULL, work: WorkOption = WORK, name: ModelOption = Model.BOTH
) -> None:
    """Measure on all test images."""
    from digits_train.data import Data
    from digits_train.evaluate import evaluate as run

    found = Data.load(work)
    figures = {each: run(_config(config), each, found, work) for each in name.names}
    table = Table("", *figures)
    for key in next(iter(figures.values())):
        table.add_row(key, *(f"{values[key]:.4f}" for values in figures.values()))
    console.print(table)


@app.command()
def publish(
    work: WorkOption = WORK,
    name: ModelOption = Model.BOTH,
    models_dir: ModelsOption = MODELS_DIR,
) -> None:
    """Write the next version's bundle; refused without parity or from a dirty tree."""
    from digits_train.publish import publish as run

    for each in name.names:
        console.print(f"published {run(each, work, models_dir.resolve())}")


@app.command(name="all")
def everything(  # noqa: PLR0917 (typer hands options over by name)
    config: ConfigOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    name: ModelOption = Model.BOTH,
    models_dir: ModelsOption = MODELS_DIR,
    publishing: Annotated[bool, typer.Option("--publish", help="Publish, too.")] = False,
) -> None:
    """Run every stage, the last one, `publish`, only when asked to."""
    data(config, work, data_dir, without_pens)
    train(config, work, name)
    export(work, name)
    parity(work, name)
    calibrate(work, name)
    evaluate(config, work, name)
    if publishing:
        publish(work, name, models_dir)


def _config(name: ConfigName) -> Config:
    return CONFIGS[name.value]
