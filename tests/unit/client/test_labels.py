import pytest
from digits_client.labels import LabelsError, read


@pytest.fixture
def folder(tmp_path):
    """Three pictures, one of them in a folder."""
    (tmp_path / "in").mkdir()
    for name in ("a.png", "in/b.png", "c.png"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def _read(folder, table: str | bytes):
    file = folder / "labels.csv"
    file.write_bytes(table.encode() if isinstance(table, str) else table)
    return read(str(folder), str(file))


def test_each_row_is_a_picture_with_its_label(folder):
    """The rows' order is kept; other columns are groups; what has no label is told."""
    labelled = _read(folder, "file,label,kind\nin/b.png,7,photo\n./a.png,none,scan\n")

    assert [(sample.file, sample.digit) for sample in labelled.samples] == [
        ("in/b.png", 7),
        ("./a.png", None),
    ]
    assert labelled.samples[0].path == str(folder / "in/b.png")
    assert labelled.samples[0].columns["kind"] == "photo"
    assert labelled.columns == ("file", "label", "kind")
    assert labelled.unlabelled == (str(folder / "c.png"),)


@pytest.mark.parametrize(
    ("label", "digit"),
    [
        *[pytest.param(str(digit), digit, id=str(digit)) for digit in range(10)],
        pytest.param(" 7 ", 7, id="blanks"),
        pytest.param("7.0", 7, id="a number of a table with gaps"),
        pytest.param("", None, id="empty"),
        pytest.param("none", None, id="none"),
        pytest.param("-", None, id="dash"),
        pytest.param("A", None, id="letter"),
        pytest.param("12", None, id="two digits"),
        pytest.param("7.5", None, id="no digit"),
        pytest.param("-7", None, id="negative"),
        pytest.param("\u0667", None, id="of another script"),
    ],
)
def test_what_a_label_says(folder, label, digit):
    """0 to 9 is a digit, anything else is not one digit."""
    assert _read(folder, f"file,label\na.png,{label}\n").samples[0].digit == digit


@pytest.mark.parametrize("name", ["file", "path", "filename", "File", " PATH "])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_and_separators(folder, name, separator):
    """As spreadsheets write them, with a byte order mark, too."""
    labelled = _read(folder, f"\ufefflabel{separator}{name}\r\n3{separator}a.png\r\n\r\n")

    assert [(sample.file, sample.digit) for sample in labelled.samples] == [("a.png", 3)]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        pytest.param("", "names no picture", id="empty"),
        pytest.param("file,label\n", "names no picture", id="header alone"),
        pytest.param("name,label\na.png,1\n", "no column 'file' or 'path'", id="no file column"),
        pytest.param("file,digit\na.png,1\n", "no column 'label', only 'file'", id="no label"),
        pytest.param("file,path,label\na,a,1\n", "has 'file' and 'path'", id="two file columns"),
        pytest.param("file,label,label\na.png,1,1\n", "'label' stands there", id="two labels"),
        pytest.param("file,label\na.png\n", "line 2: 1 fields, but the header has 2", id="short"),
        pytest.param("file,label\na.png,1,2\n", "line 2: 3 fields", id="long"),
        pytest.param("file,label\n,1\n", "line 2: 'file' is empty", id="no name"),
        pytest.param(
            "file,label\na.png,1\nin/../a.png,1\n", "line 3: .* already in line 2", id="twice"
        ),
        pytest.param('file,label\n"a.png,1\n', "line 2: ", id="open quote"),
        pytest.param(f"file,label\n{'a' * 200_000},1\n", "at most 131,072", id="endless field"),
        pytest.param(b"file,label\n\xff.png,1\n", "not UTF-8 text: save it", id="not UTF-8"),
        pytest.param("file,label\nx/a.png,1\n", "none of the 1 files .* lies in", id="elsewhere"),
    ],
)
def test_a_table_that_cannot_be_used(folder, table, complaint):
    """The text says where and what, and the file is named."""
    with pytest.raises(LabelsError, match=complaint) as caught:
        _read(folder, table)

    assert "labels.csv" in str(caught.value)


def test_a_table_that_is_not_there(folder):
    """The name that was given is in the text, and what to write."""
    complaint = r"missing\.csv cannot be read: No such file .*: write one with the columns `file`"
    with pytest.raises(LabelsError, match=complaint):
        read(str(folder), str(folder / "missing.csv"))
