import base64
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from digits_client import Comparison, DigitsError, ModelNotFound, ServerUnavailable
from digits_core.reading.readings import MOST_CHARACTERS
from digits_gateway.app import build
from digits_gateway.problems import STATUS
from digits_gateway.settings import Settings

from tests.gateways import FakeBackend, prediction

KEYS = [
    "prediction",
    "confidence",
    "probabilities",
    "digit_score",
    "accepted",
    "reason",
    "model",
    "model_version",
]
PROBLEM_KEYS = {"title", "status", "detail", "reason", "field"}
OF_THE_GATEWAY = {"MALFORMED_REQUEST", "NOT_FOUND", "METHOD_NOT_ALLOWED", "INVALID_REQUEST"}


@pytest.fixture
def backend() -> FakeBackend:
    """What stands behind the gateway."""
    return FakeBackend()


@pytest.fixture
async def http(backend: FakeBackend) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    app = build(Settings(server_address="backend:1"), connect=backend)
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope, receive, send) -> None:
            await app(scope | {"state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(with_state)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


async def test_predict_answers_with_the_contract_s_keys(http, backend):
    """Eight keys in their order, the digit under `prediction`."""
    reply = await http.post("/predict", files={"file": b"picture"})

    assert reply.status_code == 200
    assert list(reply.json()) == KEYS
    assert reply.json()["prediction"] == 7
    assert reply.json()["probabilities"][7] == 0.991
    assert reply.json()["reason"] is None
    assert backend.calls[0]["image"] == b"picture"


async def test_a_raw_body_is_a_picture_too(http, backend):
    """`curl --data-binary @digit.png` works, with the type that curl gives it."""
    for kind in ("image/png", "application/x-www-form-urlencoded", "text/html"):
        reply = await http.post("/predict", content=b"picture", headers={"content-type": kind})

        assert reply.status_code == 200
    assert [call["image"] for call in backend.calls] == [b"picture"] * 3


async def test_blank_is_answered_without_a_digit(http, backend):
    """No ink is an answer: `prediction` is null."""
    backend.answer = prediction(digit=None, confidence=0.0, accepted=False, reason="BLANK")

    reply = await http.post("/predict", content=b"picture")

    assert reply.status_code == 200
    assert reply.json()["prediction"] is None
    assert reply.json()["reason"] == "BLANK"
    assert list(reply.json()) == KEYS


async def test_the_model_may_be_named(http, backend):
    """`?model=` goes to the server; without it the server chooses."""
    await http.post("/predict?model=mlp", content=b"picture")
    await http.post("/predict", content=b"picture")

    assert [call["model"] for call in backend.calls] == ["mlp", ""]


async def test_what_the_model_saw_comes_on_request(http):
    """784 bytes in base64 with `include_normalized`, no key without."""
    path = "/predict?include_normalized=true"
    reply = (await http.post(path, content=b"picture")).json()
    both = (await http.post("/compare?include_normalized=true", content=b"picture")).json()

    assert base64.b64decode(reply["normalized"]) == prediction().normalized
    assert all(len(base64.b64decode(each["normalized"])) == 784 for each in both["predictions"])


async def test_compare_sets_the_answers_side_by_side(http):
    """The same keys for each model, and whether they agree."""
    reply = (await http.post("/compare", files={"file": b"picture"})).json()

    assert list(reply) == ["predictions", "agree"]
    assert [list(each) for each in reply["predictions"]] == [KEYS, KEYS]
    assert [each["model"] for each in reply["predictions"]] == ["mlp", "cnn"]
    assert reply["agree"] is True


async def test_a_model_of_a_comparison_fails_alone(http, backend):
    """Its error stands in its place."""
    missing = ModelNotFound("there is no model mlp", reason="MODEL_NOT_FOUND")
    backend.comparison = Comparison({"mlp": missing, "cnn": prediction()}, agree=False)

    reply = await http.post("/compare", content=b"picture")

    assert reply.status_code == 200
    assert reply.json()["predictions"][0] == {
        "model": "mlp",
        "error": {"reason": "MODEL_NOT_FOUND", "detail": "There is no model mlp.", "field": None},
    }
    assert reply.json()["predictions"][1]["prediction"] == 7


async def test_a_number_is_answered_digit_by_digit(http, backend):
    """The text, and each character with its box; null for what is no digit."""
    reply = await http.post("/read", files={"file": b"picture"})

    assert reply.status_code == 200
    assert list(reply.json()) == ["text", "confidence", "reason", "digits"]
    assert reply.json()["text"] == "42"
    assert reply.json()["reason"] is None
    assert reply.json()["digits"][0] == {
        "digit": 4,
        "confidence": 0.99,
        "accepted": True,
        "box": [10, 20, 30, 40],
        "row": 0,
        "alternatives": [{"digit": 9, "confidence": 0.008}],
    }
    assert [each["digit"] for each in reply.json()["digits"]] == [4, 2, None]
    assert backend.calls[0]["image"] == b"picture"


async def test_the_count_of_digits_may_be_bounded(http, backend):
    """`?min_digits=` and `?max_digits=` go to the server; 0, no bound, without them."""
    await http.post("/read?min_digits=4&max_digits=6", content=b"picture")
    await http.post("/read", content=b"picture")

    bounds = [(call["min_digits"], call["max_digits"]) for call in backend.calls]
    assert bounds == [(4, 6), (0, 0)]


@pytest.mark.parametrize("field", ["min_digits", "max_digits"])
@pytest.mark.parametrize("value", ["-1", "1001", "99999999999999", "abc", ""])
async def test_a_bound_that_is_none_is_told_the_limit(http, backend, field, value):
    """Whatever is wrong with it, one sentence says what to give; the reader is not asked."""
    reply = await http.post(f"/read?{field}={value}", content=b"picture")

    assert (reply.status_code, reply.json()["reason"]) == (422, "INVALID_REQUEST")
    assert reply.json()["field"] == field
    assert reply.json()["detail"] == (
        f"{field} is {value!r}: give a whole number from 1 to 1,000, or 0 for no bound."
    )
    assert not backend.calls


async def test_the_limit_of_a_bound_is_the_reader_s(http, backend):
    """The schema names it, and it is let through."""
    reply = await http.post(f"/read?max_digits={MOST_CHARACTERS}", content=b"picture")
    parameters = (await http.get("/openapi.json")).json()["paths"]["/read"]["post"]["parameters"]

    limits = [(each["schema"]["minimum"], each["schema"]["maximum"]) for each in parameters]
    assert limits == [(0, MOST_CHARACTERS)] * 2
    assert reply.status_code == 200


async def test_a_word_that_is_no_truth_value_is_told_which_are(http):
    """With the parameter's name and the word, as far as it fits."""
    reply = await http.post(f"/compare?include_normalized={'maybe' * 99}", content=b"picture")

    assert reply.json()["field"] == "include_normalized"
    assert reply.json()["detail"].startswith("include_normalized is 'maybemaybe")
    assert reply.json()["detail"].endswith("': give true or false.")
    assert len(reply.json()["detail"]) < 200


@pytest.mark.parametrize(
    ("path", "there_are"),
    [
        pytest.param("/predict", "model or include_normalized", id="predict"),
        pytest.param("/compare", "include_normalized", id="compare"),
        pytest.param("/read", "min_digits or max_digits", id="read"),
    ],
)
async def test_a_parameter_that_there_is_not_is_refused(http, backend, path, there_are):
    """A typing error is named beside what the path takes, rather than ignored."""
    reply = await http.post(f"{path}?maxdigits=3")

    assert (reply.status_code, reply.json()["reason"]) == (422, "INVALID_REQUEST")
    assert reply.json()["field"] == "maxdigits"
    assert reply.json()["detail"] == f"There is no parameter 'maxdigits': give {there_are} here."
    assert not backend.calls


@pytest.mark.parametrize("path", ["/models", "/healthz", "/readyz"])
async def test_where_there_are_no_parameters_none_is_refused(http, path):
    """Probes add one against caches."""
    assert (await http.get(f"{path}?now=1")).status_code == 200


async def test_a_recogniser_without_a_reader_says_so(http, backend):
    """501, what is missing and what to do, without the server's address."""
    backend.number = DigitsError("no such call at 10.0.0.7", reason="UNIMPLEMENTED")

    reply = await http.post("/read", content=b"picture")

    assert (reply.status_code, reply.json()["reason"]) == (501, "UNIMPLEMENTED")
    assert "reader" in reply.json()["detail"]
    assert "10.0.0.7" not in reply.text


async def test_models_are_listed(http):
    """With their figures, and which is the default."""
    reply = (await http.get("/models")).json()

    assert [model["name"] for model in reply["models"]] == ["cnn", "mlp"]
    assert reply["models"][0]["metrics"] == {"mnist_test_accuracy": 0.997}
    assert reply["models"][1]["ready"] is False
    assert reply["default_model"] == "cnn"


@pytest.mark.parametrize("reason", STATUS.keys() - OF_THE_GATEWAY)
@pytest.mark.parametrize("path", ["/predict", "/compare", "/read"])
async def test_each_row_of_the_error_table(http, backend, path, reason):
    """Status, media type and keys of each failure that the server can report."""
    failure = DigitsError("the picture is at fault", reason=reason, field="image.encoded")
    backend.answer = backend.comparison = backend.number = failure

    reply = await http.post(path, files={"file": b"picture"})

    assert reply.status_code == STATUS[reason] == reply.json()["status"]
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json().keys() == PROBLEM_KEYS
    assert reply.json()["reason"] == reason
    assert reply.json()["field"] == "file"


def test_the_table_is_the_contract_s():
    """Every reason of the design, with its status."""
    contract = {
        400: ["EMPTY_IMAGE", "CORRUPT_IMAGE", "IMAGE_MISSING", "WRONG_SIZE", "BAD_HINT"],
        415: ["UNSUPPORTED_FORMAT"],
        422: ["IMAGE_TOO_SMALL", "BAD_ASPECT", "TOO_MANY_CHARACTERS"],
        413: ["IMAGE_TOO_LARGE", "TOO_MANY_PIXELS", "TOO_MANY_ITEMS"],
        404: ["MODEL_NOT_FOUND"],
        429: ["OVERLOADED"],
        503: ["SHUTTING_DOWN", "NOT_READY"],
        504: ["DEADLINE"],
        500: ["INTERNAL"],
        501: ["UNIMPLEMENTED"],
    }

    expected = {reason: status for status, reasons in contract.items() for reason in reasons}
    assert expected.items() <= STATUS.items()


async def test_what_nobody_foresaw_is_a_fixed_text(http, backend):
    """An exception inside ends as INTERNAL, and its text stays inside."""
    backend.answer = RuntimeError("/srv/secret is on fire")

    reply = await http.post("/predict", content=b"picture")

    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["reason"] == "INTERNAL"
    assert "fire" not in reply.text
    assert reply.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        pytest.param("GET", "/nowhere", 404, "NOT_FOUND", id="no such path"),
        pytest.param("GET", "/static/nothing.js", 404, "NOT_FOUND", id="no such file"),
        pytest.param("GET", "/static/..%2fapp.py", 404, "NOT_FOUND", id="outside of the folder"),
        pytest.param("GET", "/predict", 405, "METHOD_NOT_ALLOWED", id="wrong method"),
        pytest.param(
            "POST", "/predict?include_normalized=perhaps", 422, "INVALID_REQUEST", id="bad query"
        ),
    ],
)
async def test_the_framework_s_failures_are_problems_too(http, method, path, status, reason):
    """Whatever fails is a problem document."""
    reply = await http.request(method, path, content=b"picture" if method == "POST" else None)

    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json().keys() == PROBLEM_KEYS
    assert reply.json()["reason"] == reason


async def test_a_slash_too_many_is_no_such_path(http):
    """Callers that follow no redirect read what is wrong."""
    reply = await http.post("/predict/", content=b"picture")

    assert (reply.status_code, reply.json()["reason"]) == (404, "NOT_FOUND")
    assert "POST /predict/" in reply.json()["detail"]


async def test_405_names_what_is_allowed(http):
    """As HTTP demands."""
    assert (await http.get("/predict")).headers["allow"] == "POST"


async def test_liveness_does_not_ask_the_recogniser(http, backend):
    """While it is away, /healthz is well and /readyz is not."""
    backend.serving = ServerUnavailable("no server at 10.0.0.7", reason="UNAVAILABLE")
    alive, ready = await http.get("/healthz"), await http.get("/readyz")

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["reason"]) == (503, "NOT_READY")
    assert "10.0.0.7" not in ready.text


@pytest.mark.parametrize(("serving", "status"), [(True, 200), (False, 503)])
async def test_readiness_is_the_recogniser_s(http, backend, serving, status):
    """It may be reachable and still not serve."""
    backend.serving = serving

    assert (await http.get("/readyz")).status_code == status


async def test_a_request_keeps_its_id(http, backend):
    """It is passed on to the server and back to the caller; a bad one is replaced."""
    kept = await http.post("/predict", content=b"x", headers={"x-request-id": "order-66"})
    replaced = await http.post("/predict", content=b"x", headers={"x-request-id": "a b\tc"})

    assert kept.headers["x-request-id"] == "order-66"
    assert backend.calls[0]["metadata"] == [("x-request-id", "order-66")]
    assert re.fullmatch("[0-9a-f]{32}", replaced.headers["x-request-id"])
    assert backend.calls[1]["metadata"] == [("x-request-id", replaced.headers["x-request-id"])]


@pytest.mark.parametrize("path", ["/", "/docs", "/models", "/nowhere", "/static/main.js"])
async def test_browsers_are_kept_from_guessing(http, path):
    """No sniffing, no scripts but ours, no frames, on every reply."""
    headers = (await http.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_the_pages_need_nothing_from_elsewhere(http, path):
    """Every file that they name is served here."""
    page = await http.get(path)
    named = re.findall(r'(?:src|href)="([^"#]+)"', page.text)

    assert page.headers["content-type"].startswith("text/html")
    assert named
    assert not [name for name in named if "//" in name]
    for name in named:
        assert (await http.get(f"/{name.removeprefix('.')}")).status_code == 200, name


async def test_the_schema_names_every_failure(http):
    """The picture's routes document both bodies and each status of the table."""
    schema = (await http.get("/openapi.json")).json()

    elsewhere = {"/predict": {405, 501}, "/compare": {405, 501}, "/read": {404, 405}}
    for path, others in elsewhere.items():
        operation = schema["paths"][path]["post"]
        documented = {int(status) for status in operation["responses"]}
        assert documented == {200} | set(STATUS.values()) - others
        assert {"multipart/form-data", "image/png"} <= operation["requestBody"]["content"].keys()
        problem = operation["responses"]["400"]["content"]["application/problem+json"]["schema"]
        assert problem["properties"].keys() == PROBLEM_KEYS
