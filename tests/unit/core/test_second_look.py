"""Two looks at a page, and what they make together."""

import math
from dataclasses import replace
from unittest.mock import create_autospec

import numpy as np
import pytest
from digits_core.image import Page, lay_out
from digits_core.image.page import MOST_PIXELS, STRIDE
from digits_core.reading import MOST_CHARACTERS
from digits_core.reading.detector import Character
from digits_core.reading.nets import Nets
from digits_core.reading.second_look import look_again

from tests.readers import SEVEN, bars

LEAST = 0.04
TALL = 22


def character(
    left: float, presence: float, height: float = 2 * TALL, *, digit: int = SEVEN
) -> Character:
    """One that stands 40 pixels from the top and is half as wide as high."""
    logits = np.zeros(11, np.float32)
    logits[digit] = 4
    return Character(left, 40, left + height / 2, 40 + height, presence, logits)


def of_the_copy(one: Character) -> Character:
    """The same on a copy of half the size."""
    return Character(*(side / 2 for side in one.box), one.presence, one.logits)


@pytest.fixture
def page() -> Page:
    """A page of two bars."""
    page = lay_out(bars((40, 30), (90, 30)))
    assert page is not None
    return page


def nets(*found: Character) -> Nets:
    """Nets that find these on whatever they are shown."""
    seen: Nets = create_autospec(Nets, instance=True)
    seen.find.return_value = list(found)  # type: ignore[attr-defined]
    return seen


def test_what_both_find(page: Page) -> None:
    """The box lies between theirs, and so do the odds; what is likelier for one is so for both."""
    second = of_the_copy(character(12, 0.6, digit=1))

    (both,) = look_again(nets(second), page, [character(10, 0.5)], LEAST)

    assert both.box == pytest.approx((11, 40, 33, 84))
    assert math.log(both.presence / (1 - both.presence)) == pytest.approx(math.log(1.5) / 2)
    assert both.logits[SEVEN] == pytest.approx(both.logits[1])
    assert both.logits[SEVEN] > both.logits[0]


def test_what_one_finds(page: Page) -> None:
    """It is there, but less likely, whichever look it was; the surest comes first."""
    first, second = character(100, 0.5), of_the_copy(character(10, 0.9))

    found = look_again(nets(second), page, [first], LEAST)

    assert [each.box[0] for each in found] == pytest.approx([10, 100])
    assert all(LEAST < each.presence < 0.5 for each in found)


def test_what_is_too_faint_for_both(page: Page) -> None:
    """What one look hardly finds and the other does not is dropped."""
    found = look_again(nets(), page, [character(10, 0.5), character(100, LEAST / 2)], LEAST)

    assert [each.box[0] for each in found] == [10]


def test_a_character_comes_once(page: Page) -> None:
    """Boxes that lie on each other, but not as one, are not both kept."""
    second = of_the_copy(character(20.5, 0.8))

    assert len(look_again(nets(second), page, [character(10, 0.5)], LEAST)) == 1


def test_what_is_narrow(page: Page) -> None:
    """A 1 in a thin stroke, a pixel beside itself, is the same one."""
    one, other = (Character(x, 40, x + 3, 84, 0.5, np.zeros(11, np.float32)) for x in (10, 14))

    (both,) = look_again(nets(of_the_copy(other)), page, [one], LEAST)

    assert (both.box[0], both.presence) == pytest.approx((12, 0.5))


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([], id="nothing"),
        pytest.param([character(10, 0.2)], id="nothing surely"),
        pytest.param([character(10, 0.9), character(99, 0.1)], id="no doubt"),
        pytest.param([character(10, 0.5)] * (MOST_CHARACTERS + 1), id="too much"),
    ],
)
def test_no_second_look(page: Page, found: list[Character]) -> None:
    """Where it would change nothing it costs nothing."""
    seen = nets()

    assert look_again(seen, page, found, LEAST) == found
    seen.find.assert_not_called()  # type: ignore[attr-defined]


def test_a_doubt_about_the_digit(page: Page) -> None:
    """What is surely there, but may be this or that, is looked at again as well."""
    seen = nets()
    doubtful = Character(10, 40, 32, 84, 0.9, np.zeros(11, np.float32))

    look_again(seen, page, [doubtful], LEAST)

    seen.find.assert_called_once()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("sides", "height", "scale"),
    [
        pytest.param((400, 600), 2 * TALL, 0.5, id="smaller"),
        pytest.param((400, 600), TALL / 1.25, 1.25, id="larger"),
        pytest.param((400, 600), 5, 1.5, id="specks"),
        pytest.param((8, 4), 400, 0.5, id="a part of a character"),
        pytest.param((2000, 2000), TALL / 2, math.sqrt(MOST_PIXELS / 4_000_000), id="a large page"),
    ],
)
def test_the_copy(page: Page, sides: tuple[int, int], height: float, scale: float) -> None:
    """Its characters are 22 pixels tall, as far as that is not too large; whole cells cover it."""
    seen = nets()
    large = replace(page, pixels=np.zeros(sides, np.uint8))

    look_again(seen, large, [character(10, 0.5, height)], LEAST)

    (copy, _), _ = seen.find.call_args  # type: ignore[attr-defined]
    assert all(side % STRIDE == 0 for side in copy.shape)
    assert copy.shape == pytest.approx([scale * side for side in sides], abs=STRIDE)
