"""`digits evaluate` against the server with the published models."""

import json
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from digits_core import bundle

DIGITS = Path(sysconfig.get_path("scripts")) / "digits"
PICTURES = Path(__file__).parents[1] / "golden/pictures"


@pytest.fixture
def folder(tmp_path, monkeypatch, digit_png) -> Path:
    """Sevens, one of them labelled as a one, a blank sheet, and a file that is cut short."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    for name in ("a.png", "b.png", "c.png", "unlabelled.png"):
        (own / name).write_bytes(digit_png)
    cv2.imwrite(str(own / "blank.png"), np.full((60, 60), 255, np.uint8))
    (own / "short.png").write_bytes(digit_png[:60])
    (own / "labels.csv").write_text(
        "file,label,kind\n"
        "a.png,7,photo\nb.png,7,scan\nc.png,1,scan\nblank.png,none,scan\nshort.png,7,photo\n"
    )
    return own


@pytest.fixture
def evaluate(server_address):
    """Run `digits evaluate` to its end."""

    def evaluate(*arguments: str, address=server_address) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DIGITS, "evaluate", *arguments, "--address", address],
            capture_output=True,
            text=True,
            timeout=60,
        )

    return evaluate


def test_the_figures_of_both_models(evaluate, folder):
    """Right, wrong, refused, failed: for people."""
    done = evaluate("own")

    for name in ("mlp", "cnn"):
        assert f"{name} {bundle.find(name).name} (SHA-256 " in done.stdout
    assert done.stdout.count("digits right           2 of 3, 66.67 %") == 2
    assert done.stdout.count("accepted and wrong     1") == 2
    assert done.stdout.count("not one digit, refused 1 of 1") == 2
    assert "mlp against cnn: only mlp right 0, only cnn right 0, p = 1" in done.stdout
    assert "left out for want of a label: 1" in done.stdout
    assert done.stderr.count("short.png: ") == 1
    assert "left out for want of a label: 1, such as own/unlabelled.png" in done.stderr
    assert done.returncode == 1


def test_the_figures_as_json(evaluate, folder):
    """An object a model, with groups and failures, and one for the pair; each names its model."""
    done = evaluate("own", "--json", "--by", "kind", "--labels", "own/labels.csv")

    mlp, cnn, pair = map(json.loads, done.stdout.splitlines())
    for model, name in ((mlp, "mlp"), (cnn, "cnn")):
        version = bundle.find(name).name
        assert (model["model"], model["model_version"], len(model["digest"])) == (name, version, 64)
        assert (model["digits"], model["right"], model["accepted_wrong"]) == (3, 2, 1)
        assert model["accuracy"] == pytest.approx(2 / 3)
        assert model["interval"] == pytest.approx([0.2077, 0.9385], abs=1e-4)
        assert (model["others"], model["others_refused"], model["unlabelled"]) == (1, 1, 1)
        assert (model["confusion"][7][7], model["confusion"][1][7]) == (2, 1)
        assert list(model["groups"]["kind"]) == ["photo", "scan"]
        assert [group["digits"] for group in model["groups"]["kind"].values()] == [1, 2]
        (failure,) = model["failures"]
        assert (failure["path"], failure["reason"]) == ("own/short.png", "CORRUPT_IMAGE")
    assert pair == {
        "models": ["mlp", "cnn"],
        "only_first_right": 0,
        "only_second_right": 0,
        "p_value": 1,
    }


def test_a_clean_folder_is_exit_code_0(evaluate, folder):
    """One model has no pair; groups stand below it."""
    (folder / "short.png").unlink()
    table = (folder / "labels.csv").read_text()
    (folder / "labels.csv").write_text(table.replace("short.png,7,photo\n", ""))
    done = evaluate("own", "--model", "cnn", "--by", "kind")

    assert done.returncode == 0
    assert "against" not in done.stdout
    assert [line.split()[:2] for line in done.stdout.splitlines() if "100.00 %" in line][-2:] == [
        ["photo", "1"],
        ["scan", "2"],
    ]


def test_a_missing_file_fails_alone(evaluate, folder):
    """A row without its file is a failure that names it."""
    (folder / "a.png").unlink()
    done = evaluate("own", "--model", "cnn")

    assert "own/a.png: the file cannot be read: No such file" in done.stderr
    assert "digits right           1 of 2" in done.stdout
    assert done.returncode == 1


def test_the_sheet(evaluate, folder):
    """What the model saw stands on it, for each model, and the error comes first."""
    done = evaluate("own", "--html", "sheet.html", "--most", "3")

    page = Path("sheet.html").read_text()
    assert done.returncode == 1
    assert page.count("<h2>") == 2
    assert page.count("<figure>") == 6
    assert page.index("1 → 7") < page.index("7 → 7")
    assert page.count('class="seen"') >= 4
    assert "://" not in page


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["missing"], "missing", id="no folder"),
        pytest.param(["own", "--labels", "none.csv"], "none.csv", id="no table"),
        pytest.param(["own", "--by", "pen"], "'pen'", id="no such column"),
        pytest.param(["own", "--most", "0"], "--most", id="no picture on the sheet"),
        pytest.param(["own", "--model", "nine"], "nine", id="unknown model"),
    ],
)
def test_wrong_usage_is_exit_code_2(evaluate, folder, arguments, named):
    """The message names what is wrong, and nothing is printed."""
    done = evaluate(*arguments)

    assert done.returncode == 2
    assert named in done.stderr
    assert done.stdout == ""


def test_a_folder_without_labels(evaluate, folder):
    """The folder is what was named, not --labels, which is a cure."""
    (folder / "labels.csv").unlink()
    done = evaluate("own")

    assert done.returncode == 2
    assert "Invalid value for FOLDER" in done.stderr
    assert "--labels" in done.stderr


def test_a_sheet_that_cannot_be_written(evaluate, folder):
    """A folder in the way is said, before anything is asked."""
    done = evaluate("own", "--html", "own")

    assert done.returncode == 2
    assert "is a folder" in done.stderr
    assert not done.stdout


def test_no_server_is_exit_code_4(evaluate, folder, unused_tcp_port):
    """It says where it looked."""
    done = evaluate("own", address=f"localhost:{unused_tcp_port}")

    assert done.returncode == 4
    assert "make up" in done.stderr


def test_an_interruption_leaves_no_half_sheet(
    launch_server, publish, tmp_path_factory, folder, digit_png
):
    """Ctrl-C ends the run at once with 130."""
    models = tmp_path_factory.mktemp("slow")
    publish(models, "cnn", products=50)
    (models / "default").write_text("cnn\n")
    server = launch_server(DIGITS_MODELS_DIR=models)
    server.wait_for("serving")
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{hear}; from digits_client.cli import main; main()"
    arguments = ["evaluate", "own", "--model", "cnn", "--html", "sheet.html"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments, "--address", server.address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 30
    while not _asked_for_models(server) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    server.stop()

    assert (process.returncode, stdout) == (130, "")
    assert "Traceback" not in stderr
    assert not list(Path().glob("sheet*"))


def _asked_for_models(server) -> bool:
    return any(call["method"] == "ListModels" for call in server.events("call"))


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_the_golden_pictures_are_read(evaluate, tmp_path, model):
    """The figures of a folder in which everything is right say so."""
    pictures = sorted(PICTURES.glob("*.png"))
    assert pictures
    rows = [f"{path.name},{path.name[0]}" for path in pictures if path.name[0].isdigit()]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *rows]))
    done = evaluate(str(PICTURES), "--labels", str(tmp_path / "labels.csv"), "--model", model)

    assert f"{len(rows)} of {len(rows)}, 100.00 %" in done.stdout
