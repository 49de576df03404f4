"""What the published models must show on digits, at home and away, in one table.

Needs DIGITS_DATA_DIR; prints Markdown. Everything runs in this process through
`digits_core.Recognizer`, with the thresholds of the manifests, and every answer
counts: an undecodable picture is an error. `--only` names the parts to run.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pictures
from digits_core.bundle import MODELS_DIR
from digits_train.answers import Answers
from digits_train.corruptions import NAMES
from digits_train.reliability import calibration_band, calibration_error, from_confidence
from exam import Exam
from rows import HEAD, RULES, Row, markdown, summary
from serving import machine

OPERATORS = "operators"
OPERATORS_HEAD = ("model", "wrong, at most", "confidence from", "set", "auto-accepted", "wrong")
RISKS = (1_000, 200, 100)


def own_digits(exam: Exam) -> Iterator[Row]:
    """The pictures that people sent."""
    groups = pictures.own_digits(exam.data).groups
    cnn, name = exam.answers("cnn", "own_digits"), "own_digits, cnn"
    n = len(cnn.right)
    yield Row(f"{name}: errors", n, cnn.errors, 6, 3, most=True)
    yield Row(f"{name}: accepted and wrong", n, cnn.wrongly_accepted, 3, 1, most=True)
    yield Row(f"{name}: refused", n, cnn.refused, 10, 6, most=True)
    for column, group in (("kind", "photo"), ("fold", "check")):
        part = cnn.where(np.array(groups[column]) == group)
        yield Row(f"{name}, {group}: errors", len(part.right), part.errors, 3, 1, most=True)
    sources = np.array(groups["source_repository"])
    mean = float(np.mean([cnn.right[sources == source].mean() for source in np.unique(sources)]))
    yield Row(f"{name}: mean over sources", len(np.unique(sources)), mean, 0.985, 0.993)
    yield Row(
        "own_digits, mlp: errors", n, exam.answers("mlp", "own_digits").errors, 12, 7, most=True
    )


def non_digits(exam: Exam) -> Iterator[Row]:
    """What nobody takes for a digit."""
    parts = [exam.answers("cnn", name) for name in ("non_digits", "chars74k letters")]
    total, refused = (sum(len(a.right) for a in parts), sum(a.refused for a in parts))
    yield Row("clear non-digits, cnn: refused", total, refused / total, 0.92, 0.97)
    for name, part in zip(("non_digits", "Chars74K letters"), parts, strict=True):
        yield Row(f"- {name}", len(part.right), part.refused / len(part.right))


def mnist(exam: Exam) -> Iterator[Row]:
    """The 10,000 test images, as values and as PNG files."""
    for model, least, aim in (("cnn", 0.9970, 0.9977), ("mlp", 0.994, 0.9955)):
        answers, what = exam.answers(model, "mnist"), f"MNIST test, {model}"
        metrics = exam.models[model].manifest.metrics
        if runs := round(metrics.get("mnist_test_runs", 0)):
            mean = metrics["mnist_test_accuracy_mean"]
            yield Row(f"{what}, mean of {runs} seeds", len(answers.right), mean, least, aim)
            yield _right("- the published one", answers)
        else:
            yield _right(f"{what}, one seed", answers, least, aim)
        yield _right(f"- as PNG files, {model}", exam.answers(model, "mnist files"))
    for name in ("mnist", "mnist files"):
        answers = exam.answers("cnn", name)
        what = {"mnist": "values", "mnist files": "PNG files"}[name]
        share = answers.refused / len(answers.right)
        yield Row(
            f"MNIST test as {what}, cnn: refused", len(answers.right), share, 0.003, most=True
        )


def small(exam: Exam) -> Iterator[Row]:
    """The quantised CNN against the one it was made from."""
    if "cnn-int8" in exam.models:
        one, other = (exam.answers(model, "mnist").digits for model in ("cnn", "cnn-int8"))
        differ = int((one != other).sum())
        yield Row("MNIST test, cnn-int8: other answers than cnn", len(one), differ, 5, 2, most=True)


def abroad(exam: Exam) -> Iterator[Row]:
    """Digits from elsewhere."""
    tablet = exam.answers("cnn", "chars74k")
    yield Row("Chars74K digits, cnn: errors", len(tablet.right), tablet.errors, 2, 0, most=True)
    yield _right("USPS, cnn", exam.answers("cnn", "usps"), 0.996, 0.998)
    yield _right("pen drawings of unseen writers, cnn", exam.answers("cnn", "pens"), 0.99, 0.996)


def corruptions(exam: Exam) -> Iterator[Row]:
    """MNIST's test images after each of the fifteen corruptions, then normalised."""
    found = {name: exam.corrupted("cnn", name) for name in NAMES}
    shares = [float(answers.right.mean()) for answers in found.values()]
    total = sum(len(answers.right) for answers in found.values())
    yield Row("fifteen corruptions, cnn: mean", total, float(np.mean(shares)), 0.975, 0.99)
    for name, answers in found.items():
        yield _right(f"- {name}", answers)


def calibration(exam: Exam) -> Iterator[Row]:
    """The calibration error, at most what a perfectly calibrated model's would be by chance.

    Of `confidence`, and of the answered digit's `probabilities`, which are
    given that it is a digit.
    """
    for model in ("cnn", "mlp"):
        for name in ("mnist", "own_digits"):
            answers = exam.answers(model, name)
            for what, sure in (
                ("confidence", answers.confidence),
                ("probability", answers.probabilities.max(axis=1)),
            ):
                band = calibration_band(sure)
                label = {"mnist": "MNIST test", "own_digits": "own_digits"}[name]
                yield Row(
                    f"ECE of {what}, {model}, {label} (95 % band from {band.low:.3%})",
                    len(sure),
                    calibration_error(sure, answers.right),
                    band.high,
                    most=True,
                    decimals=3,
                )


def empty(exam: Exam) -> Iterator[Row]:
    """Blanks, noises and textures."""
    for model in ("cnn", "mlp"):
        answers = exam.answers(model, "empty")
        accepted = len(answers.right) - answers.refused
        yield Row(
            f"blanks, noises, textures, {model}: accepted",
            len(answers.right),
            accepted,
            10,
            0,
            most=True,
        )


def faint(exam: Exam) -> Iterator[Row]:
    """The palest pencil."""
    answers = exam.answers("cnn", "faint")
    share = float((answers.accepted & answers.right).mean())
    yield Row("faintest pencil, cnn: accepted and right", len(answers.right), share, 0.95)


PARTS: dict[str, Callable[[Exam], Iterator[Row]]] = {
    "own": own_digits,
    "non-digits": non_digits,
    "mnist": mnist,
    "int8": small,
    "abroad": abroad,
    "corruptions": corruptions,
    "calibration": calibration,
    "empty": empty,
    "faint": faint,
}


def operators(exam: Exam) -> list[tuple[str, ...]]:
    """What auto-accepting from the manifests' confidences on gives, a line a risk and set."""
    lines = []
    for model, recognizer in exam.models.items():
        metrics = recognizer.manifest.metrics
        for risk in RISKS:
            least = metrics.get(f"confidence_for_1_in_{risk}")
            for name in ("mnist", "own_digits") if least is not None else ():
                answers = exam.answers(model, name)
                point = from_confidence(answers.sure, answers.right, least)
                wrong = round(point.risk * point.coverage * len(answers.right))
                lines.append(
                    (
                        model,
                        f"1 in {risk:,}",
                        f"{least:.4f}",
                        name,
                        f"{point.coverage:.2%}",
                        f"{wrong}",
                    )
                )
    return lines


def main() -> None:
    """Measure the chosen parts and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("DIGITS_DATA_DIR"))
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR)
    parts = [*PARTS, OPERATORS]
    parser.add_argument(
        "--only", nargs="+", choices=parts, default=parts, metavar="PART", help=", ".join(parts)
    )
    chosen = parser.parse_args()
    if chosen.data_dir is None:
        parser.error("name the folder of the data with --data-dir or DIGITS_DATA_DIR")
    cv2.setNumThreads(1)
    exam = Exam(Path(chosen.data_dir), chosen.models_dir)
    print(f"{machine()}; models: {exam.digests()}\n")
    rows = [row for part, measure in PARTS.items() if part in chosen.only for row in measure(exam)]
    if rows:
        print(markdown(HEAD, RULES, [row.cells() for row in rows]))
        print(f"\n{summary(rows)}\n")
    if OPERATORS in chosen.only and (points := operators(exam)):
        print(markdown(OPERATORS_HEAD, ("---",) * len(OPERATORS_HEAD), points))


def _right(
    what: str, answers: Answers, least: float | None = None, aim: float | None = None
) -> Row:
    return Row(what, len(answers.right), float(answers.right.mean()), least, aim)


if __name__ == "__main__":
    main()
