"""MNIST's four files: found in a folder or downloaded, and checked to be the published ones."""

import gzip
import hashlib
import logging
import urllib.request
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits_train.errors import DataCorrupt, DataMissing, DownloadFailed

log = logging.getLogger(__name__)

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)

# SHA-256 of the content without its gzip wrapper, which differs from mirror to mirror.
DIGESTS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

DOWNLOAD_TIMEOUT = 30.0
"""Seconds without a byte after which the next mirror is asked."""


def read(folder: Path, digests: Mapping[str, str] = DIGESTS) -> dict[str, NDArray[np.uint8]]:
    """Read the four files, each as it is or with `.gz`, from `folder`.

    Returns arrays by the file's name: images uint8[N, 28, 28], labels uint8[N].
    Raises `DataMissing` for a file that is not there and `DataCorrupt` for one
    that is not the published one.
    """
    return {name: parse(name, _content(folder, name, digest)) for name, digest in digests.items()}


def download(
    folder: Path, mirrors: Sequence[str] = MIRRORS, digests: Mapping[str, str] = DIGESTS
) -> None:
    """Fetch what `folder` does not hold yet; a file appears there whole and checked or not at all.

    Raises `DownloadFailed` when no mirror gives a file with the right digest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, digest in digests.items():
        target = folder / f"{name}.gz"
        if target.exists():
            continue
        failures = []
        for mirror in mirrors:
            url = f"{mirror}/{name}.gz"
            try:
                log.info("downloading %s", url)
                with urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT) as response:  # noqa: S310 (ours)
                    packed = response.read()
                _check(url, gzip.decompress(packed), digest)
            except (OSError, EOFError, zlib.error, DataCorrupt) as error:
                failures.append(f"{url}: {error}")
                continue
            part = target.with_suffix(".part")
            part.write_bytes(packed)
            part.replace(target)
            break
        else:
            raise DownloadFailed(
                "; ".join(failures) + f": fetch {name}.gz yourself and name its folder's parent "
                "with --data-dir (or DIGITS_DATA_DIR), as in DATA/mnist/"
            )


def parse(name: str, content: bytes) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes: two zeros, type 8, the number of dimensions, each size.

    Raises `DataCorrupt`.
    """
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise DataCorrupt(f"{name} is no IDX file of unsigned bytes: fetch it again")
    start = 4 + 4 * content[3]
    shape = tuple(np.frombuffer(content[4:start], ">u4").astype(int))
    if len(content) - start != np.prod(shape):
        raise DataCorrupt(
            f"{name} holds {len(content) - start} values, not {shape}: fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _content(folder: Path, name: str, digest: str) -> bytes:
    for path in (folder / name, folder / f"{name}.gz"):
        if not path.is_file():
            continue
        try:
            content = (
                path.read_bytes() if path.suffix != ".gz" else gzip.decompress(path.read_bytes())
            )
        except (OSError, EOFError, zlib.error) as error:
            raise DataCorrupt(
                f"{path} cannot be read ({error}): delete it and fetch it again"
            ) from error
        _check(str(path), content, digest)
        return content
    raise DataMissing(
        f"{folder / name}.gz is missing: put it there, or leave out --data-dir to download it"
    )


def _check(where: str, content: bytes, digest: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise DataCorrupt(
            f"{where} has SHA-256 {found} unpacked, the published file {digest}: "
            "delete it and fetch it again"
        )
