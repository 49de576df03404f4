"""The report on two tiny models: whole pages that need nothing from outside."""

import base64
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
from digits_core import Reader, Recognizer
from digits_core.bundle import recognizers
from digits_train.corruptions import NAMES
from digits_train.data import Data
from digits_train.drawings import STYLES, drawing
from digits_train.pens import frame
from digits_train.report import charts
from digits_train.report.cards import reader_card
from digits_train.report.charts import Axis, Series
from digits_train.report.page import Chapter, Figure, Table, html, markdown
from digits_train.report.stage import report
from digits_train.why import MODELS, SHIFTS, lessons
from numpy.typing import NDArray

from tests.readers import write_reader

Publish = Callable[..., Path]


def digits() -> NDArray[np.uint8]:
    """Our own ten digits in all hands, laid out like MNIST's."""
    return np.stack(
        [
            frame(drawing(digit, style, side=140, pen=11, ink=255, paper=0))
            for style in range(STYLES)
            for digit in range(10)
        ]
    )


@pytest.fixture(scope="module")
def data() -> Data:
    """Our own digits for MNIST's, and noise as what is none."""
    images = digits()
    labels = np.tile(np.arange(10, dtype=np.uint8), STYLES)
    none = np.zeros((0, 28, 28), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)
    return Data(
        train=images,
        train_labels=labels,
        drawn=none,
        drawn_labels=labels[:0],
        outliers=noise,
        validation=images,
        validation_labels=labels,
        validation_drawn=none,
        validation_drawn_labels=labels[:0],
        validation_outliers=noise,
        test=images,
        test_labels=labels,
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, publish: Publish) -> Path:
    """Two published models that answer differently."""
    folder = tmp_path_factory.mktemp("models")
    publish(folder, "cnn", seed=1)
    publish(folder, "mlp", seed=2)
    return folder


@pytest.fixture(scope="module")
def own_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data with four digits that somebody sent, and one letter."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("own_digits", "non_digits"):
        (folder / name).mkdir()
    rows = ["file,label,kind,fold,source_repository"]
    for digit in range(4):
        cv2.imwrite(str(folder / "own_digits" / f"{digit}.png"), drawing(digit))
        rows.append(f"{digit}.png,{digit},canvas,{'tune' if digit else 'check'},s{digit // 2}")
    (folder / "own_digits" / "labels.csv").write_text("\n".join(rows))
    cv2.imwrite(str(folder / "non_digits" / "a.png"), drawing(4))
    (folder / "non_digits" / "labels.csv").write_text(
        "file,label,kind,confusable_with_digit\na.png,A,scan,no\nb.png,O,scan,yes\n"
    )
    return folder


@pytest.fixture(scope="module")
def pages(
    data: Data, models: Path, own_digits: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a finished report."""
    work = tmp_path_factory.mktemp("work")
    known = {
        lesson.key: {
            "model": lesson.model,
            "size": lesson.size,
            "permuted": lesson.permuted,
            "accuracy": 0.9 + lesson.size / 1e6,
            "pictures": 110_000,
            "seconds": 6.0,
        }
        | ({"shifted": [0.5] * len(SHIFTS)} if lesson.size == 55_000 else {})
        for lesson in lessons(55_000)
    }
    tutorial = {"seconds": 1.0, "corruptions": dict.fromkeys(NAMES, 0.4321)}
    (work / "why.json").write_text(json.dumps({"lessons": known, "tutorial": tutorial}))
    epochs = [{"loss": loss, "validation_digits": 1 - loss / 10} for loss in (2.0, 1.0, 0.5)]
    (work / "cnn.curves.json").write_text(json.dumps(epochs))
    written = report(data, work, models, own_digits)
    assert {path.name for path in written} == {
        "index.html",
        "README.md",
        "cnn.card.md",
        "mlp.card.md",
    }
    return work / "report"


def parsed(svg: str) -> ET.Element:
    """An SVG element of our own making."""
    return ET.fromstring(svg)  # noqa: S314


class Page(HTMLParser):
    """What a browser would fetch, and which elements stand open at the end."""

    EMPTY = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.tables: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_whole_in_itself(pages: Path) -> None:
    """Every element is closed, and what is fetched is in the page: no address leads out."""
    text = (pages / "index.html").read_text("utf-8")
    page = Page(text)

    assert page.open == []
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.fetched)
    assert "://" not in text


def test_markdown_names_the_pictures_that_lie_there(pages: Path) -> None:
    """Every picture of the Markdown page is a file that can be read, and none lies unused."""
    named = set(re.findall(r"\]\((pictures/[^)]+)\)", (pages / "README.md").read_text("utf-8")))

    assert named == {f"pictures/{path.name}" for path in (pages / "pictures").iterdir()}
    for name in named:
        if name.endswith(".svg"):
            assert parsed((pages / name).read_text("utf-8")).tag.endswith("}svg")
        else:
            assert cv2.imread(str(pages / name)) is not None


def test_figures_are_the_models(pages: Path, data: Data, models: Path) -> None:
    """Accuracy and digest are those of the bundle, asked by hand."""
    recognizer = Recognizer.load("cnn", models)
    right = recognizer.scores(data.test)[:, :10].argmax(axis=1) == data.test_labels
    text = (pages / "README.md").read_text("utf-8")

    assert f"| MNIST test | cnn 1 | {len(right)} | {100 * right.mean():.2f} % |" in text
    assert recognizer.manifest.digest in text


def test_people_by_group(pages: Path) -> None:
    """Own digits are counted by kind, fold and source."""
    text = (pages / "README.md").read_text("utf-8")

    assert "| all | cnn 1 | 4 | 2 |" in text
    assert "| fold check | mlp 1 | 1 | 1 |" in text
    assert "| letters, symbols, objects | cnn 1 | 1 |" in text


def test_all_corruptions(pages: Path) -> None:
    """Each corruption has a row, which ends with the tutorial's figure."""
    text = (pages / "README.md").read_text("utf-8")

    assert all(re.search(rf"\| {name} \|.*\| 43\.21 % \|", text) for name in [*NAMES, "mean"])


def test_learning_by_epoch(pages: Path) -> None:
    """What a training left of its epochs is drawn; what it did not measure is left out."""
    drawn = {path.stem for path in (pages / "pictures").glob("learning-*.svg")}
    (line,) = parsed((pages / "pictures" / "learning-loss.svg").read_text("utf-8")).iter(
        "{http://www.w3.org/2000/svg}polyline"
    )

    assert drawn == {"learning-loss", "learning-validation-digits"}
    assert len(line.get("points", "").split()) == 3


def test_the_chapter_on_why(pages: Path) -> None:
    """Sizes, shifts and permuted pixels are told for both models."""
    text = (pages / "README.md").read_text("utf-8")

    assert "| 100 | 90.01 % (90.01 - 90.01) | 90.01 % (90.01 - 90.01) | 3 |" in text
    assert "| 6 px | 50.00 % | 50.00 % |" in text
    assert "| permuted | 95.50 % | 95.50 % |" in text


def test_without_data_and_trainings(data: Data, models: Path, tmp_path: Path) -> None:
    """What was not at hand is named, not made up."""
    report(data, tmp_path, models, None)
    text = (tmp_path / "report" / "README.md").read_text("utf-8")

    assert "Not measured: the set was not at hand." in text
    assert "Not measured: run `digits-train why` first." in text
    assert "No training lies in this work folder." in text


def test_corruptions_are_asked_once(data: Data, models: Path, tmp_path: Path) -> None:
    """A second report takes the answers to corrupted pictures from the first, by digest."""
    report(data, tmp_path, models, None)
    path = tmp_path / "robustness.json"
    known = json.loads(path.read_text())
    digest = Recognizer.load("cnn", models).manifest.digest
    fog = next(key for key in known if key.startswith(f"fog, {digest}"))
    known[fog]["normalised"] = 0.12345
    path.write_text(json.dumps(known))
    report(data, tmp_path, models, None)

    assert len(known) == len(NAMES) * len(recognizers(models))
    assert "| fog | uneven light | 12.35 % |" in (tmp_path / "report" / "README.md").read_text(
        "utf-8"
    )


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_card(pages: Path, models: Path, name: str) -> None:
    """A card names the bundle, the data with their licences, limits and figures."""
    text = (pages / f"{name}.card.md").read_text("utf-8")

    assert Recognizer.load(name, models).manifest.digest in text
    for said in ("CC BY 4.0", "CC BY-SA 3.0", "MIT", "What it is for", "| MNIST test | read"):
        assert said in text


@pytest.mark.parametrize("refiners", [1, 3])
def test_reader_card(tiny_models: Path, tmp_path: Path, refiners: int) -> None:
    """The card says which nets were trained how often, and names every seed."""
    models_dir = tmp_path / "models"
    shutil.copytree(tiny_models, models_dir)
    seeds = [{"seed": 20 + place} for place in range(refiners)]
    write_reader(models_dir, training={"detector": [{"seed": 24}], "refiner": seeds})

    text = reader_card(Reader.load(models_dir), Chapter("", ["Of strings."]))

    assert "The first looks at a page" in text
    assert ("the second, 3 that answer by their mean, looks" in text) == (refiners == 3)
    assert f"| seed | {', '.join(str(each['seed']) for each in seeds)}, 24 |" in text


def test_lines_place_points() -> None:
    """The ends of a series lie at the ends of the axes; a dash apart are the series."""
    svg = charts.lines(
        [Series("a & b", [0, 10], [0, 1]), Series("c", [5], [0.5], points=True)],
        Axis("x"),
        Axis("y", 0, 1, share=True),
    )
    root = parsed(svg)
    points = root.find("polyline").get("points")  # type: ignore[union-attr]
    circle = root.find("circle")

    assert points == f"64.0,{340 - 46:.1f} {640 - 16:.1f},30.0"
    assert circle is not None
    assert float(circle.get("cx", 0)) == pytest.approx((64 + 624) / 2)
    assert [t.text for t in root.iter("text") if t.text and "%" in t.text] == [
        "0 %", "20 %", "40 %", "60 %", "80 %", "100 %",
    ]  # fmt: skip


def test_logarithmic_axis() -> None:
    """A tick a power of ten, evenly apart."""
    root = parsed(
        charts.lines([Series("", [100, 10_000], [0, 1])], Axis("", logarithmic=True), Axis(""))
    )
    ticks = [
        float(t.get("x", 0)) for t in root.iter("text") if t.text in ("100", "1,000", "10,000")
    ]

    assert np.diff(ticks) == pytest.approx(280, abs=0.2)


def test_page_escapes() -> None:
    """What looks like markup is shown, not obeyed."""
    chapter = Chapter("<b>", ["a < b & c", Table(["<i>"], [["<u>"]]), Figure("p", b"", '"x"')])
    text = html("<t>", [chapter])

    assert not re.search(r"<[biut]>", text)
    assert 'alt="&quot;x&quot;"' in text


def test_markdown_table() -> None:
    """A table is Markdown's, its caption below."""
    text = markdown("t", [Chapter("c", [Table(["a", "b"], [["x", "1"]], "cap")])], "")

    assert text == "# t\n\n## c\n\n| a | b |\n| --- | --: |\n| x | 1 |\n\ncap\n"


def test_png_in_html(pages: Path) -> None:
    """The sheet of corruptions is in the page, a row a corruption."""
    text = (pages / "index.html").read_text("utf-8")
    encoded = re.search(r"data:image/png;base64,([^\"]+)", text)
    assert encoded is not None
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(encoded[1]), np.uint8), 0)

    assert picture.shape[0] == 2 * 32 * len(NAMES)


def test_a_set_that_grows_is_measured_anew(data: Data, models: Path, tmp_path: Path) -> None:
    """Answers about ten test images say nothing of twenty."""
    report(
        replace(data, test=data.test[:10], test_labels=data.test_labels[:10]),
        tmp_path,
        models,
        None,
    )
    report(data, tmp_path, models, None)

    known = json.loads((tmp_path / "robustness.json").read_text())
    assert len(known) == 2 * len(NAMES) * len(MODELS)
