"""The chapters on what confidence is worth and what is refused."""

from collections.abc import Sequence

import numpy as np
from digits_core.metrics import brier, negative_log_likelihood

from digits_train.answers import Answers
from digits_train.reliability import (
    calibration_band,
    calibration_error,
    from_confidence,
    risk_coverage,
)
from digits_train.report import charts
from digits_train.report.charts import Axis, Series
from digits_train.report.measured import Measured, interval, percent
from digits_train.report.page import Block, Chapter, Figure, Table
from digits_train.report.sets import OWN, Set

BINS = 15
RISKS = (1_000, 200, 100)
LEAST_COVERAGE = 0.8
"""Where the curves of risk begin: the surest four fifths are hardly ever wrong."""
MOST_POINTS = 400
LEAST_IN_BIN = 5
"""Of fewer answers a bin's share says nothing: it is not drawn."""


def calibration(measured: Measured) -> Chapter:
    """Reliability diagrams and the figures that go with them."""
    blocks: list[Block] = [
        (
            "A confidence of 0.9 should be right nine times in ten. The calibration error (ECE, "
            f"{BINS} bins) is the mean gap; the band is where it falls 95 times in 100 for a "
            "perfectly calibrated model with the same confidences (parametric bootstrap). NLL and "
            "Brier score look at all ten probabilities."
        ),
    ]
    rows = []
    for part in _digit_sets(measured):
        for s in measured.subjects:
            answers = measured.answers[s.name, part.name]
            band = calibration_band(answers.confidence)
            labels = np.array(part.shown.labels, int)
            rows.append(
                [
                    part.name,
                    s.label,
                    percent(calibration_error(answers.confidence, answers.right), 3),
                    interval(band.low, band.high),
                    f"{negative_log_likelihood(answers.probabilities, labels):.4f}",
                    f"{brier(answers.probabilities, labels):.4f}",
                ]
            )
    head = ["digits", "model", "ECE", "95 % band", "NLL", "Brier"]
    blocks.append(Table(head, rows, f"Bundles: {measured.bundles}."))
    for part in _digit_sets(measured):
        series = [
            _reliability(s.label, measured.answers[s.name, part.name]) for s in measured.subjects
        ]
        diagonal = Series("perfect", [0, 1], [0, 1])
        blocks.append(
            Figure(
                f"reliability-{part.name.replace(' ', '-').lower()}",
                charts.lines(
                    [*series, diagonal],
                    Axis("mean confidence of the bin", 0, 1),
                    Axis("right", 0, 1, share=True),
                ),
                f"Reliability on {part.name}; bins of fewer than {LEAST_IN_BIN} answers are left "
                f"out. Bundles: {measured.bundles}.",
            )
        )
    return Chapter("What confidence is worth", blocks)


def acting(measured: Measured) -> Chapter:
    """Risk-coverage curves and the table for operators."""
    blocks: list[Block] = [
        (
            "Who accepts only confident answers gets fewer of them and fewer wrong ones. Refused "
            "answers are never accepted, whatever their confidence."
        ),
    ]
    rows = []
    for part in _digit_sets(measured):
        series = []
        for s in measured.subjects:
            answers = measured.answers[s.name, part.name]
            curve = [p for p in risk_coverage(answers.sure, answers.right) if p.confidence > 0]
            curve = [p for p in curve if p.coverage >= LEAST_COVERAGE] or curve[-1:]
            # More points than pixels only make the page heavy; the last, of all answers, stays.
            curve = curve[:: -max(1, len(curve) // MOST_POINTS)][::-1]
            if curve:
                series.append(Series(s.label, [p.coverage for p in curve], [p.risk for p in curve]))
            for risk in RISKS:
                least = s.recognizer.manifest.metrics.get(f"confidence_for_1_in_{risk}")
                if least is not None:
                    point = from_confidence(answers.sure, answers.right, least)
                    accepted = round(point.coverage * len(answers.right))
                    rows.append(
                        [
                            part.name,
                            s.label,
                            f"1 in {risk:,}",
                            f"{least:.4f}",
                            percent(point.coverage),
                            f"{round(point.risk * accepted)} of {accepted:,}",
                        ]
                    )
        if series:
            blocks.append(
                Figure(
                    f"risk-coverage-{part.name.replace(' ', '-').lower()}",
                    charts.lines(
                        series,
                        Axis("accepted", min(one.x[0] for one in series), 1, share=True),
                        Axis("of these wrong", 0, share=True),
                    ),
                    f"Risk against coverage on {part.name}. Bundles: {measured.bundles}.",
                )
            )
    if rows:
        blocks += [
            (
                "For operators: the confidences from which validation's answers were wrong at most "
                "so often, and what accepting from there on gives elsewhere."
            ),
            Table(
                ["digits", "model", "wrong, at most", "from", "auto-accepted", "wrong"],
                rows,
                f"Bundles: {measured.bundles}.",
            ),
        ]
    return Chapter("Acting on confidence", blocks)


def refusing(measured: Measured) -> Chapter:
    """How many non-digits are refused at what price in digits."""
    blocks: list[Block] = [
        (
            "A stricter threshold on confidence refuses more of what is no digit, and more digits. "
            "The dots are the bundles' own thresholds, which look at more than the confidence."
        ),
    ]
    strangers = [p for p in measured.others if "outliers" not in p.name] or measured.others
    for part in _digit_sets(measured):
        curves, dots = [], []
        for s in measured.subjects:
            answers = measured.answers[s.name, part.name]
            others = [measured.answers[s.name, other.name] for other in strangers]
            thresholds = np.append(np.quantile(answers.confidence, np.linspace(0, 0.1, 101)), 1.0)
            curves.append(
                Series(
                    s.label,
                    [float((answers.confidence < t).mean()) for t in thresholds[:-1]],
                    [
                        _mean([float((o.confidence < t).mean()) for o in others])
                        for t in thresholds[:-1]
                    ],
                )
            )
            dots.append(
                Series(
                    f"{s.label}'s own",
                    [answers.refused / len(answers.right)],
                    [_mean([other.refused / len(other.right) for other in others])],
                    points=True,
                )
            )
        blocks.append(
            Figure(
                f"refusal-{part.name.replace(' ', '-').lower()}",
                charts.lines(
                    [*curves, *dots],
                    Axis(f"refused of {part.name}", 0, 0.1, share=True),
                    Axis("refused of non-digits", 0.5, 1, share=True),
                ),
                "Mean over these sets of non-digits: "
                f"{', '.join(p.name for p in strangers)}. Bundles: {measured.bundles}.",
            )
        )
    return Chapter("What is refused", blocks)


def _digit_sets(measured: Measured) -> list[Set]:
    """MNIST and, where there are some, people's digits."""
    own = measured.named(OWN)
    return [measured.test, own] if own else [measured.test]


def _reliability(name: str, answers: Answers) -> Series:
    bin_of = np.minimum((answers.confidence * BINS).astype(int), BINS - 1)
    filled = [b for b in range(BINS) if (bin_of == b).sum() >= LEAST_IN_BIN]
    return Series(
        name,
        [float(answers.confidence[bin_of == b].mean()) for b in filled],
        [float(answers.right[bin_of == b].mean()) for b in filled],
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
