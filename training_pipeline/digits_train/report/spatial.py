"""The chapter on what a CNN sees that an MLP does not."""

from collections.abc import Mapping, Sequence
from typing import Any

from digits_train.report import charts
from digits_train.report.charts import Axis, Series
from digits_train.report.measured import percent
from digits_train.report.page import Block, Chapter, Figure, Table

Lesson = Mapping[str, Any]


def spatial(found: Mapping[str, Any] | None) -> Chapter:
    """Both models against shift, training-set size and permuted pixels; `found` is why.json."""
    if found is None:
        return Chapter("Why a CNN", ["Not measured: run `digits-train why` first."])
    lessons = list(found["lessons"].values())
    models = list(dict.fromkeys(lesson["model"] for lesson in lessons))
    most = max(lesson["pictures"] for lesson in lessons)
    seconds = sum(lesson["seconds"] for lesson in lessons) + found["tutorial"]["seconds"]
    opening = (
        "Both models are trained anew on MNIST as it is, without normalising, augmentation, "
        f"pens or outliers, so that only what they are built of differs. They see {most:,} "
        "pictures each at most and end below the published models. These trainings took "
        f"{seconds / 60:.0f} minutes on the machine that ran them."
    )
    plain = [lesson for lesson in lessons if not lesson["permuted"]]
    return Chapter(
        "Why a CNN",
        [opening, *_sizes(plain, models), *_shifts(plain, models), *_orders(lessons, models)],
    )


def _sizes(lessons: Sequence[Lesson], models: Sequence[str]) -> list[Block]:
    sizes = sorted({lesson["size"] for lesson in lessons})
    found = {(model, size): _right(lessons, model, size) for model in models for size in sizes}
    rows = [
        [
            f"{size:,}",
            *(_mean_and_extremes(found[model, size]) for model in models),
            f"{len(found[models[0], size])}",
        ]
        for size in sizes
    ]
    series = [Series(model, sizes, [_mean(found[model, s]) for s in sizes]) for model in models]
    return [
        "How many digits they need to learn from:",
        Table(
            ["digits", *models, "trainings each"],
            rows,
            "Right on the test images: the mean and, of several trainings, the extremes.",
        ),
        Figure(
            "why-size",
            charts.lines(
                series,
                Axis("digits to learn from", logarithmic=True),
                Axis("right on the test images", share=True),
            ),
            "Right on the test images, by the number of digits to learn from.",
        ),
    ]


def _shifts(lessons: Sequence[Lesson], models: Sequence[str]) -> list[Block]:
    shifted = {lesson["model"]: lesson["shifted"] for lesson in lessons if "shifted" in lesson}
    pixels = range(len(shifted[models[0]]))
    return [
        "What they make of digits that lie elsewhere, having seen only centred ones:",
        Table(
            ["moved by", *models],
            [[f"{by} px", *(percent(shifted[model][by]) for model in models)] for by in pixels],
            "Right on the test images, each moved up, down, left or right.",
        ),
        Figure(
            "why-shift",
            charts.lines(
                [Series(model, list(pixels), shifted[model]) for model in models],
                Axis("moved by, pixels"),
                Axis("right on the test images", 0, 1, share=True),
            ),
            "Right on the test images, by how far these are moved.",
        ),
    ]


def _orders(lessons: Sequence[Lesson], models: Sequence[str]) -> list[Block]:
    mixed = [lesson for lesson in lessons if lesson["permuted"]]
    size = mixed[0]["size"]
    plain = [lesson for lesson in lessons if not lesson["permuted"]]
    return [
        (
            "What is left when the pixels of all pictures, of training and of test, are in one "
            "and the same wrong order. An MLP never knew which pixels touch, so nothing changes "
            "for it; a CNN is built on that:"
        ),
        Table(
            ["pixels", *models],
            [
                [name, *(percent(_mean(_right(part, model, size))) for model in models)]
                for name, part in (("in order", plain), ("permuted", mixed))
            ],
            f"Right on the test images, after {size:,} digits.",
        ),
    ]


def _right(lessons: Sequence[Lesson], model: str, size: int) -> list[float]:
    return [le["accuracy"] for le in lessons if (le["model"], le["size"]) == (model, size)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _mean_and_extremes(values: Sequence[float]) -> str:
    mean = percent(_mean(values))
    if len(values) == 1:
        return mean
    return f"{mean} ({100 * min(values):.2f} - {100 * max(values):.2f})"
