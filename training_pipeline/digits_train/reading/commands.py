"""The command `digits-train reader`: a subcommand a stage, over one work folder."""

# TensorFlow takes seconds to import, and most stages do without:
# ruff: noqa: PLC0415

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from digits_train.reading.course import Course

app = typer.Typer(no_args_is_help=True, help="Train the reader of numbers, a stage a command.")
console = Console(highlight=False)


class CourseName(StrEnum):
    """The courses."""

    FULL = "full"
    SMOKE = "smoke"


CourseOption = Annotated[CourseName, typer.Option("--config", help="What to train, and how long.")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="Another training, in a work folder of its own.")
]
BesideOption = Annotated[
    list[Path],
    typer.Option(
        "--beside",
        exists=True,
        file_okay=False,
        help="A work folder or a published reader: the nets of all answer together.",
    ),
]
FULL = CourseName.FULL
NOTHING: list[Path] = []


@app.command()
def tiles(  # noqa: PLR0917 (typer hands options over by name)
    config: CourseOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    fonts_dir: FontsOption = FONTS,
    processes: Annotated[int, typer.Option(min=1, help="How many make pictures.")] = 2,
    seed: SeedOption = None,
) -> None:
    """Make pieces of pages and where characters stand, WORK/tiles-vN; goes on."""
    from digits_train.reading.tiles import make

    course = _course(config, seed)
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
def train(config: CourseOption = FULL, work: WorkOption = WORK, seed: SeedOption = None) -> None:
    """Train the detector, WORK/detector.weights.h5; goes on from the last checkpoint."""
    from digits_train.reading.finding import train

    train(_course(config, seed), work)


@app.command()
def adopt(
    work: WorkOption = WORK,
    models_dir: ModelsOption = MODELS_DIR,
    both: Annotated[
        bool, typer.Option("--both", help="Its refiner, too: to fit a published reader anew.")
    ] = False,
) -> None:
    """Take over the published reader's detector instead of training one, WORK/detector.onnx."""
    from digits_core.bundle import READER, find

    from digits_train.reading.exporting import adopt
    from digits_train.reading.joining import DETECTOR, HALVES

    folder = find(READER, models_dir)
    for half in HALVES if both else [DETECTOR]:
        console.print(f"{adopt(work, folder, half)}: that of {folder}")


@app.command()
def close_ups(  # noqa: PLR0917 (typer hands options over by name)
    config: CourseOption = FULL,
    work: WorkOption = WORK,
    data_dir: DataOption = None,
    without_pens: PensOption = False,
    fonts_dir: FontsOption = FONTS,
    processes: Annotated[int, typer.Option(min=1, help="How many make pictures.")] = 2,
    seed: SeedOption = None,
) -> None:
    """Make close-ups of what the detector finds, WORK/close-ups-vN; goes on."""
    from digits_train.reading.samples import make

    course = _course(config, seed)
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
def refine(config: CourseOption = FULL, work: WorkOption = WORK, seed: SeedOption = None) -> None:
    """Train the refiner, WORK/refiner.weights.h5; goes on from the last checkpoint."""
    from digits_train.reading.refining import train

    train(_course(config, seed), work)


@app.command()
def export(work: WorkOption = WORK, beside: BesideOption = NOTHING) -> None:
    """Write both nets to WORK/reader.onnx and see that it answers as Keras does."""
    from digits_train.reading.exporting import export
    from digits_train.reading.parity import check

    path = export(work, beside)
    difference = check(work, beside)
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
    from digits_train.reading.fitting import fit

    found = fit(_course(config), work, data_dir, fonts_dir, models_dir, with_pens=not without_pens)
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
    seed: SeedOption = None,
    beside: BesideOption = NOTHING,
) -> None:
    """Run every stage, `publish` only when asked to. Draws on the digits of WORK/data.npz."""
    tiles(config, work, data_dir, without_pens, fonts_dir, seed=seed)
    train(config, work, seed)
    close_ups(config, work, data_dir, without_pens, fonts_dir, seed=seed)
    refine(config, work, seed)
    export(work, beside)
    fit(config, work, data_dir, without_pens, fonts_dir, models_dir)
    if publishing:
        publish(work, models_dir)


def _course(name: CourseName, seed: int | None = None) -> "Course":
    from digits_train.reading.course import COURSES

    course = COURSES[name]
    return course if seed is None else replace(course, seed=seed)
