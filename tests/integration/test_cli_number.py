"""`digits read`, `batch --read` and `evaluate --read` against a real server with a small reader."""

import base64
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.readers import bars, png, write_reader

DIGITS = Path(sysconfig.get_path("scripts")) / "digits"
THREE = bars((40, 30), (90, 30), (140, 30))


@pytest.fixture(scope="module")
def address(launch_server, reading_models) -> str:
    """Where a server listens whose reader takes every solid bar for a 7."""
    server = launch_server(DIGITS_MODELS_DIR=reading_models)
    server.wait_for("serving")
    yield server.address
    assert server.stop() == 0


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Three bars, two rows, a wide gap, blank paper, and a file that is none; the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    pictures = {
        "in/a.png": THREE,
        "in/b.png": bars((40, 20), (90, 20), (40, 130), shape=(220, 300)),
        "in/c.png": bars((20, 30), (60, 30), (200, 30), (240, 30)),
        "in/d.png": bars(),
    }
    for name, picture in pictures.items():
        Path(name).write_bytes(png(picture))
    Path("in/e.png").write_bytes(b"text")
    return tmp_path


@pytest.fixture
def digits(address, folder):
    """Run `digits` beside the pictures."""

    def run(*arguments, address=address, stdin=b"") -> subprocess.CompletedProcess:
        return subprocess.run(
            [DIGITS, *arguments, "--address", address],
            input=stdin,
            capture_output=True,
            env={name: value for name, value in os.environ.items() if name[:7] != "DIGITS_"},
            timeout=60,
        )

    return run


def test_read_prints_the_rows(digits):
    """A number on its line, several rows below theirs; failures do not stop the others."""
    done = digits("read", "in/a.png", "in/e.png", "in/b.png", "in/c.png", "in/d.png")

    a, b, first, second, c, d = done.stdout.decode().splitlines()
    assert a.startswith("in/a.png  777  ")
    assert b.startswith("in/b.png  2 rows  ")
    assert (first, second) == ("  77", "  7")
    assert c.startswith("in/c.png  77 77  ")
    assert d == "in/d.png  -  0.0 %  not accepted: BLANK"
    assert done.stderr.decode().startswith("in/e.png: ")
    assert done.returncode == 1


def test_read_as_json(digits):
    """An object a picture, with the REST API's keys, the bad one's too."""
    done = digits("read", "--json", "in/b.png", "in/e.png")

    number, bad = map(json.loads, done.stdout.splitlines())
    assert list(number) == ["path", "text", "confidence", "reason", "digits"]
    assert (number["path"], number["text"], number["reason"]) == ("in/b.png", "77\n7", None)
    assert [digit["row"] for digit in number["digits"]] == [0, 0, 1]
    assert list(number["digits"][0]) == [
        *("digit", "confidence", "accepted", "box", "row", "alternatives")
    ]
    assert len(number["digits"][0]["box"]) == 4
    assert (bad["path"], bad["reason"]) == ("in/e.png", "UNSUPPORTED_FORMAT")
    assert (done.returncode, done.stderr) == (1, b"")


def test_read_from_stdin_within_bounds(digits):
    """A dash is what comes through the pipe; no more digits come back than asked for."""
    done = digits("read", "-", "--max-digits", "2", stdin=png(THREE))

    assert done.stdout.decode().split()[1] == "77"
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("stdin", [False, True])
def test_the_picture_is_drawn_on(digits, stdin):
    """A frame round each digit, on the picture as it was otherwise."""
    source = "-" if stdin else "in/a.png"
    done = digits("read", source, "--annotate", "out.png", stdin=png(THREE))
    drawn = cv2.imread("out.png")
    coloured = np.ptp(drawn.astype(int), axis=2) > 100

    assert done.returncode == 0, done.stderr
    assert drawn.shape == (*THREE.shape, 3)
    assert cv2.connectedComponents(coloured.astype(np.uint8))[0] > 3
    assert not coloured[:, 200:].any()


def test_nothing_is_drawn_without_an_answer(digits):
    """A picture that cannot be read leaves no file."""
    done = digits("read", "in/e.png", "--annotate", "out.png")

    assert done.returncode == 1
    assert not Path("out.png").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["read"], "FILE", id="no file"),
        pytest.param(["read", "in/a.png", "--min-digits", "-1"], "--min-digits", id="negative"),
        pytest.param(["read", "in/a.png", "--max-digits", "1001"], "equal to 1000", id="too many"),
        pytest.param(
            ["read", "in/a.png", "--min-digits", "3", "--max-digits", "2"], "least as", id="none"
        ),
        pytest.param(["read", "in/a.png", "in/b.png", "--annotate", "o.png"], "1 FILE", id="two"),
        pytest.param(["read", "in/a.png", "--annotate", "o.jpg"], ".png", id="no PNG"),
        *(
            pytest.param([command, "in", "--model", "reader"], "--read`", id=command)
            for command in ("predict", "compare", "batch", "evaluate")
        ),
        pytest.param(["batch", "in", "--read", "--model", "cnn"], "--model", id="batch's model"),
        pytest.param(["evaluate", "in", "--read", "--model", "cnn"], "--model", id="model"),
    ],
)
def test_wrong_usage_is_exit_code_2(digits, arguments, named):
    """The message names what is wrong; nothing is printed or written."""
    Path("in/labels.csv").write_text("file,label\na.png,777\n")
    done = digits(*arguments)

    assert done.returncode == 2
    assert named in done.stderr.decode()
    assert done.stdout == b""
    assert [path.name for path in Path().iterdir()] == ["in"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["read", "in/a.png", "--annotate", "no/out.png"], id="read"),
        pytest.param(["batch", "in", "-o", "no/r.csv"], id="batch"),
        pytest.param(["evaluate", "in", "--html", "no/sheet.html"], id="evaluate"),
    ],
)
def test_a_missing_folder_is_said_first(digits, unused_tcp_port, arguments):
    """The message names the folder and the cure; no server was asked, nothing is printed."""
    done = digits(*arguments, address=f"localhost:{unused_tcp_port}")
    said = " ".join(done.stderr.decode().replace("│", " ").split())

    assert done.returncode == 2
    assert "does not exist: make it, or name another file" in said
    assert ".part" not in said
    assert done.stdout == b""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["read", "in/a.png"], id="read"),
        pytest.param(["batch", "in", "--read", "-o", "r.csv"], id="batch"),
        pytest.param(["evaluate", "in", "--read"], id="evaluate"),
    ],
)
def test_a_server_without_a_reader_is_exit_code_2(digits, launch_server, tiny_models, arguments):
    """It is said, with the cure, and nothing is left behind."""
    Path("in/labels.csv").write_text("file,label\na.png,777\n")
    server = launch_server(DIGITS_MODELS_DIR=tiny_models)
    server.wait_for("serving")
    done = digits(*arguments, address=server.address)
    server.stop()

    assert done.returncode == 2
    assert b"no reader model: publish one" in done.stderr
    assert done.stdout == b""
    assert [path.name for path in Path().iterdir()] == ["in"]


@pytest.mark.parametrize(
    "arguments", [["read", "in/a.png"], ["batch", "in", "--read"], ["evaluate", "in", "--read"]]
)
def test_no_server_is_exit_code_4(digits, unused_tcp_port, arguments):
    """Every command says where it looked and how to start a server."""
    Path("in/labels.csv").write_text("file,label\na.png,777\n")
    done = digits(*arguments, address=f"localhost:{unused_tcp_port}")

    assert done.returncode == 4
    assert "make up" in done.stderr.decode()
    assert done.stdout == b""


def test_predict_says_how_several_digits_are_read(digits):
    """For people, in one line; not among the objects."""
    done = digits("predict", "in/a.png", "in/d.png")
    several = digits("predict", "in/a.png", "in/b.png")
    as_json = digits("predict", "--json", "in/a.png")

    assert "SEVERAL_DIGITS" in done.stdout.decode()
    assert done.stderr.decode().splitlines() == [
        "several digits in a picture are read by `digits read in/a.png`"
    ]
    assert "`digits read FILE`" in several.stderr.decode()
    assert (done.returncode, as_json.stderr) == (0, b"")


def test_a_table_of_numbers(digits):
    """The columns of single digits; rows apart by a slash, in the files' order."""
    done = digits("batch", "--read", "in")

    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert [row["path"] for row in rows] == [f"in/{name}.png" for name in "abcde"]
    assert [row["prediction"] for row in rows] == ["777", "77/7", "77 77", "", ""]
    assert [row["accepted"] for row in rows] == ["true", "true", "true", "false", ""]
    assert [row["reason"] for row in rows][3:] == ["BLANK", ""]
    assert rows[4]["error"].startswith("UNSUPPORTED_FORMAT: ")
    assert {(row["model"], row["model_version"]) for row in rows[:4]} == {("reader", "1")}
    assert b"5 pictures in " in done.stderr
    assert done.returncode == 1


def test_an_interruption_leaves_no_half_table(launch_server, publish, tmp_path_factory, folder):
    """Ctrl-C ends a run at once with 130: calls under way are not waited for."""
    models = tmp_path_factory.mktemp("slow")
    publish(models, "cnn", products=10)
    (models / "default").write_text("cnn\n")
    write_reader(models)
    for index in range(300):
        shutil.copy("in/a.png", f"in/{index:03}.png")
    server = launch_server(DIGITS_MODELS_DIR=models)
    server.wait_for("serving")
    process = subprocess.Popen(
        [DIGITS, "batch", "in", "--read", "-o", "r.csv", "--address", server.address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )
    end = time.monotonic() + 30
    while not _has_read(server) and time.monotonic() < end:
        time.sleep(0.02)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    server.stop()

    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert time.monotonic() - began < 10
    assert [path.name for path in Path().iterdir()] == ["in"]


def _has_read(server) -> bool:
    return any(call["method"] == "ReadNumber" for call in server.events("call"))


@pytest.fixture
def labelled(folder) -> Path:
    """The pictures with labels, one of them wrong."""
    Path("in/labels.csv").write_text(
        "file,label,kind\na.png,777,photo\nb.png,77/1,scan\nc.png,77 77,scan\nd.png,none,scan\n"
        "e.png,12,photo\n"
    )
    return folder


def test_the_figures_of_the_reader(digits, labelled):
    """Numbers, rows, digits: for people."""
    done = digits("evaluate", "in", "--read", "--by", "kind")

    shown = done.stdout.decode()
    assert "reader 1 (SHA-256 " in shown
    assert "numbers right          2 of 3, 66.67 % (95 %: 20.77 to 93.85)" in shown
    assert "rows right             3 of 4, 75.00 %" in shown
    assert "digits to change       1 of 10, 10.00 %" in shown
    assert "accepted and wrong     1" in shown
    assert "no number, refused     1 of 1" in shown
    assert "without an answer      1" in shown
    assert [line.split()[:3] for line in shown.splitlines() if line.startswith("  scan")] == [
        ["scan", "2", "50.00"]
    ]
    assert b"in/e.png: " in done.stderr
    assert done.returncode == 1


def test_the_figures_as_json(digits, labelled):
    """One object, with groups and failures."""
    done = digits("evaluate", "in", "--read", "--json", "--by", "kind")

    (figures,) = map(json.loads, done.stdout.splitlines())
    assert (figures["model"], figures["model_version"], len(figures["digest"])) == (
        *("reader", "1"),
        64,
    )
    assert (figures["numbers"], figures["right"], figures["accepted_wrong"]) == (3, 2, 1)
    assert (figures["rows"], figures["rows_right"]) == (4, 3)
    assert figures["character_error_rate"] == pytest.approx(0.1)
    assert figures["interval"] == pytest.approx([0.2077, 0.9385], abs=1e-4)
    assert (figures["others"], figures["others_refused"], figures["unlabelled"]) == (1, 1, 0)
    assert [group["numbers"] for group in figures["groups"]["kind"].values()] == [1, 2]
    (failure,) = figures["failures"]
    assert (failure["path"], failure["reason"]) == ("in/e.png", "UNSUPPORTED_FORMAT")


def test_the_sheet(digits, labelled):
    """What was read is drawn on each picture, errors first, and all is on the page itself."""
    done = digits("evaluate", "in", "--read", "--html", "sheet.html")

    page = Path("sheet.html").read_text()
    assert done.returncode == 1  # one file holds no picture
    assert [title in page for title in ("Accepted and wrong", "Right", "Without an answer")] == [
        True
    ] * 3
    assert re.findall("<b>([^<]+)</b>", page)[0] == "77 / 1 → 77 / 7"
    drawn = [
        cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
        for data in re.findall('src="data:image/png;base64,([^"]+)"', page)
    ]
    assert len(drawn) == 4
    assert all((np.ptp(each.astype(int), axis=2) > 100).any() for each in drawn[:3])
    assert "http" not in page.replace("http-equiv", "")
