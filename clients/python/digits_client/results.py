"""The results of the command line: rows of a CSV file, objects of JSON, lines for people."""

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from digits_client.answers import Model, Number, Prediction
from digits_client.errors import DigitsError
from digits_client.folder import portable, visible

COLUMNS = (
    "path",
    "prediction",
    "confidence",
    "accepted",
    "reason",
    "error",
    "model",
    "model_version",
)


class Table:
    """A CSV file of answers, one row a picture, in UTF-8.

    `confidence` has four decimals, `accepted` is true or false, `reason` says why
    it is false, and `error` why there is no answer. Of a number, which `reader`
    has read, the rows are apart by "/".
    """

    def __init__(self, file: TextIO, reader: Model | None = None) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(COLUMNS)
        self._reader = (reader.name, reader.version) if reader else ("", "")

    def add(self, path: str, outcome: Prediction | Number | DigitsError) -> None:
        """Write the row of one picture."""
        match outcome:
            case DigitsError():
                row = ["", "", "", "", f"{outcome.reason}: {outcome}", "", ""]
            case Number():
                row = [
                    outcome.text.replace("\n", "/"),
                    f"{outcome.confidence:.4f}",
                    str(outcome.reason is None).lower(),
                    outcome.reason or "",
                    "",
                    *self._reader,
                ]
            case Prediction():
                row = [
                    "" if outcome.digit is None else str(outcome.digit),
                    f"{outcome.confidence:.4f}",
                    str(outcome.accepted).lower(),
                    outcome.reason or "",
                    "",
                    outcome.model,
                    outcome.model_version,
                ]
        self._writer.writerow([portable(path), *row])


@contextmanager
def written(target: str) -> Iterator[TextIO]:
    """Open a text file that takes its name when the block ends well; "-" is stdout.

    Until then it stands beside the target as `NAME.part`, and it is removed when
    the block fails: there is never a half file of that name. Devices and pipes
    are written directly.
    """
    path = Path(target).resolve()
    if target == "-":
        yield sys.stdout
        sys.stdout.flush()
    elif path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    else:
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def answer(outcome: Prediction | DigitsError) -> dict[str, Any]:
    """Return an answer with the REST API's keys; of an error, its reason and text."""
    if isinstance(outcome, DigitsError):
        return {"error": str(outcome), "reason": outcome.reason}
    return {
        "prediction": outcome.digit,
        "confidence": outcome.confidence,
        "probabilities": list(outcome.probabilities),
        "digit_score": outcome.digit_score,
        "accepted": outcome.accepted,
        "reason": outcome.reason,
        "model": outcome.model,
        "model_version": outcome.model_version,
    }


def line(path: str, prediction: Prediction) -> str:
    """Return an answer on one line: the file, the digit, the confidence, a refusal."""
    digit = "-" if prediction.digit is None else prediction.digit
    text = f"{visible(path)}  {digit}  {percent(prediction.confidence)}"
    return text if prediction.accepted else f"{text}  not accepted: {prediction.reason}"


def percent(share: float) -> str:
    """Return a share, 0 to 1, as people write it."""
    return f"{100 * share:.1f} %"
