"""MNIST's files are found, fetched and checked."""

import gzip
import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from digits_train import mnist
from digits_train.errors import DataCorrupt, DataMissing, DownloadFailed

IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(12))
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])
FILES = {"images": IMAGES, "labels": LABELS}
DIGESTS = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


class Mirror(ThreadingHTTPServer):
    """Serves `files` by path and remembers what it was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Answer)

    def url(self, folder: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{folder}"


class Answer(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *args: object) -> None:
        """Nothing: pytest's output is for tests."""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror on loopback, with nothing to serve yet."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Mirror() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def serve(mirror: Mirror, folder: str, **files: bytes) -> None:
    """Put packed files into a folder of the mirror."""
    mirror.files |= {f"/{folder}/{name}.gz": content for name, content in files.items()}


def test_downloads_and_reads(mirror: Mirror, tmp_path: Path) -> None:
    """All files are fetched once; a second call asks nobody."""
    serve(mirror, "a", **{name: gzip.compress(content) for name, content in FILES.items()})

    mnist.download(tmp_path, [mirror.url("a")], DIGESTS)
    mnist.download(tmp_path, [mirror.url("a")], DIGESTS)

    found = mnist.read(tmp_path, DIGESTS)
    assert found["images"].shape == (2, 2, 3)
    assert found["labels"].tolist() == [7, 3]
    assert mirror.asked == ["/a/images.gz", "/a/labels.gz"]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(None, id="not there"),
        pytest.param(gzip.compress(b"other"), id="another content"),
        pytest.param(gzip.compress(IMAGES)[:-9], id="cut short"),
        pytest.param(b"<html>", id="no gzip"),
    ],
)
def test_next_mirror_helps(mirror: Mirror, tmp_path: Path, bad: bytes | None) -> None:
    """What one mirror does not have, or has wrong, comes from the next."""
    if bad is not None:
        serve(mirror, "a", images=bad)
    serve(mirror, "b", images=gzip.compress(IMAGES))

    mnist.download(tmp_path, [mirror.url("a"), mirror.url("b")], {"images": DIGESTS["images"]})

    assert [path.name for path in tmp_path.iterdir()] == ["images.gz"]
    assert mirror.asked == ["/a/images.gz", "/b/images.gz"]


def test_no_mirror_helps(mirror: Mirror, tmp_path: Path) -> None:
    """The error names each address tried and the cure; nothing half stays behind."""
    serve(mirror, "b", images=gzip.compress(b"other"))

    with pytest.raises(DownloadFailed, match=r"(?s)/a/images.gz.*/b/images.gz.*--data-dir"):
        mnist.download(tmp_path, [mirror.url("a"), mirror.url("b")], DIGESTS)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_reads_either_form(tmp_path: Path, packed: bool) -> None:
    """A folder may hold the files packed or not."""
    path = tmp_path / ("labels.gz" if packed else "labels")
    path.write_bytes(gzip.compress(LABELS) if packed else LABELS)

    found = mnist.read(tmp_path, {"labels": DIGESTS["labels"]})

    assert found["labels"].tolist() == [7, 3]


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The error names the file and what to do."""
    with pytest.raises(DataMissing, match=r"images\.gz is missing.*--data-dir"):
        mnist.read(tmp_path, DIGESTS)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(IMAGES + b"\0"), id="altered"),
        pytest.param(gzip.compress(IMAGES)[:20], id="cut short"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is not the published one is never used."""
    (tmp_path / "images.gz").write_bytes(content)

    with pytest.raises(DataCorrupt, match=r"images\.gz .*fetch it again"):
        mnist.read(tmp_path, DIGESTS)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0\0\x0d\1\0\0\0\1\0\0\0\0", id="floats"),
        pytest.param(IMAGES[:-1], id="a byte short"),
        pytest.param(IMAGES + b"\0", id="a byte more"),
    ],
)
def test_idx_is_checked(content: bytes) -> None:
    """An IDX file's header and length must fit."""
    with pytest.raises(DataCorrupt):
        mnist.parse("images", content)


@pytest.mark.skipif("DIGITS_DATA_DIR" not in os.environ, reason="DIGITS_DATA_DIR names no data")
def test_published_files() -> None:
    """The real files have the digests and the shapes that are published."""
    files = mnist.read(Path(os.environ["DIGITS_DATA_DIR"]) / "mnist")

    assert files["train-images-idx3-ubyte"].shape == (60_000, 28, 28)
    assert files["t10k-images-idx3-ubyte"].shape == (10_000, 28, 28)
    assert np.bincount(files["t10k-labels-idx1-ubyte"]).sum() == 10_000
