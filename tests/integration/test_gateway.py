import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from tests.gateways import GatewayProcess, environment, running


@pytest.fixture(scope="module")
def gateway(server_address, tmp_path_factory) -> Iterator[GatewayProcess]:
    """A gateway before the server with the published models."""
    with running(tmp_path_factory.mktemp("gateway"), server_address) as gateway:
        yield gateway
        assert gateway.stop() == 0, gateway.text


@pytest.fixture
def http(gateway) -> Iterator[httpx.Client]:
    """A client of the gateway."""
    with httpx.Client(base_url=gateway.url, timeout=30) as client:
        yield client


@pytest.fixture
def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def command(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m digits_gateway` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "digits_gateway", *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
    )


def encoded(suffix: str, picture) -> bytes:
    """An image file."""
    return cv2.imencode(suffix, picture)[1].tobytes()


def test_a_picture_is_read(http, digit_png):
    """As a form's field and as the raw body, the seven is a seven."""
    form = http.post("/predict", files={"file": ("../../x\n.png", digit_png)})
    raw = http.post("/predict", content=digit_png)

    assert form.status_code == 200
    assert form.json()["prediction"] == 7
    assert form.json()["accepted"] is True
    assert sum(form.json()["probabilities"]) == pytest.approx(1)
    assert raw.json() == form.json()


def test_both_models_are_compared(http, digit_png):
    """MLP and CNN agree on a clear seven, and show what they saw."""
    reply = http.post("/compare?include_normalized=true", files={"file": digit_png}).json()

    assert [each["model"] for each in reply["predictions"]] == ["mlp", "cnn"]
    assert [each["prediction"] for each in reply["predictions"]] == [7, 7]
    assert reply["agree"] is True
    assert reply["predictions"][0]["normalized"] == reply["predictions"][1]["normalized"]


def test_blank_paper_is_answered(http):
    """Empty form fields are everyday input."""
    reply = http.post("/predict", content=encoded(".png", np.full((40, 40), 255, np.uint8)))

    assert reply.status_code == 200
    assert reply.json()["prediction"] is None
    assert reply.json()["reason"] == "BLANK"


def test_the_models_are_listed(http):
    """The default is one of them."""
    reply = http.get("/models").json()

    assert {"mlp", "cnn"} <= {model["name"] for model in reply["models"]}
    assert reply["default_model"] in {model["name"] for model in reply["models"]}


@pytest.mark.parametrize(
    ("content", "query", "answer"),
    [
        pytest.param(b"", "", (400, "EMPTY_IMAGE"), id="empty"),
        pytest.param(b"hello, is this a digit?", "", (415, "UNSUPPORTED_FORMAT"), id="text"),
        pytest.param(b"<svg xmlns='x'/>", "", (415, "UNSUPPORTED_FORMAT"), id="SVG"),
        pytest.param(b"\0\0\0\x18ftypheic" + bytes(64), "", (415, "UNSUPPORTED_FORMAT"), id="HEIC"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(9), "", (400, "CORRUPT_IMAGE"), id="corrupt"),
        pytest.param(
            encoded(".png", np.zeros((1, 1), np.uint8)), "", (422, "IMAGE_TOO_SMALL"), id="1x1"
        ),
        pytest.param(
            encoded(".png", np.zeros((4, 400), np.uint8)), "", (422, "BAD_ASPECT"), id="strip"
        ),
        pytest.param(
            encoded(".png", np.zeros((20_001, 500), np.uint8)),
            "",
            (413, "TOO_MANY_PIXELS"),
            id="side",
        ),
        pytest.param(
            b"\x89PNG\r\n\x1a\n" + bytes(16 * 2**20), "", (413, "IMAGE_TOO_LARGE"), id="bytes"
        ),
        pytest.param(
            encoded(".png", np.zeros((9, 9), np.uint8)),
            "?model=none",
            (404, "MODEL_NOT_FOUND"),
            id="model",
        ),
    ],
)
def test_the_error_table_end_to_end(http, digit_png, content, query, answer):
    """The server's reasons arrive with their status, and a good picture is read afterwards."""
    reply = http.post(f"/predict{query}", content=content)

    assert (reply.status_code, reply.json()["reason"]) == answer
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["field"] == ("model" if query else "body")
    assert http.post("/predict", content=digit_png).json()["prediction"] == 7


def test_one_line_a_request_with_the_same_id_on_both_sides(http, gateway, server, digit_png):
    """The id that a caller sends is in the gateway's log and in the server's."""
    http.post("/predict", files={"file": digit_png}, headers={"x-request-id": "both-sides"})

    def lines(process, event: str) -> list[dict]:
        end = time.monotonic() + 10  # the answer may be here before the line is
        while time.monotonic() < end:
            if found := [e for e in process.events(event) if e["request_id"] == "both-sides"]:
                return found
            time.sleep(0.02)
        return []

    assert [(each["path"], each["status"]) for each in lines(gateway, "request")] == [
        ("/predict", 200)
    ]
    assert len(lines(server, "call")) == 1


def test_the_gateway_comes_before_its_server_and_finds_it_again(
    launch_server, tiny_models, free_port, digit_png, tmp_path
):
    """Without a server 503 at once; within 5 s of its return answers, with no restart."""

    def until_ready() -> float:
        started = time.monotonic()
        while httpx.get(f"{gateway.url}/readyz").status_code != 200:
            assert time.monotonic() - started < 5
            time.sleep(0.05)
        return time.monotonic() - started

    with running(tmp_path, f"127.0.0.1:{free_port}") as gateway:
        for _ in range(2):
            started = time.monotonic()
            away = httpx.post(f"{gateway.url}/predict", content=digit_png)

            assert (away.status_code, away.json()["reason"]) == (503, "NOT_READY")
            assert time.monotonic() - started < 4  # 0.7 s on a machine at rest
            assert httpx.get(f"{gateway.url}/healthz").status_code == 200
            assert httpx.get(f"{gateway.url}/readyz").status_code == 503

            server = launch_server(DIGITS_GRPC_PORT=free_port, DIGITS_MODELS_DIR=tiny_models)
            server.wait_for("serving")
            until_ready()

            assert httpx.post(f"{gateway.url}/predict", content=digit_png).status_code == 200
            server.stop()


def test_a_caller_who_hangs_up_is_not_worked_for(http, server, heavy_png):
    """The call to the server is cancelled."""
    with pytest.raises(httpx.ReadTimeout):
        http.post("/predict", content=heavy_png, headers={"x-request-id": "gone"}, timeout=0.1)

    def cancelled() -> bool:
        calls = [call for call in server.events("call") if call["request_id"] == "gone"]
        return bool(calls) and calls[0]["code"] == "CANCELLED"

    end = time.monotonic() + 5
    while not cancelled() and time.monotonic() < end:
        time.sleep(0.02)
    assert cancelled(), server.events("call")[-3:]


def test_a_port_in_use_is_named_with_the_cure(gateway):
    """The start fails, and says what to do."""
    failed = command(DIGITS_HTTP_PORT=gateway.port)

    assert failed.returncode == 1
    assert f"port {gateway.port} is in use" in failed.stderr
    assert f"DIGITS_HTTP_PORT={gateway.port + 1}" in failed.stderr
    assert "AirPlay" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_host_that_is_not_ours_is_named():
    """The start fails with a sentence."""
    failed = command(DIGITS_HOST="192.0.2.1", DIGITS_HTTP_PORT=0)

    assert failed.returncode == 1
    assert "192.0.2.1 (DIGITS_HOST)" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        pytest.param([], {"DIGITS_HTTP_PORT": 70000}, "DIGITS_HTTP_PORT", id="port"),
        pytest.param([], {"DIGITS_MAX_BODY_BYTES": 0}, "DIGITS_MAX_BODY_BYTES", id="limit"),
        pytest.param(["--port=1"], {}, "--port", id="option"),
    ],
)
def test_a_mistake_in_usage_ends_with_2(arguments, settings, named):
    """And names the key."""
    failed = command(*arguments, **settings)

    assert failed.returncode == 2
    assert named in failed.stderr
    assert "Traceback" not in failed.stderr


def test_an_unknown_variable_is_one_warning(server_address, tmp_path):
    """With the nearest known name; the server's variables are no mistake."""
    settings = {"DIGITS_DEADLINE": 3, "DIGITS_MODELS_DIR": "x"}
    with running(tmp_path, server_address, **settings) as gateway:
        warnings = gateway.events("unknown_setting")

    assert [(each["name"], each["nearest"]) for each in warnings] == [
        ("DIGITS_DEADLINE", "DIGITS_DEADLINE_S")
    ]


def test_the_health_check_is_the_gateway_s_readiness(gateway, free_port):
    """`check` exits 0 while pictures can be read, 1 otherwise."""
    well = command("check", DIGITS_HTTP_PORT=gateway.port)
    away = command("check", DIGITS_HTTP_PORT=free_port)

    assert (well.returncode, well.stderr) == (0, "")
    assert away.returncode == 1
    assert re.search(r"not ready", away.stderr)


@pytest.mark.parametrize("port", ["web", "70000"])
def test_the_health_check_of_a_wrong_port_is_a_sentence(port):
    """A port that is none fails the check, without a traceback."""
    asked = command("check", DIGITS_HTTP_PORT=port)

    assert asked.returncode == 1
    assert asked.stderr.startswith(f"127.0.0.1:{port} is not ready: ")
    assert asked.stderr.count("\n") == 1


def test_the_health_check_is_light(gateway):
    """It is run every few seconds: three tenths of a second of a processor, at most."""
    before = _children_time()
    command("check", DIGITS_HTTP_PORT=gateway.port)

    assert _children_time() - before < 0.3


def _children_time() -> float:
    """Seconds of a processor that processes which have ended took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_it_runs_on_a_root_that_cannot_be_written(server_address, tmp_path, digit_png):
    """Without a place for temporary files even a large picture is read."""
    noise = np.random.default_rng(0).integers(0, 255, (2600, 2600), np.uint8)
    large = encoded(".png", noise)
    nowhere = {"TMPDIR": str(Path("/proc"))}
    with running(tmp_path, server_address, **nowhere) as gateway:
        small = httpx.post(f"{gateway.url}/predict", content=digit_png, timeout=30)
        huge = httpx.post(f"{gateway.url}/predict", content=large, timeout=30)

    assert len(large) > 4 * 2**20
    assert (small.status_code, huge.status_code) == (200, 200)
