import base64
import io
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from digits_client import ImageError, Prediction
from digits_client.figures import Answer, Evaluation
from digits_client.labels import Sample
from digits_client.sheet import page
from PIL import Image

SEEN = bytes(range(256)) * 3 + bytes(16)


@pytest.fixture
def picture(tmp_path):
    """Write a picture: `picture("a.png", size)`; return its path."""

    def picture(name: str, size: tuple[int, int] = (40, 30), **options) -> Path:
        noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / name, **options)
        return tmp_path / name

    return picture


def answer(
    path: Path, label: int | None, digit: int | None, confidence: float, reason: str | None = None
) -> Answer:
    """An answer for the picture at a path."""
    prediction = Prediction(
        digit, confidence, (0.1,) * 10, 0.9, reason is None, reason, "cnn", "1", SEEN, 1
    )
    return Answer(Sample(path.name, str(path), str(label), label, {}), prediction)


def written(*answers: Answer, most: int = 100, failures=()) -> str:
    """The page of one model's answers."""
    return "".join(page([Evaluation("cnn", "1", "ab" * 32, answers, failures)], most))


def images(html: str) -> list[Image.Image]:
    """The pictures in a page, decoded."""
    encoded = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(each))) for each in encoded]


def names(html: str) -> list[str]:
    """The files on the page, in their order."""
    return re.findall(r"([a-z]+)\.png</span>", html)


def test_the_worst_stand_first(picture):
    """Accepted errors, refused errors, needless refusals, then what is right, doubtful first."""
    digits = {
        "surely-right": (1, 1, 0.99, None),
        "right": (1, 1, 0.6, None),
        "needless": (2, 2, 0.5, "UNSURE"),
        "letter": (None, 7, 0.8, "NOT_A_DIGIT"),
        "refused": (3, 5, 0.4, "UNSURE"),
        "blank": (3, None, 0.0, "BLANK"),
        "wrong": (3, 5, 0.7, None),
        "surely-wrong": (3, 5, 0.9, None),
        "taken": (None, 7, 0.8, None),
    }
    html = written(
        *(answer(picture(f"{name.replace('-', '')}.png"), *it) for name, it in digits.items())
    )

    assert names(html) == [
        *("surelywrong", "taken", "wrong", "refused", "blank", "needless"),
        *("letter", "right", "surelyright"),
    ]
    assert [int(count) for count in re.findall(r"<small>(\d+), ", html)] == [3, 2, 1, 3]


def test_a_picture_stands_beside_what_the_model_saw(picture):
    """A small file is shown as it is, and the 28 x 28 value for value."""
    path = picture("a.png")
    html = written(answer(path, 3, 5, 0.7))
    shown, seen = images(html)

    assert shown.tobytes() == Image.open(path).tobytes()
    assert seen.size == (28, 28)
    assert seen.tobytes() == SEEN
    assert "3 → 5" in html
    assert "70.0 %, accepted" in html


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_large_picture_is_shown_small_and_upright(picture, suffix):
    """A photo on its side, or a format that browsers cannot show, is a thumbnail."""
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    path = picture(f"a.{suffix}", (800, 400), exif=exif)
    shown, _ = images(written(answer(path, 3, 5, 0.7)))

    assert (shown.format, shown.size) == ("PNG", (96, 192))


def test_without_pillow_the_page_says_what_is_missing(picture, monkeypatch):
    """Small files are shown all the same."""
    answers = [
        answer(picture("small.png"), 3, 5, 0.7),
        answer(picture("large.png", (800, 400)), 3, 5, 0.7),
    ]
    monkeypatch.setitem(sys.modules, "PIL", None)
    html = written(*answers)

    assert html.count("pip install pillow") == 1
    assert html.count("<img") == 3


def test_the_page_is_as_long_as_asked(picture):
    """What is left out is said."""
    path = picture("a.png")
    html = written(*(answer(path, 1, 1, 0.9) for _ in range(5)), most=3)

    assert html.count("<figure>") == 3
    assert "3 of 5" in html
    assert "2 more are not shown" in html


def test_nothing_comes_from_elsewhere_and_names_are_text(tmp_path):
    """No address, no script, and a file's name stays what it is."""
    name = "<script>alert(1)</script>&\n'\".png"
    sample = Sample(name, str(tmp_path / name), "<b>", None, {})
    prediction = answer(tmp_path, None, 7, 0.5).prediction
    failure = (sample, ImageError("<i>cut</i>", reason="CORRUPT_IMAGE"))
    html = written(Answer(sample, prediction), failures=[failure])
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(html)

    assert {"script", "b", "i"} & {tag for tag, _ in tags} == {"b"}  # the captions' own
    assert not any({"src", "href"} & attributes.keys() for tag, attributes in tags if tag != "img")
    assert "://" not in html
    assert "default-src 'none'" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;\\n" in html


def test_a_picture_that_has_gone_leaves_its_answer(tmp_path):
    """The page is written whatever has happened to the files."""
    html = written(answer(tmp_path / "gone.png", 3, 5, 0.7))

    assert "Not shown: " in html
    assert "3 → 5" in html
