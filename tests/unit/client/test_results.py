import csv
import io
import os

import pytest
from digits_client import ImageError, Model, Number, Prediction
from digits_client.results import COLUMNS, Table, answer, line, written

SEVEN = Prediction(
    digit=7,
    confidence=0.99216,
    probabilities=(0.0,) * 7 + (1.0, 0.0, 0.0),
    digit_score=0.995,
    accepted=True,
    reason=None,
    model="cnn",
    model_version="3",
    normalized=None,
    digit_count=1,
)
BLANK = Prediction(None, 0.0, (0.1,) * 10, 0.0, False, "BLANK", "cnn", "3", None, 0)
BAD = ImageError("cut short, send it again", reason="CORRUPT_IMAGE")


def test_the_columns_are_the_contract_s():
    """Users' programs read these names in this order."""
    columns = "path,prediction,confidence,accepted,reason,error,model,model_version"
    assert ",".join(COLUMNS) == columns


def test_a_row_for_every_outcome():
    """Answers, refusals and errors are told apart by their columns."""
    file = io.StringIO()
    table = Table(file)
    for path, outcome in [("a.png", SEVEN), ("b\n.png", BLANK), ("c.png", BAD)]:
        table.add(path, outcome)

    assert list(csv.reader(io.StringIO(file.getvalue()))) == [
        list(COLUMNS),
        ["a.png", "7", "0.9922", "true", "", "", "cnn", "3"],
        ["b\n.png", "", "0.0000", "false", "BLANK", "", "cnn", "3"],
        ["c.png", "", "", "", "", "CORRUPT_IMAGE: cut short, send it again", "", ""],
    ]


def test_a_row_for_a_number():
    """Its rows are apart as in labels, and the reader is the model."""
    file = io.StringIO()
    table = Table(file, Model("reader", "2", "0" * 64, True, 5, {}, 1, None, False))
    table.add("a.png", Number("12 34\n5", 0.97126, (), None))
    table.add("b.png", Number("", 0.0, (), "BLANK"))
    table.add("c.png", BAD)

    assert list(csv.reader(io.StringIO(file.getvalue())))[1:] == [
        ["a.png", "12 34/5", "0.9713", "true", "", "", "reader", "2"],
        ["b.png", "", "0.0000", "false", "BLANK", "", "reader", "2"],
        ["c.png", "", "", "", "", "CORRUPT_IMAGE: cut short, send it again", "", ""],
    ]


def test_an_answer_has_the_rest_api_s_keys():
    """One object has the same keys everywhere."""
    assert answer(SEVEN) == {
        "prediction": 7,
        "confidence": 0.99216,
        "probabilities": [0.0] * 7 + [1.0, 0.0, 0.0],
        "digit_score": 0.995,
        "accepted": True,
        "reason": None,
        "model": "cnn",
        "model_version": "3",
    }
    assert answer(BAD) == {"error": "cut short, send it again", "reason": "CORRUPT_IMAGE"}


def test_an_answer_on_a_line():
    """People see the file, the digit, the confidence and a refusal."""
    assert line("50%.png", SEVEN) == "50%.png  7  99.2 %"
    assert line("b.png", BLANK) == "b.png  -  0.0 %  not accepted: BLANK"


def test_a_file_appears_whole(tmp_path):
    """Nothing of that name is there before the block has ended."""
    target = tmp_path / "results.csv"
    with written(str(target)) as file:
        file.write("whole\n")
        assert not target.exists()

    assert target.read_bytes() == b"whole\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("end", [OSError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_what_was_there(tmp_path, end):
    """An earlier file survives a run that fails, and nothing lies beside it."""
    target = tmp_path / "results.csv"
    target.write_text("earlier")
    with pytest.raises(end), written(str(target)) as file:  # noqa: PT012
        file.write("half")
        raise end

    assert target.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_keeps_pointing(tmp_path):
    """The file behind a link is replaced, not the link."""
    (tmp_path / "link.csv").symlink_to("real.csv")
    with written(str(tmp_path / "link.csv")) as file:
        file.write("new")

    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


def test_a_device_is_written_not_replaced(tmp_path):
    """A pipe stays a pipe: /dev/null must survive being an output."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with written(str(pipe)) as file:
        file.write("streamed")

    assert os.read(reader, 100) == b"streamed"
    assert pipe.is_fifo()
    os.close(reader)


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    """No folder is invented for an output."""
    with pytest.raises(FileNotFoundError), written(str(tmp_path / "no" / "results.csv")):
        pytest.fail("the block must not run")
