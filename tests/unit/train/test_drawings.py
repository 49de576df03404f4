"""Our own digits, which canary and golden pictures are made of."""

import subprocess
import sys

import numpy as np
import pytest
from digits_core import prepare
from digits_core.image import decode
from digits_train.drawings import STYLES, drawing, png, strokes


@pytest.mark.parametrize("style", range(STYLES))
@pytest.mark.parametrize("digit", range(10))
def test_every_digit_is_one_group_on_its_paper(digit: int, style: int) -> None:
    """Ink and paper have the grey levels asked for, and it is one digit to the normaliser."""
    picture = drawing(digit, style, ink=40, paper=230)

    assert (int(picture.min()), int(picture.max())) == (40, 230)
    assert prepare(picture).digit_count == 1


def test_all_drawings_differ() -> None:
    """Ten digits in each style: no two drawings are the same."""
    drawn = {drawing(digit, style).tobytes() for digit in range(10) for style in range(STYLES)}

    assert len(drawn) == 10 * STYLES


def test_strokes_stay_in_their_box() -> None:
    """No curve leaves the 100 x 140 box by more than a few units."""
    points = np.concatenate(
        [stroke for digit in range(10) for style in (0, 1) for stroke in strokes(digit, style)]
    )

    assert points.min() > -5
    assert points[:, 0].max() < 105
    assert points[:, 1].max() < 145


def test_place_and_size() -> None:
    """`fill` sets the height, `at` the middle."""
    picture = drawing(1, side=200, pen=4, fill=0.3, at=(0.25, 0.7))

    rows, columns = np.nonzero(picture < 100)
    assert np.ptp(rows) == pytest.approx(0.3 * 200, abs=6)
    assert rows.mean() == pytest.approx(0.7 * 200, abs=2)
    assert columns.mean() == pytest.approx(0.25 * 200, abs=2)


def test_png_is_lossless() -> None:
    """The PNG file decodes to the very picture."""
    picture = drawing(5, 1)

    assert np.array_equal(decode(png(picture)), picture)


@pytest.mark.parametrize(
    "module", ["drawings", "pens", "augment", "non_digits", "data", "plan", "mnist", "pool", "cli"]
)
def test_imports_without_tensorflow(module: str) -> None:
    """What needs no TensorFlow does not import it: others use the drawings, and help is quick."""
    code = (
        f"import digits_train.{module}, sys; "
        "sys.exit(bool({'tensorflow', 'keras'} & sys.modules.keys()))"
    )

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
