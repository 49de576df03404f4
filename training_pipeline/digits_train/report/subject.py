"""A published bundle as a report looks at it."""

from dataclasses import dataclass
from pathlib import Path

from digits_core import Recognizer
from digits_core.bundle import recognizers


@dataclass(frozen=True, slots=True)
class Subject:
    """A bundle in its recogniser, and the folder that it lies in."""

    recognizer: Recognizer
    folder: Path

    @property
    def name(self) -> str:
        return self.recognizer.name

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.recognizer.version}"

    @property
    def digest(self) -> str:
        """SHA-256 of the model file."""
        return self.recognizer.manifest.digest


def load(models_dir: Path) -> list[Subject]:
    """The newest version of every published model. Raises `BundleError`."""
    return [
        Subject(Recognizer.load(name, models_dir), folder)
        for name, folder in recognizers(models_dir).items()
    ]
