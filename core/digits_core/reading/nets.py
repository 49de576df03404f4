"""The two nets of a published reader: one finds characters, the other looks closely at each."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from digits_core.bundle import Bundle, ReaderManifest
from digits_core.errors import BundleError, CoreError
from digits_core.image import Page
from digits_core.image.page import STRIDE
from digits_core.reading.close_ups import NOTHING, SIDE, close_ups, whitened
from digits_core.reading.detector import CHANNELS, Character, characters
from digits_core.session import Shapes, open_session, shapes

ANSWERS = NOTHING + 1
"""What the refiner tells apart: ten digits, no digit, nothing."""

# What is shown to the refiner at once: more would only take memory.
_TOGETHER = 128

Values = NDArray[np.float32]


class Nets:
    """Both nets, which lie side by side in one file. Raises `BundleError` when it does not fit.

    Each is asked while the other is shown nothing.
    """

    def __init__(self, bundle: Bundle[ReaderManifest], *, threads: int = 1) -> None:
        self._manifest = bundle.manifest
        self._session = _open(bundle, threads)

    def find(self, pixels: NDArray[np.uint8], least: float) -> list[Character]:
        """The characters of a page's pixels uint8[H, W] that are at least so likely there.

        The surest come first; of more than `MOST_CHARACTERS` there is one too many.
        Raises `CoreError` when the model answers with something that is no number.
        """
        image = pixels[None].astype(np.float32) / np.float32(255)
        cells = self._ask(self._manifest.output, image, np.zeros((0, SIDE, SIDE), np.float32))
        return characters(cells[0], least)

    def refine(self, page: Page, found: Sequence[Character]) -> Values:
        """What close-ups of the characters show, float32[N, 12] logits.

        Ten digits, no digit, and nothing that has its middle there. Raises
        `CoreError` when the model answers with something that is no number.
        """
        shown = whitened(close_ups(page.pixels, np.array([c.box for c in found]).reshape(-1, 4)))
        images = shown.astype(np.float32) / np.float32(255)
        nothing = np.zeros((0, STRIDE, STRIDE), np.float32)
        answers = [
            self._ask(self._manifest.refiner_output, nothing, images[start : start + _TOGETHER])
            for start in range(0, len(images), _TOGETHER)
        ]
        return np.concatenate([np.zeros((0, ANSWERS), np.float32), *answers])

    def _ask(self, output: str, pages: Values, shown: Values) -> Values:
        manifest = self._manifest
        values: Values
        (values,) = self._session.run(
            [output], {manifest.input: pages, manifest.refiner_input: shown}
        )
        if not np.isfinite(values).all():
            raise CoreError(f"the model {manifest.name} answered with values that are no numbers")
        return values


def _open(bundle: Bundle[ReaderManifest], threads: int) -> onnxruntime.InferenceSession:
    manifest = bundle.manifest
    session = open_session(manifest.name, bundle.model, threads)
    inputs, outputs = shapes(session)
    if not (_finds(manifest, inputs, outputs) and _refines(manifest, inputs, outputs)):
        raise BundleError(
            f"the model {manifest.name} takes {inputs} and gives {outputs}; it must take "
            f"{manifest.input} [N, H, W] and give {manifest.output} [N, H/4, W/4, {CHANNELS}], "
            f"and take {manifest.refiner_input} [M, {SIDE}, {SIDE}] and give "
            f"{manifest.refiner_output} [M, {ANSWERS}]"
        )
    return session


def _finds(manifest: ReaderManifest, inputs: Shapes, outputs: Shapes) -> bool:
    page = inputs.get(manifest.input, [])
    return (
        set(inputs) == {manifest.input, manifest.refiner_input}
        and len(page) == 3
        and not any(isinstance(side, int) for side in page[1:])
        and outputs.get(manifest.output, [])[3:] == [CHANNELS]
    )


def _refines(manifest: ReaderManifest, inputs: Shapes, outputs: Shapes) -> bool:
    shown = inputs.get(manifest.refiner_input, [])
    return shown[1:] == [SIDE, SIDE] and outputs.get(manifest.refiner_output, [])[1:] == [ANSWERS]
