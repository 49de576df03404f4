"""Pictures that are not one digit: the eleventh class.

Each kind ends in the same frame as the digits (20-pixel box, centre of mass)
and goes through the same augmentation, so that only the content tells them
apart. What comes out too near to a digit is left out.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.pens import CANVAS, SIDE, draw, frame, pen_width, smooth, wobble
from digits_train.strokes import Drawn

Pictures = NDArray[np.uint8]
Kind = Callable[[np.random.Generator], Pictures]

LATIN = 4
LATIN_DIGIT_LIKE = "bgijloqsyz"
"""Small letters that people write as they write 0, 1, 2, 4, 5, 6, 9."""

TYPESET = "ACEFHKMNPRVWXYacdefhkmnprtuvwx#$%&?!@+=*<>^~{}"
FONTS = tuple(
    font | slope
    for font in (
        cv2.FONT_HERSHEY_SIMPLEX,
        cv2.FONT_HERSHEY_DUPLEX,
        cv2.FONT_HERSHEY_COMPLEX,
        cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
        cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    )
    for slope in (0, cv2.FONT_ITALIC)
)


def pool(
    count: int, digits: Pictures, characters: Drawn | None, rng: np.random.Generator
) -> Pictures:
    """Make `count` pictures uint8[count, 28, 28] that are not one digit.

    `digits` uint8[N, 28, 28] are real ones: taken apart, put together, and
    what nothing may come near to. `characters` are drawn with the pens.
    """
    shares: list[tuple[float, Kind]] = [
        (0.12, scribble),
        (0.10, typeset),
        (0.20, lambda rng: several(_pick(digits, rng, 2 + (rng.random() < 0.2)), rng)),
        (0.12, lambda rng: cropped(_pick(digits, rng, 1)[0], rng)),
        (0.08, lambda rng: shuffled(_pick(digits, rng, 1)[0], rng)),
        (0.06, lines),
        (0.06, noise),
        (0.04, specks),
    ]
    if characters is not None:
        classes = unlike_digits(characters, digits, rng)
        shares.append((0.40, lambda rng: _character(characters, classes, rng)))
    total = sum(share for share, _ in shares)
    near = Nearness(digits[rng.permutation(len(digits))[:8_000]])
    made: list[Pictures] = []
    for share, kind in shares:
        wanted = max(1, round(count * share / total))
        kept: list[Pictures] = []
        while sum(map(len, kept)) < wanted:
            batch = np.stack([kind(rng) for _ in range(wanted)])
            kept.append(batch[~near.is_digit(batch)])
        made.append(np.concatenate(kept)[:wanted])
    pictures = np.concatenate(made)
    return pictures[rng.permutation(len(pictures))][:count]


class Nearness:
    """Whether a picture is as near to some digit as digits are to each other.

    The distance is Euclidean between blurred, halved pictures of equal energy.
    The threshold is the median of the distances from a digit to the nearest of
    the others, so that half of all unseen digits would count as near.
    """

    def __init__(self, digits: Pictures) -> None:
        features = self._features(digits)
        self._known, unseen = features[: -len(features) // 5], features[-len(features) // 5 :]
        self._threshold = float(np.median(self._distance(unseen)))

    def is_digit(self, pictures: Pictures, reach: float = 1.0) -> NDArray[np.bool_]:
        """bool[N] for uint8[N, 28, 28]; `reach` is a factor on the threshold."""
        return self._distance(self._features(pictures)) < reach * self._threshold

    def _distance(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        # For vectors of length 1 the nearest has the largest dot product.
        parts = np.array_split(features, -(-len(features) // 1_000))
        return np.concatenate([1 - (part @ self._known.T).max(axis=1) for part in parts])

    @staticmethod
    def _features(pictures: Pictures) -> NDArray[np.float32]:
        halved = np.stack(
            [cv2.resize(cv2.GaussianBlur(p, (0, 0), 1), (14, 14), interpolation=cv2.INTER_AREA)
             for p in pictures]
        )  # fmt: skip
        vectors = halved.reshape(len(pictures), -1).astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1.0)


def scribble(rng: np.random.Generator) -> Pictures:
    """One to three wandering strokes that cross themselves."""
    strokes = []
    for _ in range(rng.integers(1, 4)):
        steps = rng.normal(0, 1, (int(rng.integers(5, 14)), 2)).cumsum(axis=0)
        # Half the knots wander, half are anywhere: tangles and zigzags.
        knots = steps if rng.random() < 0.5 else rng.uniform(-2, 2, steps.shape)
        strokes.append(smooth(knots) if rng.random() < 0.7 else knots.astype(np.float32))
    return draw(strokes, pen_width(rng))


def typeset(rng: np.random.Generator) -> Pictures:
    """A letter or sign that no digit looks like, in one of OpenCV's pen-plotter fonts."""
    canvas = np.zeros((2 * CANVAS, 2 * CANVAS), np.uint8)
    sign = TYPESET[rng.integers(len(TYPESET))]
    font = FONTS[rng.integers(len(FONTS))]
    # At size 5 a capital is about 110 pixels high, so the box makes 5.5 of them one.
    thickness = max(1, round(pen_width(rng) * 5.5))
    cv2.putText(canvas, sign, (60, 220), font, 5, 255, thickness, cv2.LINE_AA)
    return frame(canvas)


def several(digits: Pictures, rng: np.random.Generator) -> Pictures:
    """Two or three digits side by side, touching or overlapping, squeezed into one frame."""
    cut = []
    for digit in digits:
        left, top, width, height = cv2.boundingRect(digit)
        cut.append(digit[top : top + height, left : left + width])
    canvas = np.zeros((40, 90), np.uint8)
    x = 2
    for digit in cut:
        y = int(rng.integers(4, 10)) + (20 - digit.shape[0]) // 2
        spot = canvas[y : y + digit.shape[0], x : x + digit.shape[1]]
        np.maximum(spot, digit, out=spot)
        x += max(3, digit.shape[1] + int(rng.integers(-5, 5)))
    return frame(canvas)


def cropped(digit: Pictures, rng: np.random.Generator) -> Pictures:
    """A piece of a digit: about a half to a third, cut straight, enlarged to the frame."""
    left, top, width, height = cv2.boundingRect(digit)
    piece = digit[top : top + height, left : left + width]
    part = rng.uniform(0.3, 0.55)
    axis = int(rng.integers(2))
    size = max(3, round(piece.shape[axis] * part))
    start = int(rng.choice([0, piece.shape[axis] - size]))
    index = slice(start, start + size)
    return frame(piece[index] if axis == 0 else piece[:, index])


def shuffled(digit: Pictures, rng: np.random.Generator) -> Pictures:
    """A digit's patches, 7 or 14 pixels wide, in another order."""
    side = int(rng.choice([7, 14]))
    n = SIDE // side
    patches = digit.reshape(n, side, n, side).swapaxes(1, 2).reshape(n * n, side, side)
    # A derangement by rotation, so that no order is the old one.
    order = (
        np.roll(rng.permutation(n * n), 1) if n > 2 else np.roll(np.arange(4), rng.integers(1, 4))
    )
    mixed = patches[order].reshape(n, n, side, side).swapaxes(1, 2).reshape(SIDE, SIDE)
    return np.ascontiguousarray(mixed)


def lines(rng: np.random.Generator) -> Pictures:
    """Ruled paper, grids, hatching, checks, arrows and crosses: two or more straight strokes."""
    count = int(rng.integers(2, 6))
    if rng.random() < 0.5:
        gap = 2.0 / count
        heights = gap * np.arange(count) - 1
        strokes = [np.array([[-1, height], [1, height]], np.float32) for height in heights]
        if rng.random() < 0.5:
            strokes += [s[:, ::-1].copy() for s in strokes]
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        strokes = [(s @ turn).astype(np.float32) for s in strokes]
    else:
        strokes = [rng.uniform(-1, 1, (2, 2)).astype(np.float32) for _ in range(count + 1)]
    return draw(strokes, pen_width(rng))


def noise(rng: np.random.Generator) -> Pictures:
    """Grain or clouds over the whole picture, of any strength."""
    grain = rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    sigma = rng.uniform(0, 4)
    if sigma > 0.4:
        grain = cv2.GaussianBlur(grain, (0, 0), sigma)
    grain /= grain.std() + 1e-6
    picture = np.clip(rng.uniform(-60, 120) + grain * rng.uniform(20, 120), 0, 255).astype(np.uint8)
    return np.where(picture > 128, 255, 0).astype(np.uint8) if rng.random() < 0.3 else picture


def specks(rng: np.random.Generator) -> Pictures:
    """Nearly nothing: a few dots or blots, which no frame has enlarged."""
    picture = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(rng.integers(1, 8)):
        x, y = (int(v) for v in rng.integers(2, SIDE - 2, 2))
        shade = int(rng.integers(30, 256))
        cv2.circle(picture, (x, y), int(rng.integers(0, 3)), shade, -1, cv2.LINE_AA)
    return picture


def _pick(digits: Pictures, rng: np.random.Generator, count: int) -> Pictures:
    return digits[rng.integers(0, len(digits), count)]


def _character(characters: Drawn, classes: Sequence[int], rng: np.random.Generator) -> Pictures:
    index = classes[int(rng.integers(len(classes)))]
    return draw(wobble(characters.strokes[index], rng), pen_width(rng))


def unlike_digits(characters: Drawn, digits: Pictures, rng: np.random.Generator) -> list[int]:
    """Indices of the characters whose class looks like no digit.

    One drawer's sloppy sample says little, so a class goes when an eighth of
    its drawers wrote something near to a digit; Latin's letters are known.
    """
    near = Nearness(digits[rng.permutation(len(digits))[:8_000]])
    pictures = np.stack([draw(strokes, 2.7) for strokes in characters.strokes])
    is_digit = near.is_digit(pictures)
    kept: list[int] = []
    for label in np.unique(characters.label):
        letter = chr(ord("a") + int(label) % 100 - 1) if label // 100 == LATIN else ""
        members = np.flatnonzero(characters.label == label)
        if is_digit[members].mean() < 0.125 and letter not in [*LATIN_DIGIT_LIKE]:
            kept.extend(int(member) for member in members)
    return kept
