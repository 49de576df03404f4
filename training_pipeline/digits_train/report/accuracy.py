"""The chapters on what the models get right."""

from itertools import combinations

import numpy as np

from digits_train.answers import Answers
from digits_train.report import charts
from digits_train.report.measured import Measured, interval, percent, wilson
from digits_train.report.page import Block, Chapter, Figure, Table
from digits_train.report.sets import OWN
from digits_train.statistics import bootstrap_interval, mcnemar

DIGITS = [f"{digit}" for digit in range(10)]


def accuracy(measured: Measured) -> Chapter:
    """Right answers by set, kind and source."""
    rows = [
        [part.name, s.label, *_counts(measured.answers[s.name, part.name])]
        for part in measured.digits
        for s in measured.subjects
    ]
    head = ["digits", "model", "n", "right", "95 %", "errors", "refused", "accepted, wrong"]
    others = [
        [
            part.name,
            s.label,
            f"{len(answers.right):,}",
            percent(answers.refused / len(answers.right)),
            wilson(answers.refused, len(answers.right)),
            f"{len(answers.right) - answers.refused:,}",
        ]
        for part in measured.others
        for s in measured.subjects
        for answers in [measured.answers[s.name, part.name]]
    ]
    return Chapter(
        "Right and wrong",
        [
            (
                "Every answer counts, accepted or not; an undecodable picture is an error. The "
                "thresholds of acceptance are those of the bundles. Intervals are Wilson's."
            ),
            Table(head, rows, f"Bundles: {measured.bundles}."),
            "What is no digit should be refused.",
            Table(
                ["not digits", "model", "n", "refused", "95 %", "accepted"],
                others,
                f"Bundles: {measured.bundles}.",
            ),
        ],
    )


def people(measured: Measured) -> Chapter:
    """Digits that people sent, by group, with the sources drawn anew."""
    chapter = Chapter("Digits that people sent")
    part = measured.named(OWN)
    if part is None:
        chapter.blocks.append("Not measured: the set was not at hand.")
        return chapter
    sources = part.groups["source_repository"]
    rows = []
    for s in measured.subjects:
        answers = measured.answers[s.name, part.name]
        groups = [("all", np.ones(len(sources), bool))]
        groups += [
            (f"{column} {value}", part.groups[column] == value)
            for column in ("kind", "fold")
            for value in np.unique(part.groups[column])
        ]
        for name, chosen in groups:
            right = answers.right[chosen]
            low, high = bootstrap_interval(right, sources[chosen])
            rows.append(
                [
                    name,
                    s.label,
                    f"{len(right)}",
                    f"{len(np.unique(sources[chosen]))}",
                    percent(float(right.mean())),
                    interval(low, high),
                    f"{int((~right).sum())}",
                ]
            )
        each = [float(answers.right[sources == source].mean()) for source in np.unique(sources)]
        rows.append(
            [
                "mean over sources",
                s.label,
                f"{len(sources)}",
                f"{len(each)}",
                percent(float(np.mean(each))),
                "",
                f"sources with errors: {sum(share < 1 for share in each)}",
            ]
        )
    chapter.blocks.extend(
        [
            (
                "Canvas drawings, scans and photos from many sources. Pictures of a source share "
                "pen, paper and camera, so the intervals come from drawing whole sources anew "
                "(bootstrap). The pictures are not ours to show: they appear as figures alone."
            ),
            Table(
                ["group", "model", "n", "sources", "right", "95 %", "errors"],
                rows,
                f"Bundles: {measured.bundles}.",
            ),
        ]
    )
    return chapter


def comparison(measured: Measured) -> Chapter:
    """Model against model on the same pictures."""
    rows = []
    for part in measured.digits:
        for one, other in combinations(measured.subjects, 2):
            first, second = (
                measured.answers[subject.name, part.name].right for subject in (one, other)
            )
            alone, other_alone = int((first & ~second).sum()), int((second & ~first).sum())
            rows.append(
                [
                    part.name,
                    f"{one.label} / {other.label}",
                    f"{int((first & second).sum()):,}",
                    f"{alone}",
                    f"{other_alone}",
                    f"{int((~first & ~second).sum())}",
                    _p(mcnemar(alone, other_alone)),
                ]
            )
    return Chapter(
        "Model against model",
        [
            (
                "On how many pictures both are right, one alone, or neither. McNemar's exact test "
                "asks how probable so uneven a split is between equally good models."
            ),
            Table(
                ["digits", "models", "both", "first alone", "second alone", "neither", "p"],
                rows,
                f"Bundles: {measured.bundles}.",
            ),
        ],
    )


def confusion(measured: Measured) -> Chapter:
    """Which digit is taken for which, on MNIST's test images."""
    blocks: list[Block] = []
    part = measured.test
    for s in measured.subjects:
        answers = measured.answers[s.name, part.name]
        labels = np.array(part.shown.labels, int)
        # An answer without a digit has a column of its own, the eleventh.
        columns = np.where(answers.digits < 0, 10, answers.digits)
        counts = np.zeros((10, 11), int)
        np.add.at(counts, (labels, columns), 1)
        blocks.append(
            Figure(
                f"confusion-{s.name}",
                charts.matrix(counts, DIGITS, [*DIGITS, "none"]),
                f"{s.label} ({s.digest[:12]}) on {len(labels):,} test images: "
                f"{answers.errors} errors.",
            )
        )
    return Chapter("Which digit is taken for which", blocks)


def _counts(answers: Answers) -> list[str]:
    total = len(answers.right)
    hits = total - answers.errors
    return [
        f"{total:,}",
        percent(hits / total),
        wilson(hits, total),
        f"{answers.errors:,}",
        f"{answers.refused:,}",
        f"{answers.wrongly_accepted:,}",
    ]


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"
