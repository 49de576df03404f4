"""The command `digits-train reader`: a subcommand a stage, over one work folder."""

# TensorFlow takes seconds to import, and most stages do without:
# ruff: noqa: PLC0415

from enum import StrEnum
from typing import Annotated

import typer
from digits_core.bundle import MODELS_DIR
from rich.console import Console

from digits_train.fonts import FOLDER as FONTS
from digits_train.options import (
    WORK,
    DataOption,
    FontsOption,
    ModelsOption,
    PensOption,
    WorkOption,
)

app = typer.Typer(no_args_is_help=True, help="Train the reader of numbers, a stage a command.")
console = Console(highlight=False)


class CourseName(StrEnum):
    """The courses."""

    FULL = "full"
    SMOKE = "smoke"


CourseOption = Annotated[CourseName, typer.Option("--config", help="What to train, and how long.")]
FULL = CourseName.FULL


@app.command()
def tiles(  # noqa: PLR0917 (typer hands options over by name)
    config: CourseOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    fonts_dir: FontsOption = FONTS,
    processes: Annotated[int, typer.Option(min=1, help="How many make pictures.")] = 2,
) -> None:
    """Make pieces of pages and where characters stand, WORK/tiles-vN; goes on."""
    from digits_train.reading.course import COURSES
    from digits_train.reading.tiles import make

    course = COURSES[config]
    make(
        course.tiles,
        course.seed,
        work,
        data_dir,
        fonts_dir,
        with_pens=not without_pens,
        processes=processes,
    )


@app.command()
def train(config: CourseOption = FULL, work: WorkOption = WORK) -> None:
    """Train the detector, WORK/detector.weights.h5; goes on from the last checkpoint."""
    from digits_train.reading.course import COURSES
    from digits_train.reading.finding import train

    train(COURSES[config], work)


@app.command()
def close_ups(  # noqa: PLR0917 (typer hands options over by name)
    config: CourseOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    fonts_dir: FontsOption = FONTS,
    processes: Annotated[int, typer.Option(min=1, help="How many make pictures.")] = 2,
) -> None:
    """Make close-ups of what the detector finds, WORK/close-ups-vN; goes on."""
    from digits_train.reading.course import COURSES
    from digits_train.reading.samples import make

    course = COURSES[config]
    make(
        course.pictures,
        course.seed,
        work,
        data_dir,
        fonts_dir,
        with_pens=not without_pens,
        processes=processes,
    )


@app.command()
def refine(config: CourseOption = FULL, work: WorkOption = WORK) -> None:
    """Train the refiner, WORK/refiner.weights.h5; goes on from the last checkpoint."""
    from digits_train.reading.course import COURSES
    from digits_train.reading.refining import train

    train(COURSES[config], work)


@app.command()
def export(work: WorkOption = WORK) -> None:
    """Write both nets to WORK/reader.onnx and see that it answers as Keras does."""
    from digits_train.reading.exporting import check, export

    path = export(work)
    difference = check(work)
    console.print(f"{path}: {path.stat().st_size:,} bytes, largest difference {difference:.1e}")


@app.command()
def fit(  # noqa: PLR0917 (typer hands options over by name)
    config: CourseOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    fonts_dir: FontsOption = FONTS,
    models_dir: ModelsOption = MODELS_DIR,
) -> None:
    """Fit the thresholds and the confidence on validation pages."""
    from digits_train.reading.course import COURSES
    from digits_train.reading.fitting import fit

    found = fit(COURSES[config], work, data_dir, fonts_dir, models_dir, with_pens=not without_pens)
    for name, value in found.items():
        console.print(f"{name:16} {value}")


@app.command()
def publish(work: WorkOption = WORK, models_dir: ModelsOption = MODELS_DIR) -> None:
    """Publish the reader as the next version of its bundle."""
    from digits_train.reading.publishing import publish

    console.print(f"published {publish(work, models_dir)}")


@app.command(name="all")
def everything(  # noqa: PLR0917 (typer hands options over by name)
    config: CourseOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    fonts_dir: FontsOption = FONTS,
    models_dir: ModelsOption = MODELS_DIR,
    publishing: Annotated[bool, typer.Option("--publish", help="Publish, too.")] = False,
) -> None:
    """Run every stage, `publish` only when asked to. Draws on the digits of WORK/data.npz."""
    tiles(config, work, data_dir, without_pens, fonts_dir)
    train(config, work)
    close_ups(config, work, data_dir, without_pens, fonts_dir)
    refine(config, work)
    export(work)
    fit(config, work, data_dir, without_pens, fonts_dir, models_dir)
    if publishing:
        publish(work, models_dir)
