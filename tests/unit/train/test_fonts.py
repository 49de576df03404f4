"""Handwriting fonts: which there are, which side they are on, what they draw."""

import json
import logging
import re
from pathlib import Path

import numpy as np
import pytest
from digits_train.fonts import DIGITS, LICENCES, OTHERS, Font, Fonts, characters, ink, load

ROOT = Path(__file__).parents[3]
PINNED = json.loads((ROOT / "requirements/fonts/package.json").read_text("utf-8"))
LOCKED = json.loads((ROOT / "requirements/fonts/package-lock.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def fonts(fonts_dir: Path) -> Fonts:
    """What is found among the fixture's packages."""
    return load(fonts_dir)


@pytest.fixture(scope="module")
def font(fonts: Fonts) -> Font:
    """One font of one weight, whose Greek is a file of its own."""
    return next(font for font in fonts.train if font.name == "caveat")


def test_without_a_folder_there_are_no_fonts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Training goes on, and the log says once what is missing and how to get it."""
    with caplog.at_level(logging.INFO, "digits_train.fonts"):
        found = load(tmp_path)

    assert found == Fonts()
    assert len(caplog.messages) == 1
    assert str(tmp_path) in caplog.messages[0]
    assert "make fonts" in caplog.messages[0]


def test_families_of_one_hand_stay_together(fonts: Fonts) -> None:
    """The split goes by the first word of the name."""
    assert [font.name for font in fonts.train] == ["caveat", "edu-east", "edu-west"]
    assert [font.name for font in fonts.validation] == ["delius", "delius-unicase"]


def test_the_installed_packages_split_by_hand() -> None:
    """Of what `make fonts` installs about a fifth is for validation, no hand on both sides."""
    pinned = [Font(name.split("/")[1], "OFL-1.1", ()) for name in PINNED["devDependencies"]]
    held = {font.hand for font in pinned if font.for_validation}

    assert not held & {font.hand for font in pinned if not font.for_validation}
    assert 0.12 < sum(font.hand in held for font in pinned) / len(pinned) < 0.25


def test_other_licences_are_left_out(fonts: Fonts, fonts_dir: Path) -> None:
    """A font under another licence, or under none that is stated, is not drawn with."""
    installed = {path.name for path in (fonts_dir / "node_modules/@fontsource").iterdir()}
    used = {font.name for font in fonts.train + fonts.validation}

    assert installed - used == {"licensed-otherwise", "licensed-somehow"}


@pytest.mark.parametrize("height", [40, 97, 300, 600])
def test_ink_is_a_tight_box_of_the_height(font: Font, height: int) -> None:
    """All digits together are as high as asked for, white on black with grey edges."""
    mask = ink(font, DIGITS, height, np.random.default_rng(1))

    assert mask.dtype == np.uint8
    assert mask.shape[0] == pytest.approx(height, rel=0.03)
    assert mask.max() == 255
    assert len(np.unique(mask)) > 20
    for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
        assert edge.any()


def test_small_signs_stay_small(font: Font) -> None:
    """A sign is drawn in proportion to the digits, not blown up to the height."""
    comma = ink(font, ",", 100, np.random.default_rng(1))

    assert 15 < comma.shape[0] < 50


def test_every_weight_is_drawn_with(fonts: Fonts) -> None:
    """The generator chooses among a font's weights."""
    font = next(font for font in fonts.validation if font.name == "delius")
    rng = np.random.default_rng(2)
    drawn = {ink(font, "5", 60, rng).tobytes() for _ in range(20)}

    assert len(font.weights) == len(drawn) == 2


def test_what_a_font_lacks_is_not_drawn(font: Font) -> None:
    """No box in place of a missing glyph: it is not among the characters, and refused."""
    assert characters(font, "A\u4e2d7 ") == "A7"
    with pytest.raises(ValueError, match="caveat has no"):
        ink(font, "\u4e2d", 60, np.random.default_rng(1))


def test_greek_comes_from_its_own_file(fonts: Fonts, font: Font) -> None:
    """A subset's file widens what a font draws; without it Greek is left out."""
    latin = next(font for font in fonts.train if font.name == "edu-east")

    assert characters(font, "αω") == "αω"
    assert not characters(latin, "αω")
    assert ink(font, "ω", 60, np.random.default_rng(1)).any()
    assert set(characters(latin)) < set(characters(font)) <= set(OTHERS)


@pytest.mark.parametrize(
    ("digit", "share"),
    [
        pytest.param("0", 0.08, id="slashed or dotted 0"),
        pytest.param("7", 0.12, id="crossed 7"),
        pytest.param("4", 0.0, id="plain 4"),
    ],
)
def test_some_hands_slash_and_cross(font: Font, digit: str, share: float) -> None:
    """A lone 0 and 7 get their mark as often as the shares say, other digits never."""
    rng = np.random.default_rng(3)
    drawn = [ink(font, digit, 40, rng) for _ in range(300)]
    plain = min(drawn, key=lambda mask: int(mask.sum(dtype=np.int64)))
    marked = [mask for mask in drawn if not np.array_equal(mask, plain)]

    assert len(marked) / len(drawn) == pytest.approx(share, abs=0.04)


def test_the_lock_pins_open_licences_without_addresses() -> None:
    """One exact version and hash a package, each under a licence that NOTICE may list."""
    locked = {name.removeprefix("node_modules/"): of for name, of in LOCKED["packages"].items()}
    locked.pop("")

    assert {name: of["version"] for name, of in locked.items()} == PINNED["devDependencies"]
    assert all(of["integrity"].startswith("sha512-") for of in locked.values())
    assert {of["license"] for of in locked.values()} <= LICENCES
    assert not any("resolved" in of for of in locked.values())


def test_notice_names_every_font() -> None:
    """Each font with its licence and whose it is, and none that is not used."""
    section = (ROOT / "NOTICE").read_text("utf-8").split("\nHandwriting fonts\n")[1]
    entries = re.findall(r"^ {4}(\S[^:()\n]*) \(([\w.-]+)\): (\S.*)$", section, re.MULTILINE)
    listed = {"@fontsource/" + family.lower().replace(" ", "-"): of for family, of, _ in entries}

    packages = LOCKED["packages"]
    assert listed == {
        name: packages[f"node_modules/{name}"]["license"] for name in PINNED["devDependencies"]
    }
