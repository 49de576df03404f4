"""The chapter on fifteen corruptions of MNIST's test images, normalised and not."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from digits_core import prepare
from digits_core.image import NORMALIZER_VERSION

from digits_train.answers import Answers, Shown
from digits_train.corruptions import NAMES, corrupted
from digits_train.data import Data
from digits_train.report.measured import percent
from digits_train.report.page import Chapter, Figure, Table
from digits_train.report.subject import Subject

log = logging.getLogger(__name__)

AKIN = {
    "motion blur": "shaken camera",
    "shear": "sheared by up to 0.15",
    "scale": "scaled by up to 15 %",
    "rotate": "turned by up to 12 degrees",
    "brightness": "paper of any grey",
    "translate": "moved by up to 2 px",
    "fog": "uneven light",
}
"""What training's pictures go through that is of a corruption's kind. None is applied itself."""

PATHS = ("normalised", "as they are")
SHOWN = 12


def robustness(
    subjects: Sequence[Subject], data: Data, work: Path, tutorial: Mapping[str, float] | None
) -> Chapter:
    """A table of the shares of right answers, and what the models saw.

    `tutorial` are those of a tutorial's CNN, by corruption, if it was trained.
    """
    found = shares(subjects, data, work)
    rows = []
    for name, by_model in found.items():
        row = [name, AKIN.get(name, "nothing")]
        for s in subjects:
            row += [percent(by_model[s.name][path]) for path in PATHS]
        rows.append([*row, percent(tutorial[name])] if tutorial else row)
    means = ["mean", ""]
    for s in subjects:
        means += [
            percent(float(np.mean([values[s.name][path] for values in found.values()])))
            for path in PATHS
        ]
    if tutorial:
        means.append(percent(float(np.mean([tutorial[name] for name in found]))))
    head = [
        "corruption",
        "akin in training",
        *(f"{s.label}, {path}" for s in subjects for path in PATHS),
    ]
    bundles = ", ".join(f"{s.label} ({s.digest[:12]})" for s in subjects)
    return Chapter(
        "Fifteen corruptions",
        [
            (
                f"MNIST's {len(data.test):,} test images after each corruption of MNIST-C (Mu and "
                "Gilmer 2019) at its published strength, once sent as a picture, which is "
                "normalised, once as values, which are not. Training applies none of them; what is "
                "of the same kind there is named."
            ),
            Table(
                [*head, *(["tutorial CNN, as they are"] if tutorial else [])],
                [*rows, means],
                f"Bundles: {bundles}. Normaliser {NORMALIZER_VERSION}."
                + ("" if tutorial else " The tutorial CNN is trained by `digits-train why`."),
            ),
            Figure(
                "corruptions",
                sheet(data, subjects[0]),
                f"Each corruption on {SHOWN} test images, and beside each the 28 x 28 that "
                f"{subjects[0].label} read. From above: {', '.join(NAMES)}.",
            ),
        ],
    )


def shares(
    subjects: Sequence[Subject], data: Data, work: Path
) -> dict[str, dict[str, dict[str, float]]]:
    """Each corruption's shares of right answers: by corruption, model and path.

    Kept in `work`/robustness.json, so that a second report asks only new bundles.
    """
    path = work / "robustness.json"
    known: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}
    result: dict[str, dict[str, dict[str, float]]] = {}
    for name in NAMES:
        keys = {
            s.name: f"{name}, {s.digest}, {len(data.test)}, {NORMALIZER_VERSION}" for s in subjects
        }
        missing = [s for s in subjects if keys[s.name] not in known]
        if missing:
            log.info("%s: asking %s", name, ", ".join(s.label for s in missing))
            images = corrupted(name, data.test)
            as_file = Shown.pictures(zip(images, data.test_labels.tolist(), strict=True))
            as_is = Shown.values(images, data.test_labels.tolist())
            for subject in missing:
                known[keys[subject.name]] = {
                    "normalised": _right(subject, as_file),
                    "as they are": _right(subject, as_is),
                }
            path.write_text(json.dumps(known, indent=2) + "\n", "utf-8")
        result[name] = {s.name: known[keys[s.name]] for s in subjects}
    return result


def sheet(data: Data, subject: Subject) -> bytes:
    """A PNG file: a row a corruption, each digit corrupted and, beside it, as `subject` read it."""
    rows = []
    for name in NAMES:
        images = corrupted(name, data.test[:SHOWN])
        answers = subject.recognizer.recognize([prepare(image) for image in images])
        pairs = [
            np.hstack([image, np.zeros((28, 1), np.uint8), answer.normalized])
            for image, answer in zip(images, answers, strict=True)
        ]
        rows.append(np.hstack([np.pad(pair, 2, constant_values=128) for pair in pairs]))
    large = cv2.resize(np.vstack(rows), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".png", large)[1].tobytes()


def _right(subject: Subject, shown: Shown) -> float:
    return float(Answers.ask(subject.recognizer, shown).right.mean())
