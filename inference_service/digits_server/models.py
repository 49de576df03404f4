"""The models that the server answers with."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from digits_core import Reader, Recognizer
from digits_core.bundle import (
    READER,
    Bundle,
    Manifest,
    ReaderManifest,
    default_model,
    published,
)
from digits_core.errors import BundleError, ModelNotFound

from digits_server.errors import NotReady, NotSupported

logger = structlog.get_logger(__name__)

_ELSEWHERE = "let DIGITS_MODELS_DIR name the folder with the published models"

M = TypeVar("M", Recognizer, Reader)


@dataclass(frozen=True, slots=True)
class Broken:
    """A published model that did not load; `error` says why, for people."""

    name: str
    version: str
    error: str


class Models:
    """Loads every published model and finds them by name; the reader stands apart.

    Empty until `load` has run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._models: dict[str, Recognizer | Broken] = {}
        self._reader: Reader | Broken | None = None
        self.default = ""

    def load(self) -> None:
        """Verify, warm up and check each model against its canaries, in the order of the names.

        A model that fails is kept as `Broken` beside the good ones. Raises
        `BundleError` when there is no good one to recognise a digit, or the default
        is not among them that are published.
        """
        try:
            folders = published(self._folder)
        except BundleError as error:
            raise BundleError(f"{error}: {_ELSEWHERE}") from error
        if not folders:
            raise BundleError(f"{self._folder}: no model is published here: {_ELSEWHERE}")
        default = default_model(self._folder)
        reader = folders.pop(READER, None)
        if default not in folders:
            raise BundleError(f"{self._folder}: the default model {default!r} is not published")
        models = {name: _load(name, folder) for name, folder in sorted(folders.items())}
        errors = [model.error for model in models.values() if isinstance(model, Broken)]
        if len(errors) == len(models):
            raise BundleError(f"{self._folder}: no model can be served: {'; '.join(errors)}")
        self._reader = _load_reader(reader, models[default]) if reader else None
        self._models, self.default = models, default

    def get(self, name: str) -> Recognizer:
        """The model of that name, or the default one for an empty name.

        Raises `ModelNotFound` or, for a model that did not load, `NotReady`.
        """
        model = self._models.get(name or self.default)
        if name == READER and self._reader is not None:
            raise ModelNotFound(
                f"the model {READER!r} reads numbers: call ReadNumber, or ask "
                f"{' or '.join(self._models)}"
            )
        if model is None:
            raise ModelNotFound(f"there is no model {name[:64]!r}: ask {' or '.join(self._models)}")
        if isinstance(model, Broken):
            raise NotReady(f"the model {model.name!r} did not load: ask another one")
        return model

    def reader(self) -> Reader:
        """The model that reads numbers.

        Raises `NotSupported` where none is published, `NotReady` where it did not load.
        """
        if self._reader is None:
            raise NotSupported(
                "this server has no reader model: publish one, or cut the number into digits"
            )
        if isinstance(self._reader, Broken):
            raise NotReady("the reader did not load: cut the number into digits")
        return self._reader

    @property
    def counter(self) -> Reader | None:
        """The reader where there is one that can be asked."""
        return self._reader if isinstance(self._reader, Reader) else None

    def __iter__(self) -> Iterator[Recognizer | Reader | Broken]:
        """All of them, in the order of their names."""
        several = [*self._models.values(), *([self._reader] if self._reader else [])]
        return iter(sorted(several, key=lambda model: model.name))


def _load(name: str, folder: Path) -> Recognizer | Broken:
    try:
        # One thread a call: two made the median of batches three times worse under load.
        model = Recognizer(Bundle.read(folder, Manifest), threads=1)
        if model.name != name:
            raise BundleError(f"the bundle {folder} is that of another model, {model.name!r}")
    except Exception as error:  # noqa: BLE001  # whatever one bundle holds, the others are served
        return _refused(name, folder, error)
    return _loaded(model)


def _load_reader(folder: Path, default: Recognizer | Broken) -> Reader | Broken:
    """The reader, which shows the default model what stands alone."""
    try:
        if isinstance(default, Broken):
            raise BundleError(f"the default model {default.name!r}, which it asks, did not load")
        model = Reader(Bundle.read(folder, ReaderManifest), default, threads=1)
    except Exception as error:  # noqa: BLE001  # whatever one bundle holds, the others are served
        return _refused(READER, folder, error)
    return _loaded(model)


def _refused(name: str, folder: Path, error: Exception) -> Broken:
    logger.error("model_refused", model=name, path=str(folder), cause=str(error))
    # For clients, who have no business with the server's paths.
    return Broken(name, folder.name, str(error).replace(str(folder), f"{name}/{folder.name}"))


def _loaded(model: M) -> M:
    logger.info(
        "model_loaded", model=model.name, version=model.version, digest=model.manifest.digest
    )
    return model
