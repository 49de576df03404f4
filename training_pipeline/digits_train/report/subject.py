"""A published bundle as a report looks at it."""

from dataclasses import dataclass
from pathlib import Path

from digits_core import Recognizer
from digits_core.bundle import recognizers


@dataclass(frozen=True, slots=True)
class Subject:
    """A bundle in its recogniser."""

    recognizer: Recognizer

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
        return self.recognizer.bundle.manifest.digest


def load(models_dir: Path) -> list[Subject]:
    """The newest version of every published model. Raises `BundleError`."""
    return [Subject(Recognizer.load(name, models_dir)) for name in recognizers(models_dir)]
