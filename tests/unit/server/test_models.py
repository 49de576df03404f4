from collections.abc import Callable
from pathlib import Path

import pytest
from digits_core import BundleError, ModelNotFound
from digits_server.errors import NotReady, NotSupported
from digits_server.models import Broken, Models

from tests.readers import write_reader

HTML = b"<!doctype html><title>404</title>"

Publish = Callable[..., Path]


def flip(path: Path) -> None:
    """Flip one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def replace_by_folder(path: Path) -> None:
    """Put a folder in the file's place."""
    path.unlink()
    path.mkdir()


def edit(old: str, new: str) -> Callable[[Path], object]:
    """Replace text in the file."""

    def change(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


FAULTS = [
    pytest.param("model.onnx", Path.unlink, id="missing"),
    pytest.param("model.onnx", lambda path: path.write_bytes(b""), id="empty"),
    pytest.param("model.onnx", lambda path: path.write_bytes(path.read_bytes()[:999]), id="cut"),
    pytest.param("model.onnx", lambda path: path.write_bytes(bytes(range(256)) * 99), id="random"),
    pytest.param("model.onnx", lambda path: path.write_bytes(HTML), id="html"),
    pytest.param("model.onnx", replace_by_folder, id="folder"),
    pytest.param("model.onnx", flip, id="bit-flipped"),
    pytest.param("manifest.json", Path.unlink, id="no-manifest"),
    pytest.param("manifest.json", lambda path: path.write_bytes(HTML), id="html-manifest"),
    pytest.param("manifest.json", lambda path: path.write_bytes(b"\xff"), id="binary-manifest"),
    pytest.param("manifest.json", edit('"cnn"', '"mlp"'), id="of-another-model"),
    pytest.param("manifest.json", edit('ture": 1.0', 'ture": null'), id="no-temperature"),
    pytest.param("manifest.json", edit('ture": 1.0', 'ture": 2.0'), id="canary-fails"),
    pytest.param("manifest.json", edit('"logits"', '"digits"'), id="no-such-output"),
]


@pytest.fixture
def two(publish: Publish, tmp_path: Path) -> Path:
    """A folder with a cnn, the default, and an mlp."""
    for seed, name in enumerate(("cnn", "mlp")):
        publish(tmp_path, name, seed=seed)
    (tmp_path / "default").write_text("cnn\n")
    return tmp_path


@pytest.mark.parametrize(("file", "fault"), FAULTS)
def test_bad_bundle_beside_a_good_one(
    two: Path, file: str, fault: Callable[[Path], object]
) -> None:
    """A bundle with any fault is kept out and says why, without a path; the other one answers."""
    fault(two / "cnn" / "1" / file)
    models = Models(two)
    models.load()
    broken, good = models

    assert isinstance(broken, Broken)
    assert (broken.name, broken.version) == ("cnn", "1")
    assert broken.error
    assert str(two) not in broken.error
    assert models.get("mlp") is good
    for name in ("cnn", ""):
        with pytest.raises(NotReady):
            models.get(name)


@pytest.mark.parametrize(("file", "fault"), FAULTS)
def test_only_bad_bundles(
    publish: Publish, tmp_path: Path, file: str, fault: Callable[[Path], object]
) -> None:
    """A bad bundle alone is nothing to serve; the error names path and cause."""
    folder = publish(tmp_path, "cnn")
    (tmp_path / "default").write_text("cnn")
    fault(folder / file)
    models = Models(tmp_path)
    with pytest.raises(BundleError, match=r"no model can be served: .+") as caught:
        models.load()

    assert str(caught.value).startswith(str(tmp_path))
    assert not list(models)


def test_newest_version(two: Path, publish: Publish) -> None:
    """Version 10 is newer than version 9."""
    for version in (9, 10):
        publish(two, "cnn", version=version)
    models = Models(two)
    models.load()

    assert models.get("cnn").version == "10"


def test_default(two: Path) -> None:
    """An empty name is the default's; an unknown one is not found, and the others are named."""
    models = Models(two)
    models.load()
    with pytest.raises(ModelNotFound) as caught:
        models.get("x" * 1000)

    assert models.get("") is models.get("cnn")
    assert models.default == "cnn"
    assert "cnn or mlp" in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        pytest.param(lambda two: (two / "default").unlink(), "no default model", id="no-default"),
        pytest.param(
            lambda two: (two / "default").write_text("cmm"), "'cmm' is not published", id="typo"
        ),
        pytest.param(
            lambda two: two.rename(f"{two}.gone"),
            r"cannot be read \(No such file or directory\): let DIGITS_MODELS_DIR name",
            id="no-folder",
        ),
        pytest.param(
            lambda two: (two.rename(f"{two}.gone"), two.mkdir()),
            "no model is published here: let DIGITS_MODELS_DIR name",
            id="empty-folder",
        ),
    ],
)
def test_folder_is_wrong(two: Path, change: Callable[[Path], object], cause: str) -> None:
    """A folder without a default, or no folder at all, is an error with its path."""
    change(two)
    with pytest.raises(BundleError, match=cause) as caught:
        Models(two).load()

    assert str(two) in str(caught.value)


def test_reader(two: Path) -> None:
    """The reader is found apart from the others, listed among them, and is nobody's recogniser."""
    write_reader(two)
    models = Models(two)
    models.load()
    with pytest.raises(ModelNotFound, match=r"call ReadNumber, or ask cnn or mlp$"):
        models.get("reader")

    assert models.reader().version == "1"
    assert [model.name for model in models] == ["cnn", "mlp", "reader"]


def test_no_reader(two: Path) -> None:
    """Without a reader, numbers are not supported and the name is nobody's."""
    models = Models(two)
    models.load()
    with pytest.raises(NotSupported, match="publish one"):
        models.reader()
    with pytest.raises(ModelNotFound, match="there is no model 'reader'"):
        models.get("reader")


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("reader", id="itself"),
        pytest.param("cnn", id="the-default-that-it-asks"),
    ],
)
def test_broken_reader(two: Path, broken: str) -> None:
    """A reader that did not load is not ready and says why; digits are recognised all the same."""
    write_reader(two)
    flip(two / broken / "1" / "model.onnx")
    models = Models(two)
    models.load()
    listed = {model.name: model for model in models}
    with pytest.raises(NotReady):
        models.reader()
    with pytest.raises(ModelNotFound, match="call ReadNumber"):
        models.get("reader")

    assert models.get("mlp").name == "mlp"
    assert isinstance(listed["reader"], Broken)
    assert listed["reader"].error
    assert str(two) not in listed["reader"].error


@pytest.mark.parametrize("default", ["reader", "cnn"])
def test_reader_alone(tmp_path: Path, default: str) -> None:
    """A reader without a recogniser is nothing to serve, whatever the default is."""
    write_reader(tmp_path)
    (tmp_path / "default").write_text(default)
    with pytest.raises(BundleError, match=f"the default model '{default}' is not published"):
        Models(tmp_path).load()
