import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import typer
from digits_client.cli import app

ROOT = Path(__file__).parents[2]
DIGITS = Path(sysconfig.get_path("scripts")) / "digits"


@pytest.fixture
def digits(server_address, tmp_path):
    """Run `digits` beside the pictures; `address=None` leaves the server to the environment."""

    def run(
        *arguments, address=server_address, stdin=b"", **environ
    ) -> subprocess.CompletedProcess:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("DIGITS_")
        }
        return subprocess.run(
            [DIGITS, *arguments, *(["--address", address] if address else [])],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env=clean | environ,
            timeout=60,
        )

    return run


@pytest.fixture(autouse=True)
def pictures(tmp_path, digit_png) -> None:
    """A seven and a file that is cut short."""
    (tmp_path / "digit.png").write_bytes(digit_png)
    (tmp_path / "short.png").write_bytes(digit_png[:60])


def test_predict_prints_a_line(digits):
    """File, digit, confidence."""
    done = digits("predict", "digit.png")

    path, digit, *confidence = done.stdout.decode().split()
    assert (path, digit) == ("digit.png", "7")
    assert confidence[-1] == "%"
    assert (done.returncode, done.stderr) == (0, b"")


def test_predict_as_json(digits):
    """The keys are the REST API's, and the path."""
    done = digits("predict", "--json", "digit.png", "--model", "mlp")

    answer = json.loads(done.stdout)
    assert list(answer) == [
        *("path", "prediction", "confidence", "probabilities", "digit_score", "accepted"),
        *("reason", "model", "model_version"),
    ]
    assert (answer["path"], answer["prediction"], answer["model"]) == ("digit.png", 7, "mlp")
    assert len(answer["probabilities"]) == 10


def test_predict_reads_stdin(digits, digit_png):
    """A dash is what comes through the pipe."""
    done = digits("predict", "-", stdin=digit_png)

    assert done.stdout.decode().startswith("-  7  ")


def test_one_bad_file_does_not_stop_the_others(digits):
    """What fails is told on stderr, the rest is answered, the exit code is 1."""
    done = digits("predict", "short.png", "missing.png", "digit.png")

    complaints = done.stderr.decode().splitlines()
    assert [complaint.split(":")[0] for complaint in complaints] == ["short.png", "missing.png"]
    assert done.stdout.decode().startswith("digit.png  7")
    assert done.returncode == 1


def test_a_bad_file_as_json(digits):
    """With --json there is an object for every file."""
    done = digits("predict", "--json", "short.png", "digit.png")

    bad, good = map(json.loads, done.stdout.splitlines())
    assert (bad["path"], bad["reason"]) == ("short.png", "CORRUPT_IMAGE")
    assert good["prediction"] == 7
    assert (done.returncode, done.stderr) == (1, b"")


def test_compare(digits):
    """Both models stand side by side."""
    done = digits("compare", "digit.png")

    assert [word for word in done.stdout.decode().split() if word in {"mlp", "cnn", "7"}] == [
        *("mlp", "7", "cnn", "7"),
    ]
    assert "The models agree." in done.stdout.decode()
    assert done.returncode == 0


def test_compare_as_json(digits):
    """A model that is missing has its error, the other its answer; that is a failure."""
    done = digits("compare", "digit.png", "--json", "--model", "cnn", "--model", "nine")

    comparison = json.loads(done.stdout)
    assert list(comparison) == ["path", "predictions", "agree"]
    assert comparison["predictions"]["cnn"]["prediction"] == 7
    assert comparison["predictions"]["nine"]["reason"] == "MODEL_NOT_FOUND"
    assert comparison["agree"] is False
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["short.png", "missing.png"])
def test_compare_names_the_bad_file(digits, name):
    """As the other commands do, for people and for programs."""
    done = digits("compare", name)
    as_json = digits("compare", "--json", name)

    assert done.stderr.decode().startswith(f"{name}: ")
    assert json.loads(as_json.stdout)["path"] == name
    assert json.loads(as_json.stdout)["reason"] in {"CORRUPT_IMAGE", "UNREADABLE_FILE"}
    assert (done.stdout, as_json.stderr) == (b"", b"")
    assert (done.returncode, as_json.returncode) == (1, 1)


@pytest.mark.parametrize("command", ["predict", "read", "compare"])
def test_a_folder_is_for_batch(digits, tmp_path, command):
    """What reads one picture after the other says what reads a folder."""
    (tmp_path / "in").mkdir()
    done = digits(command, "in")
    as_json = digits(command, "in", "--json")

    assert done.stderr.decode().startswith("in: it is a folder: `digits batch FOLDER` reads ")
    assert "`digits batch FOLDER`" in json.loads(as_json.stdout)["error"]
    assert (done.returncode, as_json.returncode) == (1, 1)


def test_every_command_but_batch_takes_json():
    """As the README says: the answers of a batch are a table."""
    commands = typer.main.get_command(app).commands
    without = [
        name
        for name, command in commands.items()
        if not any("--json" in parameter.opts for parameter in command.params)
    ]

    assert without == ["batch"]


def test_models(digits):
    """Every model is listed, for people and for programs."""
    listed = [json.loads(line) for line in digits("models", "--json").stdout.splitlines()]

    assert [model["name"] for model in listed] == ["cnn", "cnn-int8", "mlp", "reader"]
    assert [model["default"] for model in listed] == [True, False, False, False]
    assert all(name in digits("models").stdout.decode() for name in ("cnn", "mlp", "default"))


def test_health(digits):
    """A serving server is exit code 0."""
    done = digits("health")

    assert (done.returncode, done.stdout) == (0, b"SERVING\n")
    assert json.loads(digits("health", "--json").stdout) == {"status": "SERVING"}


@pytest.mark.parametrize("command", ["predict", "compare", "batch", "models", "health"])
def test_no_server_is_exit_code_4(digits, unused_tcp_port, command):
    """Every command says where it looked and how to start a server, and leaves no file."""
    arguments = {"predict": ["digit.png"], "compare": ["digit.png"], "batch": [".", "-o", "r.csv"]}
    done = digits(command, *arguments.get(command, []), address=f"localhost:{unused_tcp_port}")

    assert done.returncode == 4
    assert f"localhost:{unused_tcp_port}" in done.stderr.decode()
    assert "make up" in done.stderr.decode()
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["guess"], "guess", id="unknown command"),
        pytest.param(["predict", "--frob", "digit.png"], "--frob", id="unknown option"),
        pytest.param(["predict"], "FILE", id="no file"),
        pytest.param(["batch"], "PATH", id="no path"),
        pytest.param(["predict", "digit.png", "--model", "nine"], "nine", id="unknown model"),
    ],
)
def test_wrong_usage_is_exit_code_2(digits, arguments, named):
    """The message names what is wrong."""
    done = digits(*arguments)

    assert done.returncode == 2
    assert named in done.stderr.decode()


def test_a_wrong_setting_is_exit_code_2(digits):
    """A port out of range names its variable; so does a misspelt one, as a warning."""
    done = digits("health", address=None, DIGITS_GRPC_PORT="70000", DIGITS_SERVER_ADRESS="x:1")

    assert done.returncode == 2
    assert "DIGITS_GRPC_PORT" in done.stderr.decode()
    assert "did you mean DIGITS_SERVER_ADDRESS?" in done.stderr.decode()


def test_the_environment_names_the_server(digits, server_address):
    """Without --address, the address or the port of the environment is used."""
    port = server_address.rpartition(":")[2]

    for environ in ({"DIGITS_SERVER_ADDRESS": server_address}, {"DIGITS_GRPC_PORT": port}):
        assert digits("health", address=None, **environ).returncode == 0


def test_the_example_script(digit_png, server_address, tmp_path):
    """The script that the documentation shows works and stays under 30 lines."""
    script = ROOT / "clients/python/examples/predict.py"
    done = subprocess.run(
        [sys.executable, script, "digit.png", "missing.png"],
        env=os.environ | {"DIGITS_SERVER_ADDRESS": server_address},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("digit.png: 7 ")
    assert done.stderr.startswith("missing.png: ")
    assert len(script.read_text().splitlines()) < 30
