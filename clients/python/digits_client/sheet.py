"""The sheet: a page of pictures, what the model saw of each and what it answered."""

import base64
import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from digits_client.figures import Answer, Evaluation
from digits_client.folder import visible
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
img, .none { background: #8882; box-sizing: border-box; flex: 1 1 0; height: 6rem; min-width: 0;
  object-fit: contain }
img.seen { image-rendering: pixelated }
.none { font-size: 0.75rem; padding: 0.5rem }
figcaption { font-size: 0.85rem; overflow-wrap: anywhere; padding-top: 0.4rem }
figcaption b { font-size: 1.15rem }
figcaption span { display: block; font-size: 0.75rem }
"""


def page(evaluations: Sequence[Evaluation], most: int) -> Iterator[str]:
    """Yield the page: for each model, its figures and at most `most` pictures, worst first.

    Nothing in it comes from elsewhere. A large picture, or one in a format that
    browsers do not show, appears as a thumbnail, for which Pillow is needed; it
    comes with `digits-client[local]`.
    """
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>What the models answered</title><style>{_STYLE}</style></head><body>\n"
        "<h1>What the models answered</h1>\n"
        "<p>Each picture, beside it the 28 x 28 that the model saw; below, what it shows → "
        "the answer. A dash stands for no digit.</p>\n"
    )
    for evaluation in evaluations:
        yield from _section(evaluation, most)
    yield "</body></html>\n"


def _section(evaluation: Evaluation, most: int) -> Iterator[str]:
    figures = "\n".join(summary(evaluation))
    yield f"<h2>{escape(evaluation.model)}</h2>\n<pre>{escape(figures)}</pre>\n"
    ranked = sorted(evaluation.answers, key=_badness)
    shown = ranked[:most]
    for kind, (title, order) in enumerate(_KINDS):
        members = [answer for answer in shown if _kind(answer) == kind]
        total = sum(_kind(answer) == kind for answer in ranked)
        if members:
            count = f"{total:,}" if len(members) == total else f"{len(members):,} of {total:,}"
            yield f"<h3>{title} <small>{count}, {order}</small></h3>\n"
            yield '<div class="sheet">\n'
            yield from map(_figure, members)
            yield "</div>\n"
    if left := len(ranked) - len(shown):
        yield f"<p>{left:,} more are not shown; --most sets how many are.</p>\n"
    if evaluation.failures:
        yield "<h3>Without an answer</h3>\n<ul>\n"
        for sample, error in evaluation.failures[:most]:
            yield f"<li>{escape(visible(sample.file))}: {escape(str(error))}</li>\n"
        yield "</ul>\n"


def _kind(answer: Answer) -> int:
    """Return the answer's place in _KINDS."""
    if answer.right:
        return 2 if answer.sample.digit is not None and not answer.prediction.accepted else 3
    return 0 if answer.prediction.accepted else 1


def _badness(answer: Answer) -> tuple[int, float]:
    """Return what sorts the worst answers first."""
    confidence = answer.prediction.confidence
    if not answer.right:
        return _kind(answer), -confidence
    return _kind(answer), confidence if answer.sample.digit is not None else 1 - confidence


def _figure(answer: Answer) -> str:
    sample, prediction = answer.sample, answer.prediction
    truth = "-" if sample.digit is None else str(sample.digit)
    given = "-" if prediction.digit is None else str(prediction.digit)
    verdict = "accepted" if prediction.accepted else f"refused: {prediction.reason}"
    label = "" if sample.digit is not None else f"<span>label: {escape(sample.label)}</span>"
    return (
        f"<figure><div>{_picture(sample.path)}{_seen(prediction.normalized)}</div>"
        f"<figcaption><b>{truth} → {given}</b> {percent(prediction.confidence)}, "
        f"{escape(verdict)}{label}<span>{escape(visible(sample.file))}</span></figcaption></figure>\n"
    )


def _picture(path: str) -> str:
    try:
        content = Path(path).read_bytes()
        kind = next((k for head, k in _SHOWN_AS_IT_IS.items() if content.startswith(head)), None)
        if kind is None or len(content) > _SMALL:
            kind, content = "png", _thumbnail(content)
    except ImportError:
        return '<p class="none">Shown with Pillow: install digits-client[local]</p>'
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow makes of a bad file
        return f'<p class="none">Not shown: {escape(str(error))}</p>'
    return _image(kind, content, "The picture")


def _thumbnail(content: bytes) -> bytes:
    """Return the picture as a PNG file of at most _SIDE pixels a side, upright."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only here, and only with the extra `local`

    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (_SIDE, _SIDE))
        upright = ImageOps.exif_transpose(image)
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        upright.thumbnail((_SIDE, _SIDE))
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
