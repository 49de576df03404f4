"""How often the published models are right by set and group, asked over gRPC as any client asks.

Needs DIGITS_DATA_DIR; prints Markdown. Every answer counts, whether it was
accepted or not, and an error counts as wrong. Intervals are Wilson's, 95 %.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pictures
from digits_client import Client, ImageError, Prediction
from digits_core import metrics
from numpy.typing import NDArray
from serving import origin, own_server

Outcome = Prediction | ImageError
Line = tuple[str, ...]


class Report:
    """Collects rows of three tables and prints them as Markdown."""

    def __init__(self) -> None:
        self.digits: list[Line] = []
        self.others: list[Line] = []
        self.notes: list[str] = []

    def score(
        self, model: str, name: str, outcomes: Sequence[Outcome], labels: Sequence[int | None]
    ) -> None:
        """Add a row for pictures of digits."""
        right = [_digit(o) == label for o, label in zip(outcomes, labels, strict=True)]
        accepted = [_accepted(o) for o in outcomes]
        wrongly = sum(a and not r for a, r in zip(accepted, right, strict=True))
        refused = len(outcomes) - sum(accepted)
        self.digits.append(
            (model, name, *_share(sum(right), len(right)), f"{refused}", f"{wrongly}")
        )

    def refusals(self, model: str, name: str, outcomes: Sequence[Outcome]) -> None:
        """Add a row for pictures of anything else."""
        refused = sum(not _accepted(outcome) for outcome in outcomes)
        self.others.append((model, name, *_share(refused, len(outcomes))))

    def print(self) -> None:
        _print_table(
            ("model", "digits", "n", "right", "95 %", "refused", "accepted, wrong"), self.digits
        )
        _print_table(("model", "not digits", "n", "refused", "95 %"), self.others)
        for note in self.notes:
            print(f"- {note}")


def measure_mnist(client: Client, model: str, data: Path, report: Report) -> None:
    """Score the 10,000 test images as values, as files, and as pictures of other sizes."""
    images, labels = pictures.mnist_test(data)
    with ThreadPoolExecutor(4) as pool:
        as_pixels = list(pool.map(lambda image: client.predict(pixels=image, model=model), images))
    as_files = client.predict_batch(map(pictures.png, images), model)
    as_sent = client.predict_batch(pictures.enlarged(images), model)
    report.score(model, "MNIST test, pixels", as_pixels, labels)
    report.score(model, "MNIST test, PNG", as_files, labels)
    report.score(model, "MNIST test, enlarged", as_sent, labels)
    differ = sum(_digit(a) != _digit(b) for a, b in zip(as_files, as_sent, strict=True))
    report.notes.append(f"{model}: {differ} of the enlarged answers differ from the PNG's")
    eleven = np.array([_eleven(answer) for answer in as_pixels])
    report.notes.append(
        f"{model}, MNIST test as pixels: "
        f"ECE (15 bins) {metrics.expected_calibration_error(eleven, labels):.2%}, "
        f"NLL {metrics.negative_log_likelihood(eleven, labels):.4f}"
    )


def measure_own_digits(client: Client, model: str, data: Path, report: Report) -> None:
    """Score the pictures that people sent, all and by group."""
    own = pictures.own_digits(data)
    outcomes = client.predict_batch(own.pictures, model)
    report.score(model, "own_digits", outcomes, own.labels)
    for column in ("kind", "fold"):
        groups = own.groups[column]
        for group in sorted(set(groups)):
            chosen = [index for index, other in enumerate(groups) if other == group]
            report.score(
                model,
                f"own_digits, {group}",
                [outcomes[index] for index in chosen],
                [own.labels[index] for index in chosen],
            )


def measure_chars74k(client: Client, model: str, data: Path, report: Report) -> None:
    """Score the digits of Chars74K, and count its letters that are refused."""
    digits = pictures.chars74k_digits(data)
    report.score(model, "Chars74K", client.predict_batch(digits.pictures, model), digits.labels)
    letters = pictures.chars74k_letters(data)
    report.refusals(model, "Chars74K letters", client.predict_batch(letters.pictures, model))


def measure_usps(client: Client, model: str, data: Path, report: Report) -> None:
    """Score USPS."""
    usps = pictures.usps(data)
    report.score(model, "USPS, 16 x 16", client.predict_batch(usps.pictures, model), usps.labels)


def measure_non_digits(client: Client, model: str, data: Path, report: Report) -> None:
    """Count what is refused of letters, symbols, noise and objects."""
    others = pictures.non_digits(data)
    outcomes = client.predict_batch(others.pictures, model)
    report.refusals(model, "non_digits", outcomes)
    for groups in others.groups.values():
        for group in sorted(set(groups)):
            chosen = [o for o, other in zip(outcomes, groups, strict=True) if other == group]
            report.refusals(model, f"non_digits, {group}", chosen)


SETS: dict[str, Callable[[Client, str, Path, Report], None]] = {
    "mnist": measure_mnist,
    "own_digits": measure_own_digits,
    "chars74k": measure_chars74k,
    "usps": measure_usps,
    "non_digits": measure_non_digits,
}


def main() -> None:
    """Measure the chosen sets with the chosen models and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("DIGITS_DATA_DIR"))
    parser.add_argument(
        "--sets", nargs="+", choices=SETS, default=list(SETS), metavar="SET", help=", ".join(SETS)
    )
    parser.add_argument("--models", nargs="+", default=["cnn", "mlp"], metavar="NAME")
    chosen = parser.parse_args()
    if chosen.data_dir is None:
        parser.error("name the folder of the data with --data-dir or DIGITS_DATA_DIR")
    report = Report()
    with own_server() as server, Client(server.address) as client:
        print(origin(server.address))
        for model in chosen.models:
            for name in chosen.sets:
                SETS[name](client, model, chosen.data_dir, report)
    report.print()


def _digit(outcome: Outcome) -> int | None:
    return None if isinstance(outcome, ImageError) else outcome.digit


def _accepted(outcome: Outcome) -> bool:
    return isinstance(outcome, Prediction) and outcome.accepted


def _eleven(answer: Prediction) -> NDArray[np.float64]:
    """Return the model's own scores: ten digits and "not one digit", summing to 1."""
    return np.append(np.array(answer.probabilities) * answer.digit_score, 1 - answer.digit_score)


def _share(hits: int, total: int) -> tuple[str, str, str]:
    low, high = metrics.wilson_interval(hits, total)
    return f"{total:,}", f"{hits / total:.2%}", f"{low:.2%} - {high:.2%}"


def _print_table(head: Line, rows: list[Line]) -> None:
    if rows:
        for row in (head, ("---",) * len(head), *rows):
            print(f"| {' | '.join(row)} |")
        print()


if __name__ == "__main__":
    main()
