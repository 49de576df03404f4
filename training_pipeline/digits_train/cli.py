"""The command `digits-train`: a subcommand a stage, over one work folder."""

# TensorFlow takes seconds to import, and most stages do without:
# ruff: noqa: PLC0415

import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from digits_core.bundle import MODELS_DIR
from rich.console import Console
from rich.table import Table

from digits_train.config import CONFIGS, Config
from digits_train.errors import TrainError
from digits_train.fonts import FOLDER as FONTS
from digits_train.options import (
    FULL,
    WORK,
    ConfigName,
    ConfigOption,
    DataOption,
    FontsOption,
    Model,
    ModelOption,
    ModelsOption,
    PensOption,
    WorkOption,
)
from digits_train.reading.commands import app as reading

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(reading, name="reader")
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
def pool(  # noqa: PLR0917 (typer hands options over by name)
    config: ConfigOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    fonts_dir: FontsOption = FONTS,
    processes: Annotated[int, typer.Option(min=1, help="How many make pictures.")] = 2,
) -> None:
    """Make the pictures that have been through the normaliser, WORK/pool-vN; goes on."""
    from digits_train.pool import make

    make(
        _config(config),
        work,
        data_dir,
        fonts_dir,
        with_pens=not without_pens,
        processes=processes,
    )


@app.command()
def augment(config: ConfigOption = FULL, work: WorkOption = WORK) -> None:
    """Draw WORK/augmented.png: a batch as training sees it."""
    from digits_train.augment import Augmenter, contact_sheet
    from digits_train.curriculum import Curriculum
    from digits_train.drawings import png
    from digits_train.plan import Plan

    chosen = _config(config)
    found = Curriculum.load(chosen, work)
    batch = next(Plan(chosen, found).epoch(0))
    path = work / "augmented.png"
    augmenter = Augmenter(chosen.augmentation, chosen.seed)
    path.write_bytes(png(contact_sheet(augmenter, batch.images, batch.strength)))
    console.print(f"{path}: {len(batch.images)} pictures")


@app.command()
def model(name: ModelOption = Model.BOTH) -> None:
    """Print the layers of a model and its number of parameters."""
    from digits_train.model import build

    for each in name.trained:
        build(each, seed=0).summary()


@app.command()
def train(
    config: ConfigOption = FULL,
    work: WorkOption = WORK,
    name: ModelOption = Model.BOTH,
    seed: Annotated[
        int | None, typer.Option(min=0, help="One of several runs: WORK/MODEL.seed-SEED.*")
    ] = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="An exported model to listen to; repeatable."
        ),
    ] = None,
) -> None:
    """Train, going on from the last finished epoch when there is one."""
    from digits_train.curriculum import Curriculum
    from digits_train.seeds import run_of
    from digits_train.train import train as run

    chosen = _config(config) if seed is None else replace(_config(config), seed=seed)
    found = Curriculum.load(chosen, work)
    for each in name.trained:
        name_of_run = None if seed is None else run_of(each, seed)
        run(chosen, each, found, work, teachers=teacher or (), run=name_of_run)


@app.command()
def seeds(
    config: ConfigOption = FULL, work: WorkOption = WORK, name: ModelOption = Model.CNN
) -> None:
    """Compare the runs with seeds of their own; the best on validation becomes the model's."""
    from digits_train.curriculum import Curriculum
    from digits_train.seeds import choose, compare, summary

    found = Curriculum.load(_config(config), work)
    for each in name.trained:
        runs = compare(each, found, work)
        choose(runs, each, work)
        console.print(summary(runs))


@app.command()
def export(work: WorkOption = WORK, name: ModelOption = Model.BOTH) -> None:
    """Write the trained weights as ONNX."""
    from digits_train.export import export as run

    for each in name.trained:
        path = run(each, work)
        console.print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


@app.command()
def parity(work: WorkOption = WORK, name: ModelOption = Model.BOTH) -> None:
    """Check on every test image that ONNX answers as Keras does."""
    from digits_train.candidate import candidate
    from digits_train.data import Data
    from digits_train.parity import check

    found = Data.load(work)
    for each in name.trained:
        result = check(candidate(each, work), found, work)
        console.print(
            f"{each}: {result.images:,} images, largest difference "
            f"{result.largest_difference:.1e} (at most {result.tolerance:.0e}), "
            f"{result.flips} flips"
        )


@app.command()
def quantize(work: WorkOption = WORK) -> None:
    """Write the exported CNN in integers, and count the test images it answers otherwise."""
    from digits_train.data import Data
    from digits_train.pool import Pool
    from digits_train.quantize import quantize as run

    result = run(Data.load(work), Pool.load(work), work)
    console.print(
        f"{work / 'cnn-int8.onnx'}: {result.differing} of {result.images:,} answers are not "
        f"cnn's (at most {result.most_differing} may be)"
    )


@app.command()
def tflite(work: WorkOption = WORK) -> None:
    """Write the trained CNN for TensorFlow Lite, in integers, and compare it likewise."""
    from digits_train.data import Data
    from digits_train.pool import Pool
    from digits_train.tflite import export as run

    result = run(Data.load(work), Pool.load(work), work)
    console.print(
        f"{work / 'cnn.tflite'}: {result.differing} of {result.images:,} answers are not "
        f"cnn's (at most {result.most_differing} may be)"
    )


@app.command()
def calibrate(work: WorkOption = WORK, name: ModelOption = Model.ALL) -> None:
    """Fit the temperature and the rule of acceptance on the validation pictures."""
    from digits_train import photos
    from digits_train.calibrate import calibrate as run
    from digits_train.data import Data

    found, seen = Data.load(work), photos.to_fit(work)
    for each in name.names:
        fitted = run(each, found, seen, work)
        rule = fitted.acceptance
        weights = (f"{key} {value:+.2f}" for key, value in rule.coefficients.items())
        console.print(
            f"{each}: temperature {fitted.temperature:.3f}, bias of other pictures "
            f"{fitted.other_bias:+.2f}, accepted from contrast {rule.min_contrast:.1f} and "
            f"chance {rule.threshold:.3f} of {rule.intercept:+.2f}, {', '.join(weights)}"
        )


@app.command()
def evaluate(
    config: ConfigOption = FULL, work: WorkOption = WORK, name: ModelOption = Model.ALL
) -> None:
    """Measure on all test images, and on validation's photos."""
    from digits_train import photos
    from digits_train.data import Data
    from digits_train.evaluate import evaluate as run

    found, seen = Data.load(work), photos.to_measure(work)
    figures = {each: run(_config(config), each, found, seen, work) for each in name.names}
    table = Table("", *figures)
    # Only what was trained with several seeds has a mean over them.
    for key in dict.fromkeys(key for values in figures.values() for key in values):
        shown = (f"{values[key]:.4f}" if key in values else "" for values in figures.values())
        table.add_row(key, *shown)
    console.print(table)


@app.command()
def publish(
    work: WorkOption = WORK,
    name: ModelOption = Model.ALL,
    models_dir: ModelsOption = MODELS_DIR,
) -> None:
    """Write the next version's bundle; refused without parity or from a dirty tree."""
    from digits_train.publish import publish as run

    for folder in run(name.names, work, models_dir.resolve()):
        console.print(f"published {folder}")


@app.command()
def why(config: ConfigOption = FULL, work: WorkOption = WORK) -> None:
    """Show by small trainings what convolutions buy; goes on from those already done."""
    from digits_train.data import Data
    from digits_train.why import why as run

    found = run(_config(config), Data.load(work), work)
    console.print(f"{work / 'why.json'}: {len(found['lessons'])} trainings and a tutorial's CNN")


@app.command()
def report(
    work: WorkOption = WORK,
    models_dir: ModelsOption = MODELS_DIR,
    data_dir: DataOption = None,
) -> None:
    """Write WORK/report: what is known of the published models, and a card of each."""
    from digits_train.data import Data
    from digits_train.report.stage import report as run

    for path in run(Data.load(work), work, models_dir, data_dir):
        console.print(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")


@app.command(name="all")
def everything(  # noqa: PLR0917 (typer hands options over by name)
    config: ConfigOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    name: ModelOption = Model.ALL,
    models_dir: ModelsOption = MODELS_DIR,
    publishing: Annotated[bool, typer.Option("--publish", help="Publish, too.")] = False,
) -> None:
    """Run every stage, the last ones, `publish` and `report`, only when asked to.

    A slower CNN is trained first: with the published one it teaches both models.
    """
    from digits_train.teachers import TEACHER_FILE, predecessor

    data(config, work, data_dir, without_pens)
    pool(config, work, data_dir, without_pens)
    before = predecessor(models_dir, work)
    train(config, work, Model.CNN_TEACHER)
    export(work, Model.CNN_TEACHER)
    train(config, work, name, teacher=[work / TEACHER_FILE, *before])
    export(work, name)
    parity(work, name)
    if "cnn-int8" in name.names:
        quantize(work)
        tflite(work)
    calibrate(work, name)
    evaluate(config, work, name)
    if publishing:
        publish(work, name, models_dir)
        report(work, models_dir, data_dir)


def _config(name: ConfigName) -> Config:
    return CONFIGS[name.value]
