"""Who writes what: subjects and their writers."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from digits_train import fonts
from digits_train.data import Data
from digits_train.sources import DIGITS, NAMES, OTHERS, Material, Sources
from digits_train.strokes import Drawn, omniglot, pendigits
from digits_train.texture import Texture


@pytest.fixture(scope="module")
def strokes(written: Path) -> tuple[Drawn, Drawn]:
    """Written digits and other characters."""
    return pendigits(written), omniglot(written)


@pytest.fixture(scope="module")
def sources(few: Data, strokes: tuple[Drawn, Drawn], texture: Texture) -> Sources:
    """Every source but the fonts."""
    return Sources(Material(few.train, few.train_labels, *strokes), texture)


def test_every_source_is_asked(sources: Sources) -> None:
    """Each about as often as the shares say that tell how the pool was made."""
    rng = np.random.default_rng(1)
    asked = Counter(sources.digit(rng).source for _ in range(1_000))
    asked += Counter(sources.other(rng).source for _ in range(1_000))

    assert asked.keys() == sources.shares.keys() == set(NAMES) - {"font", "letter"}
    for name, share in sources.shares.items():
        assert asked[name] / 1_000 == pytest.approx(share, abs=0.05)


def test_every_digit_is_asked_for_as_often(sources: Sources) -> None:
    """All ten digits, about a tenth each; nothing else has a digit."""
    rng = np.random.default_rng(2)
    counts = Counter(sources.digit(rng).digit for _ in range(2_000))

    assert counts.keys() == set(range(10))
    assert max(counts.values()) < 1.4 * min(counts.values())
    assert {sources.other(rng).digit for _ in range(100)} == {None}


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        pytest.param({"written": None}, {"pendigits"}, id="pendigits"),
        pytest.param({"characters": None}, {"omniglot"}, id="omniglot"),
        pytest.param({"ours": False}, {"drawing", "sign"}, id="our own shapes"),
    ],
)
def test_what_is_missing_is_not_asked(
    few: Data,
    strokes: tuple[Drawn, Drawn],
    texture: Texture,
    without: dict[str, object],
    missing: set[str],
) -> None:
    """Its share goes to the others of its kind."""
    there = {"written": strokes[0], "characters": strokes[1]} | without
    shares = Sources(Material(few.train, few.train_labels, **there), texture).shares

    assert shares.keys() == set(NAMES) - {"font", "letter"} - missing
    for kind in (DIGITS, OTHERS):
        assert sum(share for name, share in shares.items() if name in kind) == pytest.approx(
            1, abs=1e-3
        )


def test_writers_write_as_large_as_asked(sources: Sources) -> None:
    """Ink, white on black, about as long as the size, by every source that writes."""
    rng = np.random.default_rng(3)
    sizes: dict[str, list[float]] = {}
    for index in range(400):
        subject = sources.digit(rng) if index % 2 else sources.other(rng)
        if subject.write:
            mask = subject.write(60, rng)
            assert (mask.dtype, mask.ndim) == (np.uint8, 2)
            assert mask.max() > 60
            sizes.setdefault(subject.source, []).append(max(mask.shape) / 60)

    assert sizes.keys() == sources.shares.keys() - {"surface", "blank"}
    for name, found in sizes.items():
        assert 0.6 < np.median(found) < 1.6, name


def test_a_subject_writes_paints_or_is_blank(sources: Sources, texture: Texture) -> None:
    """Surfaces are painted, blank sheets neither written on nor painted."""
    rng = np.random.default_rng(4)
    subjects = [sources.other(rng) for _ in range(300)]

    for subject in subjects:
        assert (subject.paint is not None) == (subject.source == "surface")
        assert (subject.write is None) == (subject.source in {"surface", "blank"})
    painted = next(subject.paint for subject in subjects if subject.paint)
    assert painted(texture, rng).dtype == np.uint8


def test_several_are_wide_and_pieces_are_not_whole(sources: Sources) -> None:
    """Digits in a row are wider than high; a piece is cut to half a digit or less."""
    rng = np.random.default_rng(5)
    rows, pieces = [], []
    while min(len(rows), len(pieces)) < 25:
        subject = sources.other(rng)
        if subject.write and subject.source == "several":
            rows.append(np.divide(*subject.write(60, rng).shape))
        elif subject.write and subject.source == "piece":
            pieces.append(min(subject.write(60, rng).shape))

    assert np.median(rows) < 0.8
    assert np.median(pieces) < 0.7 * 1.6 * 60


def test_the_same_seed_writes_the_same(sources: Sources) -> None:
    """A subject and its ink depend on the generator alone."""
    first, second = (np.random.default_rng(6) for _ in range(2))

    for _ in range(20):
        one, other = sources.digit(first), sources.digit(second)
        assert (one.source, one.digit) == (other.source, other.digit)
        assert one.write
        assert other.write
        assert np.array_equal(one.write(40, first), other.write(40, second))


@pytest.mark.parametrize("sign", "OolIiSsZzBbGgqQDTy|/")
def test_letters_like_digits_are_nothing(sign: str) -> None:
    """What alone may be read as a digit is no example of what is none."""
    assert sign in fonts.AMBIGUOUS
    assert sign not in fonts.OTHERS


def test_no_sign_is_a_digit_or_ambiguous() -> None:
    """The letters that fonts draw are neither digits nor like one."""
    assert not set(fonts.OTHERS) & (set(fonts.DIGITS) | fonts.AMBIGUOUS.keys())


def test_fonts_write_digits_and_letters(few: Data, texture: Texture, fonts_dir: Path) -> None:
    """With fonts there are two sources more, each font drawing both kinds."""
    found = fonts.load(fonts_dir).train
    sources = Sources(Material(few.train, few.train_labels, fonts=found), texture)
    rng = np.random.default_rng(7)
    subjects = [subject(rng) for subject in (sources.digit, sources.other) for _ in range(60)]
    typed = [subject for subject in subjects if subject.source in {"font", "letter"}]

    assert {subject.source for subject in typed} == {"font", "letter"}
    for subject in typed:
        assert subject.write
        assert 30 < max(subject.write(60, rng).shape) < 110
