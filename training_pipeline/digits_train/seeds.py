"""Stage `seeds`: runs of one model that differ in the seed alone, and the one to go on with."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from digits_train import reports
from digits_train.curriculum import Curriculum
from digits_train.errors import StageMissing, WorkFolderMismatch
from digits_train.export import trained
from digits_train.train import Figures, accuracies, logits, right

KEPT = ("weights.h5", "train.json", "curves.json")


def run_of(model_name: str, seed: int) -> str:
    """What the files of a run with this seed are called in the work folder: "cnn.seed-21"."""
    return f"{model_name}.seed-{seed}"


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its shares on the validation pictures and of the test digits read right."""

    name: str
    validation: Figures
    test: float

    @property
    def score(self) -> float:
        """The mean of the validation shares, by which runs are ranked."""
        return float(np.mean(list(self.validation.values())))


def compare(model_name: str, curriculum: Curriculum, work: Path) -> list[Run]:
    """Measure every seed's run in `work`, the best on validation first.

    Raises `StageMissing` without any, `WorkFolderMismatch` when they differ in more
    than the seed.
    """
    files = sorted(work.glob(f"{model_name}.seed-*.weights.h5"))
    names = [path.name.removesuffix(".weights.h5") for path in files]
    if not names:
        raise StageMissing(
            f"{work} has no run of {model_name} with a seed of its own: "
            f"run `digits-train train --model {model_name} --seed 21` first"
        )
    one, *others = [(name, _configuration(name, work)) for name in names]
    for name, configuration in others:
        keys = [key for key in one[1] | configuration if one[1].get(key) != configuration.get(key)]
        if keys:
            raise WorkFolderMismatch(
                f"{name} was trained otherwise than {one[0]} ({', '.join(keys)}): their mean says "
                f"nothing; move the files of one of them out of {work}"
            )
    return sorted((_measured(name, curriculum, work) for name in names), key=lambda run: -run.score)


def choose(runs: list[Run], model_name: str, work: Path) -> None:
    """Make the first run the model's: later stages find `work`/MODEL.weights.h5.

    What all of them reach goes to `work`/MODEL.seeds.json.
    """
    for suffix in KEPT:
        part = work / f"{model_name}.{suffix}.part"
        shutil.copyfile(work / f"{runs[0].name}.{suffix}", part)
        part.replace(work / f"{model_name}.{suffix}")
    reports.write_runs(work, model_name, [run.test for run in runs])


def _configuration(name: str, work: Path) -> dict[str, Any]:
    """What a run was made with, but for its seed."""
    config: dict[str, Any] = json.loads((work / f"{name}.train.json").read_text("utf-8"))["config"]
    return {key: value for key, value in config.items() if key != "seed"}


def _measured(name: str, curriculum: Curriculum, work: Path) -> Run:
    model = trained(name, work)
    data = curriculum.data
    test = right(logits(model, data.test), data.test_labels)
    return Run(name, accuracies(model, curriculum), test)


def summary(runs: list[Run]) -> Table:
    """A line a run, then the mean and the spread of the test accuracy."""
    tests = np.array([run.test for run in runs])
    spread = f" \u00b1 {tests.std(ddof=1):.2%}" if len(runs) > 1 else ""
    table = Table("run", "validation", "test", caption=f"test {tests.mean():.2%}{spread}")
    for run in runs:
        table.add_row(run.name, f"{run.score:.3%}", f"{run.test:.2%}")
    return table
