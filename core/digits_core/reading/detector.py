"""The net that finds characters on a page."""

from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from digits_core.bundle import Bundle, ReaderManifest
from digits_core.errors import BundleError, CoreError
from digits_core.image import Page
from digits_core.image.page import HEIGHT, STRIDE

CLASSES = 11
"""Ten digits and "no digit"."""

CHANNELS = 1 + CLASSES + 4
"""A cell's values: presence, the classes, the box."""

# Two boxes that share this much of their union, or of the smaller one, are of one character.
_SAME = 0.35
_WITHIN = 0.75
# Cells beyond these are noise: no picture within the limits holds as many characters.
_MOST_CELLS = 6_000


@dataclass(frozen=True, slots=True)
class Character:
    """Something that stands on a page.

    `left`, `top`, `right`, `bottom` are in pixels of the page, `presence` is the
    probability that there is a character, `logits` float32[11] say which, ten
    digits and "no digit".
    """

    left: float
    top: float
    right: float
    bottom: float
    presence: float
    logits: NDArray[np.float32]

    @property
    def width(self) -> float:
        """In pixels of the page."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels of the page."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """Of the box, from the left and from the top."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class Detector:
    """Finds characters with a published reader. Raises `BundleError` when it does not fit."""

    def __init__(self, bundle: Bundle[ReaderManifest], *, threads: int = 1) -> None:
        self._manifest = bundle.manifest
        self._session = _open(bundle, threads)

    def find(self, page: Page, least: float) -> list[Character]:
        """The characters of a page whose presence is at least so probable, the surest first.

        Raises `CoreError` when the model answers with something that is no number.
        """
        image = page.pixels[None].astype(np.float32) / np.float32(255)
        (cells,) = self._session.run([self._manifest.output], {self._manifest.input: image})
        if not np.isfinite(cells).all():
            raise CoreError("the reader answered with values that are no numbers")
        return characters(cells[0], least)


def characters(cells: NDArray[np.float32], least: float) -> list[Character]:
    """The characters that cells float32[h, w, 16] speak of, the surest first.

    A cell holds the logit of presence, those of the eleven classes, and the
    box: the middle's offset from the cell's in cells, the logarithms of width
    and height over `HEIGHT`.
    """
    presence = 1 / (1 + np.exp(-cells[..., 0]))
    rows, columns = np.nonzero(presence >= least)
    order = presence[rows, columns].argsort()[::-1][:_MOST_CELLS]
    rows, columns = rows[order], columns[order]
    chosen = cells[rows, columns].astype(np.float64)
    middles = np.stack([columns, rows], 1) + 0.5 + chosen[:, -4:-2]
    sizes = HEIGHT * np.exp(np.clip(chosen[:, -2:], -3, 3))
    boxes = np.concatenate([middles * STRIDE - sizes / 2, middles * STRIDE + sizes / 2], 1)
    found = []
    for place in _apart(boxes):
        left, top, right, bottom = boxes[place].tolist()
        cell = rows[place], columns[place]
        logits = cells[cell][1 : 1 + CLASSES]
        found.append(Character(left, top, right, bottom, float(presence[cell]), logits))
    return found


def _apart(boxes: NDArray[np.float64]) -> list[int]:
    """Of boxes float64[N, 4] in order of rank those that no better one takes the place of."""
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    free = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if not free[i]:
            continue
        kept.append(i)
        low = np.maximum(boxes[i, :2], boxes[:, :2])
        high = np.minimum(boxes[i, 2:], boxes[:, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        union = areas + areas[i] - shared
        free &= (shared < _SAME * union) & (shared < _WITHIN * np.minimum(areas, areas[i]))
    return kept


def _open(bundle: Bundle[ReaderManifest], threads: int) -> onnxruntime.InferenceSession:
    manifest = bundle.manifest
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            bundle.model, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's own errors share no public base class
        raise BundleError(f"onnxruntime cannot load {manifest.name}: {error}") from error
    inputs = {node.name: node.shape for node in session.get_inputs()}
    outputs = {node.name: node.shape for node in session.get_outputs()}
    fits = (
        list(inputs) == [manifest.input]
        and len(inputs[manifest.input]) == 3
        and manifest.output in outputs
        and outputs[manifest.output][3:] == [CHANNELS]
    )
    if not fits:
        raise BundleError(
            f"the model {manifest.name} takes {inputs} and gives {outputs}; it must take "
            f"{manifest.input} [N, H, W] and give {manifest.output} [N, H/4, W/4, {CHANNELS}]"
        )
    return session
