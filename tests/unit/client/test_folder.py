import os
import shutil

import pytest
from digits_client.folder import files, portable, visible


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, the current one, so that paths are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _make(folder, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_a_folder_is_walked_in_byte_order_of_whole_paths(folder):
    """Rows are sorted as the whole paths are, whichever folders they lie in."""
    names = ["a/z.png", "a-b/y.png", "a.png", "a/b/c.png", "Z.png", "ä.png", "a/b.png", "b.png"]
    _make(folder, *(f"in/{name}" for name in names))

    assert list(files(["in"])) == sorted((f"in/{name}" for name in names), key=os.fsencode)


@pytest.mark.parametrize(
    "name",
    [
        *("x.png", "x.JPG", "x.jpeg", "x.WebP", "x.bmp", "x.gif", "x.tif", "x.TIFF"),
        *("x.HEIC", "x.heif", "x.avif"),
    ],
)
def test_image_suffixes_count_in_any_case(folder, name):
    """What looks like a picture by its name is one, if only to be told that it is not read."""
    _make(folder, name)

    assert list(files(["."])) == [f"./{name}"]


@pytest.mark.parametrize("name", ["x.txt", "x", "png", "x.png.part", ".DS_Store", "x.svg"])
def test_other_files_are_passed_over(folder, name):
    """A folder's other files are nobody's mistake."""
    _make(folder, name)

    assert list(files(["."])) == []


def test_a_file_named_explicitly_always_counts(folder):
    """Whatever is named is read, present or not, in the order it is named."""
    _make(folder, "b.dat", "a.png")

    assert list(files(["b.dat", "missing", "a.png", "b.dat"])) == [
        "b.dat",
        "missing",
        "a.png",
        "b.dat",
    ]


def test_links_cannot_loop(folder):
    """Links to folders are not entered, links to files are, broken and circular ones are named."""
    _make(folder, "in/sub/a.png")
    (folder / "in/sub/up").symlink_to("..")
    (folder / "in/b.png").symlink_to("sub/a.png")
    (folder / "in/c.png").symlink_to("nowhere.png")
    (folder / "in/d.png").symlink_to("d.png")

    assert list(files(["in"])) == ["in/b.png", "in/c.png", "in/d.png", "in/sub/a.png"]


def test_a_link_to_a_folder_that_is_named_is_entered(folder):
    """A link on the command line means the folder behind it."""
    _make(folder, "in/a.png")
    (folder / "link").symlink_to("in")

    assert list(files(["link"])) == ["link/a.png"]


def test_pipes_are_passed_over(folder):
    """A pipe with an image's name would block the run."""
    os.mkfifo(folder / "pipe.png")

    assert list(files(["."])) == []


def test_a_folder_with_an_image_s_name_is_entered(folder):
    """A suffix does not make a folder a picture."""
    _make(folder, "in.png/a.png")

    assert list(files(["."])) == ["./in.png/a.png"]


def test_a_folder_that_cannot_be_listed_is_named(folder):
    """What cannot be looked into, here as it is gone by then, gets a row of its own."""
    _make(folder, "in/a.png", "in/gone/b.png")
    found = files(["in"])

    assert next(found) == "in/a.png"
    shutil.rmtree(folder / "in/gone")
    assert list(found) == ["in/gone"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(b"a/digit.png", "a/digit.png", id="plain"),
        pytest.param("ä/ziffer\n.png".encode(), "ä/ziffer\n.png", id="unicode and newline"),
        pytest.param(b"caf\xe9.png", "caf\\xe9.png", id="not UTF-8"),
    ],
)
def test_every_path_has_a_text(raw, text):
    """A name that is not UTF-8 gets a form that any file can hold."""
    assert portable(os.fsdecode(raw)) == text
    assert text.encode()


def test_a_path_on_the_screen_is_one_line_without_controls():
    """A name cannot move the cursor."""
    assert visible("a\x1b[2Jb\nc ä.png") == "a\\x1b[2Jb\\nc ä.png"
