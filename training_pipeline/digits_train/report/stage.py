"""The stage itself: measures, then writes the pages."""

import json
import logging
from pathlib import Path

from digits_core import Reader
from digits_core.bundle import READER, published

from digits_train.data import Data
from digits_train.report import page
from digits_train.report.accuracy import accuracy, comparison, confusion, people
from digits_train.report.cards import card, reader_card
from digits_train.report.confidence import acting, calibration, refusing
from digits_train.report.making import bundles, learning
from digits_train.report.measured import Measured
from digits_train.report.numbers import numbers
from digits_train.report.robustness import robustness
from digits_train.report.sets import load as load_sets
from digits_train.report.spatial import spatial
from digits_train.report.subject import load as load_subjects

log = logging.getLogger(__name__)

TITLE = "digits: what the models can do"


def report(data: Data, work: Path, models_dir: Path, data_dir: Path | None) -> list[Path]:
    """Write the report on the published models into `work`/report and return its files.

    index.html is whole in itself, README.md shows the files in pictures/, and
    each model has a NAME.card.md. Sets that are not in `data_dir` and trainings
    that `work` does not hold are left out and named. Raises `BundleError` when a
    published model cannot be loaded.
    """
    subjects = load_subjects(models_dir)
    log.info("asking %s", ", ".join(subject.label for subject in subjects))
    measured = Measured.ask(subjects, load_sets(data, data_dir))
    why = work / "why.json"
    found = json.loads(why.read_text("utf-8")) if why.is_file() else None
    tutorial = found["tutorial"]["corruptions"] if found and "tutorial" in found else None
    reader = Reader.load(models_dir) if READER in published(models_dir) else None
    strings = numbers(reader, data)
    chapters = [
        bundles(subjects, work),
        accuracy(measured),
        people(measured),
        comparison(measured),
        confusion(measured),
        calibration(measured),
        acting(measured),
        refusing(measured),
        robustness(subjects, data, work, tutorial),
        learning([subject.name for subject in subjects], work),
        spatial(found if tutorial else None),
        strings,
    ]
    folder = work / "report"
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for figure in page.figures(chapters):
        figure.write(pictures)
    written = {
        "index.html": page.html(TITLE, chapters),
        "README.md": page.markdown(TITLE, chapters, pictures.name),
        **{f"{s.name}.card.md": card(s, measured) for s in subjects},
    }
    if reader:
        written[f"{reader.name}.card.md"] = reader_card(reader, strings)
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in written]
