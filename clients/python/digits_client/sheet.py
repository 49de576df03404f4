"""The sheet: a page of pictures, what the model saw of each and what it answered."""

import base64
import io
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path

from digits_client.errors import DigitsError, ImageError
from digits_client.figures import Answer, Evaluation
from digits_client.folder import visible
from digits_client.labels import Sample
from digits_client.report import summary
from digits_client.results import percent

_SIDE = 192
"""Pixels of a thumbnail's longer side: twice what the page shows, for dense screens."""

_SMALL = 32 * 1024
"""Bytes up to which a picture is put into the page as it is."""

_SHOWN_AS_IT_IS = {
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
    b"BM": "bmp",
    b"RIFF": "webp",
}
"""How the formats begin that browsers show."""

_KINDS = (
    ("Accepted and wrong", "the surest first"),
    ("Wrong, but refused", "the surest first"),
    ("Right, but refused", "the least sure first"),
    ("Right", "the nearest to an error first"),
)

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h2 { border-top: 1px solid #8886; margin-top: 3rem; padding-top: 1rem }
h3 small, figcaption span { font-weight: normal; opacity: 0.75 }
pre { font: inherit; font-variant-numeric: tabular-nums; overflow-x: auto;
  font-family: ui-monospace, monospace; font-size: 0.85rem }
.sheet { display: grid; gap: 0.75rem;
  grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)) }
figure { border: 1px solid #8886; border-radius: 6px; margin: 0; padding: 0.5rem }
figure div { display: flex; gap: 0.5rem }
.wide { grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)) }
.wide img, .wide .none { height: 12rem }
img, .none { background: #8882; box-sizing: border-box; flex: 1 1 0; height: 6rem; min-width: 0;
  object-fit: contain }
img.seen { image-rendering: pixelated }
.none { font-size: 0.75rem; padding: 0.5rem }
figcaption { font-size: 0.85rem; overflow-wrap: anywhere; padding-top: 0.4rem }
figcaption b { font-size: 1.15rem }
figcaption span { display: block; font-size: 0.75rem }
"""


@dataclass(frozen=True, slots=True)
class Card:
    """One answer on a sheet: its place in `KINDS`, its rank there, the lowest first, its figure."""

    kind: int
    rank: float
    figure: Callable[[], str]


def page(evaluations: Sequence[Evaluation], most: int) -> Iterator[str]:
    """Yield the page: for each model, its figures and at most `most` pictures, worst first.

    Nothing in it comes from elsewhere. A large picture, or one in a format that
    browsers do not show, appears as a thumbnail, for which Pillow is needed.
    """
    yield from head(
        "What the models answered",
        "Each picture, beside it the 28 x 28 that the model saw; below, what it shows → "
        "the answer. A dash stands for no digit.",
    )
    for evaluation in evaluations:
        cards = [Card(_kind(a), _rank(a), partial(_figure, a)) for a in evaluation.answers]
        yield f"<h2>{escape(evaluation.model)}</h2>\n"
        yield from section(summary(evaluation), cards, evaluation.failures, most)
    yield FOOT


FOOT = "</body></html>\n"


def head(title: str, about: str) -> Iterator[str]:
    """Yield how a page begins."""
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>{title}</h1>\n<p>{about}</p>\n"
    )


def section(
    figures: Sequence[str],
    cards: Sequence[Card],
    failures: Sequence[tuple[Sample, ImageError]],
    most: int,
    style: str = "sheet",
) -> Iterator[str]:
    """Yield a model's figures, its cards kind by kind, and what has no answer."""
    yield f"<pre>{escape(chr(10).join(figures))}</pre>\n"
    shown = sorted(cards, key=lambda card: (card.kind, card.rank))[:most]
    for kind, (title, order) in enumerate(_KINDS):
        members = [card for card in shown if card.kind == kind]
        total = sum(card.kind == kind for card in cards)
        if members:
            count = f"{total:,}" if len(members) == total else f"{len(members):,} of {total:,}"
            yield f"<h3>{title} <small>{count}, {order}</small></h3>\n"
            yield f'<div class="{style}">\n'
            yield from (card.figure() for card in members)
            yield "</div>\n"
    if left := len(cards) - len(shown):
        yield f"<p>{left:,} more are not shown; --most sets how many are.</p>\n"
    if failures:
        yield "<h3>Without an answer</h3>\n<ul>\n"
        for sample, error in failures[:most]:
            yield f"<li>{escape(visible(sample.file))}: {escape(str(error))}</li>\n"
        yield "</ul>\n"


def _kind(answer: Answer) -> int:
    """Return the answer's place in _KINDS."""
    if answer.right:
        return 2 if answer.sample.digit is not None and not answer.prediction.accepted else 3
    return 0 if answer.prediction.accepted else 1


def _rank(answer: Answer) -> float:
    """Return what sorts the worst answers of a kind first."""
    confidence = answer.prediction.confidence
    if not answer.right:
        return -confidence
    return confidence if answer.sample.digit is not None else 1 - confidence


def _figure(answer: Answer) -> str:
    sample, prediction = answer.sample, answer.prediction
    truth = "-" if sample.digit is None else str(sample.digit)
    given = "-" if prediction.digit is None else str(prediction.digit)
    verdict = "accepted" if prediction.accepted else f"refused: {prediction.reason}"
    label = "" if sample.digit is not None else f"<span>label: {escape(sample.label)}</span>"
    return (
        f"<figure><div>{shown(sample.path, _as_it_is)}{_seen(prediction.normalized)}</div>"
        f"<figcaption><b>{truth} → {given}</b> {percent(prediction.confidence)}, "
        f"{escape(verdict)}{label}<span>{escape(visible(sample.file))}</span></figcaption></figure>\n"
    )


def shown(path: str, image: Callable[[bytes], tuple[str, bytes]]) -> str:
    """Return the picture at a path as `image` makes it of its content, or why there is none."""
    try:
        return _image(*image(Path(path).read_bytes()), "The picture")
    except ImportError:
        return '<p class="none">Shown with Pillow: run <code>pip install pillow</code></p>'
    except (DigitsError, OSError, ValueError, SyntaxError) as error:  # Pillow's, of a bad file
        return f'<p class="none">Not shown: {escape(str(error))}</p>'


def _as_it_is(content: bytes) -> tuple[str, bytes]:
    """Return a file that browsers show, and what it is; a thumbnail of another, or a large one."""
    kind = next((k for begins, k in _SHOWN_AS_IT_IS.items() if content.startswith(begins)), None)
    if kind is None or len(content) > _SMALL:
        return "png", thumbnail(content, _SIDE)
    return kind, content


def thumbnail(content: bytes, side: int) -> bytes:
    """Return the picture as a PNG file of at most `side` pixels a side, upright."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only here, as few need it

    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(image)
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        upright.thumbnail((side, side))
        file = io.BytesIO()
        upright.save(file, "PNG")
    return file.getvalue()


def _seen(pixels: bytes | None) -> str:
    if pixels is None:
        return '<p class="none">No ink found</p>'
    return _image("png", _grey_png(pixels, 28), "What the model saw", ' class="seen"')


def _image(kind: str, content: bytes, alt: str, more: str = "") -> str:
    data = base64.b64encode(content).decode()
    return f'<img src="data:image/{kind};base64,{data}" alt="{alt}"{more}>'


def _grey_png(pixels: bytes, side: int) -> bytes:
    """Return a square of grey values as a PNG file (ISO/IEC 15948: 8 bits, no filter)."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    rows: Iterable[bytes] = (pixels[start : start + side] for start in range(0, side * side, side))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )
