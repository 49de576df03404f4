"""The reader's nets in one file: what they answer, and models that do not fit."""

import pytest
from digits_core.bundle import Bundle, digest_of
from digits_core.errors import BundleError, CoreError
from digits_core.image import lay_out
from digits_core.reading.nets import Nets

from tests.readers import SEVEN, bar_reader, bars, reader_manifest
from tests.unit.core.linear import linear_model


def test_bars_on_a_page() -> None:
    """The whole way through a real model."""
    page = lay_out(bars((40, 30), (90, 30)))
    assert page is not None

    found = Nets(Bundle(reader_manifest(), bar_reader())).find(page.pixels, 0.5)

    assert sorted(page.left + c.middle[0] * page.scale for c in found) == pytest.approx(
        [52, 102], abs=4
    )


@pytest.mark.parametrize(
    ("model", "changes", "cause"),
    [
        pytest.param(b"text", {}, "onnxruntime cannot load reader", id="no model"),
        pytest.param(linear_model(), {}, "it must take page", id="a recogniser"),
        pytest.param(bar_reader(), {"input": "image"}, "it must take image", id="other input"),
        pytest.param(bar_reader(), {"output": "cells"}, "give cells", id="other output"),
        pytest.param(bar_reader(channels=15), {}, r"W/4, 16\]", id="too few channels"),
        pytest.param(bar_reader(sides=(128, 128)), {}, "it must take page", id="a fixed size"),
        pytest.param(bar_reader(), {"refiner_input": "x"}, "and take x", id="other close-ups"),
        pytest.param(bar_reader(), {"refiner_output": "y"}, "give y", id="other answers"),
        pytest.param(bar_reader(answers=11), {}, r"\[M, 12\]", id="too few answers"),
    ],
)
def test_a_model_that_does_not_fit(model: bytes, changes: dict[str, object], cause: str) -> None:
    """It is refused when it is opened, with what it takes and gives."""
    with pytest.raises(BundleError, match=cause):
        Nets(Bundle(reader_manifest(files=digest_of(model), **changes), model))


def test_a_model_that_answers_no_number() -> None:
    """An answer that is no number is an error, not a reading."""
    model = bar_reader(steep=float("inf"))
    page = lay_out(bars((40, 30)))
    assert page is not None

    with pytest.raises(CoreError, match="no numbers"):
        Nets(Bundle(reader_manifest(files=digest_of(model)), model)).find(page.pixels, 0.5)


@pytest.mark.parametrize("count", [0, 1, 300])
def test_every_character_gets_an_answer(count: int) -> None:
    """As many as there are, none included; these all say 7."""
    page = lay_out(bars((40, 30), (90, 30)))
    assert page is not None
    nets = Nets(Bundle(reader_manifest(), bar_reader()))

    answers = nets.refine(page, (nets.find(page.pixels, 0.5) * 200)[:count])

    assert answers.shape == (count, 12)
    assert (answers.argmax(axis=1) == SEVEN).all()
