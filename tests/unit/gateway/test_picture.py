import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from digits_gateway.picture import Intake, Spool, receive
from digits_gateway.problems import Problem
from fastapi import Request

PNG = b"\x89PNG\r\n\x1a\n--edge\r\n\x00\xff" * 40
FORM = {"content-type": "multipart/form-data; boundary=edge"}


def request(chunks: Iterable[bytes], headers: dict[str, str], pause: float = 0) -> Request:
    """A request whose body comes in those chunks, `pause` seconds apart."""
    waiting = list(chunks) or [b""]

    async def incoming() -> dict[str, object]:
        await asyncio.sleep(pause)
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw}, incoming)


def part(name: str, content: bytes, *, filename: str | None = "x.png") -> bytes:
    """One part of a form."""
    shown = f'; filename="{filename}"' if filename is not None else ""
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n'
    return head.encode() + b"Content-Type: image/png\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + b"--edge--\r\n"


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param({}, id="no type"),
        pytest.param({"content-type": "image/png"}, id="right type"),
        pytest.param({"content-type": "text/html"}, id="wrong type"),
        pytest.param({"content-type": "application/x-www-form-urlencoded"}, id="curl's type"),
    ],
)
async def test_what_is_no_form_is_the_picture(kind):
    """The whole body, whatever type it claims."""
    sent = await receive(request([PNG[:9], PNG[9:]], kind), Intake())

    assert sent.data == PNG
    assert sent.field == "body"


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
async def test_the_field_of_a_form_is_the_picture(size):
    """However the form is cut on its way, and whatever stands beside the field."""
    body = form(part("note", b"hello", filename=None), part("file", PNG), part("other", b"x"))
    chunks = [body[start : start + size] for start in range(0, len(body), size)]

    sent = await receive(request(chunks, FORM), Intake())

    assert sent.data == PNG
    assert sent.field == "file"


@pytest.mark.parametrize(
    "filename",
    [None, "", "../../etc/passwd", "a\\nb.png", "ü.png"],
    ids=["none", "empty", "path", "newline", "unicode"],
)
async def test_file_names_do_not_matter(filename):
    """Any file name, or none, gives the same picture."""
    sent = await receive(request([form(part("file", PNG, filename=filename))], FORM), Intake())

    assert sent.data == PNG


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        pytest.param(FORM, form(), "IMAGE_MISSING", id="empty form"),
        pytest.param(FORM, form(part("picture", PNG)), "IMAGE_MISSING", id="another field"),
        pytest.param(FORM, part("file", PNG), "MALFORMED_REQUEST", id="cut short"),
        pytest.param(FORM, b"", "MALFORMED_REQUEST", id="nothing"),
        pytest.param(FORM, b"hello", "MALFORMED_REQUEST", id="no form"),
        pytest.param(
            FORM, form(part("file", PNG), part("file", PNG)), "MALFORMED_REQUEST", id="twice"
        ),
        pytest.param(
            FORM, form(*[part("note", b"x")] * 20), "MALFORMED_REQUEST", id="too many parts"
        ),
        pytest.param(
            {"content-type": "multipart/form-data"},
            form(part("file", PNG)),
            "MALFORMED_REQUEST",
            id="no boundary",
        ),
        pytest.param(
            {"content-type": f"multipart/form-data; boundary={'x' * 500}"},
            b"",
            "MALFORMED_REQUEST",
            id="boundary too long",
        ),
        pytest.param(
            FORM,
            b"--edge\r\n" + b"X-A: b\r\n" * 500 + b"\r\n",
            "MALFORMED_REQUEST",
            id="too many headers",
        ),
    ],
)
async def test_a_form_without_a_picture_is_refused(headers, body, reason):
    """Each by its reason."""
    with pytest.raises(Problem) as raised:
        await receive(request([body], headers), Intake())

    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("headers", "body", "field", "detail"),
    [
        pytest.param(
            FORM,
            form(part("picture", PNG), part("x" * 1000, b"")),
            "file",
            "The form has no field 'file' with a picture, "
            f"only 'picture', '{'x' * 64}': name it so, as in curl -F file=@picture.png.",
            id="another field",
        ),
        pytest.param(
            FORM,
            form(),
            "file",
            "The form has no field 'file' with a picture: "
            "name it so, as in curl -F file=@picture.png.",
            id="no field",
        ),
        pytest.param(
            FORM,
            form(part("file", PNG), part("file", PNG)),
            "file",
            "The multipart body cannot be read (it has the field 'file' twice): "
            "send one picture a request.",
            id="twice",
        ),
        pytest.param(
            {"content-type": "multipart/form-data"},
            form(part("file", PNG)),
            None,
            "The multipart body cannot be read (its content type names no boundary): "
            "let the HTTP library write it and its content type, "
            "as curl -F file=@picture.png does.",
            id="no boundary",
        ),
    ],
)
async def test_a_form_without_a_picture_is_told_the_cure(headers, body, field, detail):
    """What came, and what to send instead."""
    with pytest.raises(Problem) as raised:
        await receive(request([body], headers), Intake())

    assert (raised.value.field, raised.value.detail) == (field, detail)


@pytest.mark.parametrize("wrapped", [False, True], ids=["raw", "form"])
@pytest.mark.parametrize("declared", [False, True], ids=["chunked", "with length"])
async def test_a_body_may_have_so_many_bytes_and_not_one_more(wrapped, declared):
    """The limit itself passes; one byte more is refused, and not read to its end."""
    body = form(part("file", PNG)) if wrapped else PNG
    headers = FORM if wrapped else {}
    limit = Intake(max_bytes=len(body))
    length = {"content-length": str(len(body) + 1)} if declared else {}

    assert (await receive(request([body], headers), limit)).data == PNG
    with pytest.raises(Problem) as raised:
        await receive(request([body, b"x", b"never read"], headers | length), limit)

    assert raised.value.reason == "IMAGE_TOO_LARGE"
    assert str(len(body)) in raised.value.detail


async def test_a_body_that_does_not_come_is_given_up():
    """A sender has the grace, and more only for what has arrived."""
    trickle = request([b"x"] * 100, {}, pause=0.05)
    started = asyncio.get_running_loop().time()

    with pytest.raises(Problem) as raised:
        await receive(trickle, Intake(grace=0.2, rate=100))

    assert raised.value.reason == "REQUEST_TIMEOUT"
    assert asyncio.get_running_loop().time() - started < 1


async def test_a_slow_line_is_not_given_up():
    """Whoever sends at the rate may take longer than the grace."""
    sent = await receive(request([b"x" * 100] * 8, {}, pause=0.05), Intake(grace=0.2, rate=1000))

    assert len(sent.data) == 800


@pytest.mark.parametrize(
    ("chunks", "in_memory"),
    [pytest.param([b"1234"], True, id="small"), pytest.param([b"12345678"] * 5, False, id="large")],
)
def test_large_uploads_wait_in_a_file_and_small_ones_in_memory(tmp_path, chunks, in_memory):
    """What was kept comes back in either case, and nothing is left behind."""
    with Spool(memory_bytes=10, folder=tmp_path) as spool:
        for chunk in chunks:
            spool.append(chunk)

        assert spool.read() == b"".join(chunks)
        assert spool.in_memory is in_memory
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_for_files_memory_serves():
    """A read-only root or a full disk refuses nobody."""
    with Spool(memory_bytes=10, folder=Path("/nowhere/at/all")) as spool:
        for _ in range(5):
            spool.append(b"12345678")

        assert spool.read() == b"12345678" * 5
