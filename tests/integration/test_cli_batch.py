"""`digits batch` against real servers that are slow, crash and stay away."""

import csv
import io
import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from digits_core import bundle

DIGITS = Path(sysconfig.get_path("scripts")) / "digits"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def many(folder, digit_png) -> list[str]:
    """Nine hundred pictures: more messages than are under way at once."""
    (folder / "in").mkdir()
    names = [f"in/{index:03}.png" for index in range(900)]
    for name in names:
        Path(name).write_bytes(digit_png)
    return names


@pytest.fixture
def slow_server(launch_server, publish, tmp_path_factory, unused_tcp_port):
    """`start()` starts a server whose model takes a good tenth of a second for each run."""
    models = tmp_path_factory.mktemp("slow")
    publish(models, "cnn", products=2)
    (models / "default").write_text("cnn\n")
    started = []

    def start():
        server = launch_server(DIGITS_MODELS_DIR=models, DIGITS_GRPC_PORT=unused_tcp_port)
        server.wait_for("serving")
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def start():
    """Start `digits batch`; it is gone when the test is over."""
    started = []

    def start(address: str, *arguments: str, program=(DIGITS,)) -> subprocess.Popen:
        process = subprocess.Popen(
            [*program, "batch", *arguments, "--address", address],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_hear_interrupts,  # noqa: PLW1509 - the tests start no threads of their own
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:  # closes its pipes
            process.kill()


def _hear_interrupts() -> None:
    """What a shell starts in the background, this run of the tests perhaps, does not hear them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def batch(start):
    """Run `digits batch` to its end."""

    def batch(*arguments: str) -> subprocess.CompletedProcess:
        process = start(*arguments)
        stdout, stderr = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    return batch


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def _listed() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def _wait_for(path: str) -> None:
    end = time.monotonic() + 30
    while not Path(path).exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert Path(path).exists()


def test_a_thousand_files_of_every_kind(batch, server_address, folder, digit_png):
    """A row each, sorted, whatever the names and the contents are; exit code 1."""
    names = [f"in/{index % 7}/{index:04}.png".encode() for index in range(943)]
    names += ["in/ä ö/ziffer.PNG".encode(), b"in/a\nb.png", b'in/a,"b".png', b"in/caf\xe9.png"]
    bad = set(names[:943:19])
    for name in names:
        path = Path(os.fsdecode(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(digit_png[:80] if name in bad else digit_png)
    Path("in/3/loop").symlink_to("../..")
    Path("in/gone.png").symlink_to("nowhere.png")
    Path("in/note.txt").write_text("not a picture")

    done = batch(server_address, "in", "-o", "results.csv")

    rows = _rows(Path("results.csv").read_bytes())
    expected = sorted([*names, b"in/gone.png"])
    assert [row["path"] for row in rows] == [
        name.decode("utf-8", "backslashreplace") for name in expected
    ]
    for name, row in zip(expected, rows, strict=True):
        if name == b"in/gone.png":
            assert row["error"].startswith("UNREADABLE_FILE: ")
        elif name in bad:
            assert row["error"].startswith("CORRUPT_IMAGE: ")
        else:
            assert (row["prediction"], row["accepted"], row["error"]) == ("7", "true", "")
            assert (row["model"], row["model_version"]) == ("cnn", bundle.find("cnn").name)
            assert 0.5 < float(row["confidence"]) <= 1
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"948 pictures in ")
    assert b"; 51 failed" in done.stderr


def test_stdout_takes_the_same_bytes(batch, server_address, many):
    """The table is the same wherever it goes, and nothing else is on stdout."""
    to_file = batch(server_address, "in", "-o", "results.csv", "--model", "mlp")
    to_stdout = batch(server_address, "in", "--model", "mlp")

    assert to_stdout.stdout == Path("results.csv").read_bytes()
    assert [row["path"] for row in _rows(to_stdout.stdout)] == many
    assert (to_file.returncode, to_stdout.returncode) == (0, 0)


@pytest.mark.parametrize("options", [[], ["--read"]], ids=["digits", "numbers"])
def test_a_folder_without_pictures_is_a_failure(batch, server_address, folder, options):
    """It says what it looked for, and writes no table."""
    Path("note.txt").write_text("not a picture")
    done = batch(server_address, ".", *options, "-o", "results.csv")

    assert done.returncode == 1
    assert done.stderr.startswith(b"no picture lies in .: ")
    assert b".png, .jpg, " in done.stderr
    assert _listed() == ["note.txt"]


def test_a_phone_s_format_gets_a_row(batch, server_address, folder, digit_png):
    """What is not read is not passed over: its row says what to save it as."""
    Path("IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    Path("IMG_2.png").write_bytes(digit_png)
    done = batch(server_address, ".")
    heic, png = _rows(done.stdout)

    assert heic["path"] == "./IMG_1.HEIC"
    assert heic["error"].startswith("UNSUPPORTED_FORMAT: ")
    assert png["prediction"] == "7"
    assert done.returncode == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_leaves_no_half_file(start, slow_server, many, number, code):
    """An interrupted run ends at once, the earlier table untouched; Ctrl-C is 130."""
    Path("results.csv").write_text("earlier")
    process = start(slow_server().address, "in", "-o", "results.csv")
    _wait_for("results.csv.part")
    began = time.monotonic()
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)

    assert process.returncode == code
    assert b"Traceback" not in stderr
    assert time.monotonic() - began < 5
    assert _listed() == ["in", "results.csv"]
    assert Path("results.csv").read_text() == "earlier"


# The slow model is as slow as the machine: a minute on a quiet one.
@pytest.mark.timeout(330)
def test_a_server_that_returns_costs_no_row(start, slow_server, many):
    """A server that is killed and comes back is waited for."""
    server = slow_server()
    process = start(server.address, "in", "-o", "results.csv")
    _wait_for("results.csv.part")
    server.stop(signal.SIGKILL)
    time.sleep(2)
    assert process.poll() is None
    slow_server()
    _, stderr = process.communicate(timeout=300)

    assert process.returncode == 0, stderr
    assert [row["path"] for row in _rows(Path("results.csv").read_bytes())] == many


def test_a_server_that_stays_away_ends_the_run(start, slow_server, many):
    """After a bounded wait the exit code is 4 and there is no half file."""
    impatient = "from digits_client import cli, terminal; terminal.PATIENCE = 3; cli.main()"
    server = slow_server()
    process = start(
        server.address, "in", "-o", "results.csv", program=(sys.executable, "-c", impatient)
    )
    _wait_for("results.csv.part")
    server.stop(signal.SIGKILL)
    _, stderr = process.communicate(timeout=20)

    assert process.returncode == 4
    assert server.address in stderr.decode()
    assert _listed() == ["in"]


def test_a_closed_pipe_ends_quietly(start, server_address, many):
    """`digits batch ... | head` says nothing."""
    process = start(server_address, *many, *many)
    process.stdout.readline()
    process.stdout.close()
    stderr = process.stderr.read()

    assert process.wait(20) != 0
    assert stderr == b""


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        pytest.param("/dev/full", (1, b"cannot be written"), id="full disk"),
        pytest.param("in", (2, b"is a folder"), id="folder"),
    ],
)
def test_an_output_that_cannot_be_written(batch, server_address, many, output, answer):
    """A message, and nothing left behind."""
    done = batch(server_address, "in", "-o", output)
    code, said = answer

    assert done.returncode == code
    assert said in done.stderr
    assert b"Traceback" not in done.stderr
    assert _listed() == ["in"]
