"""Taking the paper away: what differs from its surroundings is ink."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]
Histogram: TypeAlias = NDArray[np.float64]

# The paper is smooth: this many pixels tell its shading.
_SMALL_SIDE = 36
# A neighbourhood of so many pixels of a smaller copy tells the paper round characters.
_NEIGHBOURHOOD = 13
# Flat paper (a canvas, a scan) lies within so many grey levels of one value over at least this
# share of the picture; a larger deviation may be shading and wants the large median.
_FLAT = 2
_FLAT_SHARE = 0.6
# Ink on the other side of the paper's grey with at least this share of the power may be the digit.
_OTHER_SIDE = 0.45
# Noise above this share of the contrast tears strokes apart: it is smoothed first.
_NOISY = 0.15
# Ink that covers more than this share of the picture may be paper of another brightness.
_COVERED = 0.28
# The ends of a column lie within this share of its length. Ink that takes up a tenth of two borders
# or more is a tight crop's rather than written on bands.
_END = 0.11
_AT_BORDER = 0.1
# This share of the ink is denser than what counts as full.
_FULL = 0.1
_LEVELS = np.arange(256, dtype=np.float64)
_SQUARES = _LEVELS**2


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of a picture.

    `density` is uint8[H, W], the difference from the paper in grey levels, 0
    where there is none; `threshold` parts it into paper and ink; `contrast` is
    the mean density of the ink above the mean of the paper, `full` the density
    that a tenth of the ink lies above, `share` the part of the picture that is ink.
    """

    density: Grey
    threshold: float
    contrast: float
    full: float
    share: float


def find_inks(picture: Grey) -> list[Ink]:
    """Tell the ink of a grey picture from its paper, whichever is darker.

    The paper is the median of a large neighbourhood of each pixel, so shadows
    and shading go with it. Ink is on the side where the deviations are heavier;
    where that is not plain, what else could be the ink comes after it.
    """
    level = _flat(_histogram(picture), picture.size)
    paper = _median(picture) if level is None else np.full_like(picture, level)
    sides = cv2.subtract(picture, paper), cv2.subtract(paper, picture)
    lighter, darker = (cv2.norm(side, cv2.NORM_L2SQR) for side in sides)
    first, other = (sides[1], sides[0]) if darker >= lighter else sides
    inks = [_part(first)]
    if inks[0].share > _COVERED and not _is_cropped(bands := _on_bands(picture)):
        inks.append(bands)
    if min(lighter, darker) > _OTHER_SIDE * max(lighter, darker):
        inks.append(_part(other))
    return inks


def find_ink(
    picture: Grey,
    beside: Grey | None = None,
    around: float | None = None,
    *,
    lesser: bool = False,
) -> Ink:
    """Tell the ink of a grey picture of several characters from its paper.

    The paper is the median of a window so many pixels wide, `around`, in which
    strokes should be the lesser part; None for one as large as the picture. The
    smaller it is, the more of shadows and of what lies under the sheet goes with
    it. Where the mask `beside` uint8[H, W] is 255 there is no ink. `lesser` takes the
    side of the paper's grey where the deviations are not the heavier ones.
    """
    level = _flat(_histogram(picture), picture.size)
    if level is None:
        paper = _median(picture) if around is None else _paper_around(picture, around)
    else:
        paper = np.full_like(picture, level)
    sides = cv2.subtract(picture, paper), cv2.subtract(paper, picture)
    if beside is not None:
        sides = cv2.subtract(sides[0], beside), cv2.subtract(sides[1], beside)
    lighter, darker = (cv2.norm(side, cv2.NORM_L2SQR) for side in sides)
    return _part(sides[int((darker >= lighter) != lesser)])


def darkest(ink: Ink) -> Ink:
    """The same with a threshold that parts the ink itself: ruled lines are paler than strokes."""
    counts = _histogram(ink.density)
    counts[: int(ink.threshold) + 1] = 0
    if not counts.any():
        return ink
    within, _ = _otsu(ink.density, counts)
    return replace(ink, threshold=max(ink.threshold, within.threshold))


def _on_bands(picture: Grey) -> Ink:
    """The ink where the paper changes in upright or level bands, as under a blind's shadow.

    The paper of each column, or row, is what lies at its two ends; ink differs
    from it to either side. Of the two, that with less ink is the better.
    """
    upright = cv2.absdiff(picture, _ends(picture))
    level = cv2.absdiff(picture, np.ascontiguousarray(_ends(picture.T).T))
    return min(map(_part, (upright, level)), key=lambda ink: ink.share)


def _is_cropped(ink: Ink) -> bool:
    """Whether the picture's borders cut through the ink, two of them at least."""
    mask = cv2.compare(ink.density, ink.threshold, cv2.CMP_GT)
    borders = mask[0], mask[-1], mask[:, 0], mask[:, -1]
    cut = [cv2.countNonZero(border) > _AT_BORDER * len(border) for border in borders]
    return sum(cut) > 1


def _ends(picture: Grey) -> Grey:
    """Each column's median near the upper and the lower border, uint8[H, W]."""
    depth = max(1, round(_END * len(picture)))
    ends = np.concatenate([picture[:depth], picture[-depth:]])
    return np.tile(np.median(ends, axis=0).astype(np.uint8), (len(picture), 1))


def _part(density: Grey) -> Ink:
    """Part density uint8[H, W] at Otsu's threshold (1979)."""
    ink, noise = _otsu(density, _histogram(density))
    if noise > _NOISY * ink.contrast:
        smooth = cv2.GaussianBlur(density, (3, 3), 0)
        ink, _ = _otsu(smooth, _histogram(smooth))
    return ink


def _otsu(density: Grey, counts: Histogram) -> tuple[Ink, float]:
    """The ink above Otsu's threshold of a histogram, and the standard deviation below it."""
    below = counts.cumsum()
    sums = (counts * _LEVELS).cumsum()
    above = below[-1] - below
    # Where one class is empty its mean is of no weight.
    low = sums / np.maximum(below, 1)
    distance = (sums[-1] - sums) / np.maximum(above, 1) - low
    level = int((below * above * distance * distance).argmax())
    if not below[level] * above[level]:
        return Ink(density, 0.0, 0.0, 0.0, 0.0), 0.0
    squares = float(counts[: level + 1] @ _SQUARES[: level + 1] / below[level])
    noise = max(0.0, squares - float(low[level]) ** 2) ** 0.5
    full = float(below.searchsorted(density.size - _FULL * above[level]))
    share = float(above[level]) / density.size
    return Ink(density, float(level), float(distance[level]), full, share), noise


def _histogram(picture: Grey) -> Histogram:
    """How many pixels have each of the 256 grey levels."""
    # Counting pixel after pixel of one level takes longest: what is plain all round is left out.
    plain = int(picture[0, 0])
    part = _within(picture, plain) if picture[-1, -1] == plain else picture
    counts = cv2.calcHist([part], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    counts[plain] += picture.size - part.size
    return counts


def _within(picture: Grey, plain: int) -> Grey:
    """The part of a picture, one pixel at least, round which all is `plain`."""
    marks = cv2.absdiff(picture, np.full_like(picture, plain)) if plain else picture
    left, top, width, height = cv2.boundingRect(marks)
    return picture[top : top + max(1, height), left : left + max(1, width)]


def _flat(counts: Histogram, pixels: int) -> int | None:
    """The grey level of flat paper, None where there is none."""
    below = counts.cumsum()
    level = int(below.searchsorted(pixels / 2))
    darker = below[level - _FLAT - 1] if level > _FLAT else 0
    return level if below[min(level + _FLAT, 255)] - darker >= _FLAT_SHARE * pixels else None


def _median(picture: Grey) -> Grey:
    """The paper's brightness, uint8[H, W]: a large median of a small copy."""
    factor = -(-max(picture.shape) // _SMALL_SIDE)
    # As large as the picture, beyond whose border its edge goes on: in a smaller window the
    # bold strokes of a tight crop pass for paper.
    return _smooth(picture, factor, max(picture.shape) // factor)


def _paper_around(picture: Grey, around: float) -> Grey:
    """The paper's brightness, uint8[H, W]: the median so many pixels `around`."""
    factor = max(1, int(around / _NEIGHBOURHOOD))
    return _smooth(picture, factor, round(around / factor))


def _smooth(picture: Grey, factor: int, window: int) -> Grey:
    """The median over `window` pixels of a copy smaller by `factor`, at the picture's size."""
    height, width = picture.shape
    size = max(1, width // factor), max(1, height // factor)
    whole = picture[: size[1] * factor, : size[0] * factor]
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(small, window // 2 * 2 + 1)
    return cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
