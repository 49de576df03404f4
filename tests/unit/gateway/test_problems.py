import pytest
from digits_client import DigitsError
from digits_gateway.problems import STATUS, Problem
from digits_server.status import CODES

INSIDE = "/srv/models/cnn exploded: 10.0.0.7"


@pytest.mark.parametrize("reason", STATUS)
def test_each_reason_has_its_status(reason):
    """The document repeats status and reason."""
    document = Problem(reason, "Why.").document()

    assert document.status == STATUS[reason]
    assert document.reason == reason
    assert document.title


@pytest.mark.parametrize("reason", sorted(CODES))
def test_each_reason_of_the_server_is_known(reason):
    """No reason that the server gives becomes INTERNAL by oversight."""
    assert Problem.of(DigitsError("Why.", reason=reason)).reason == reason


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        pytest.param("SURPRISE", 500, id="unknown"),
        pytest.param("INTERNAL", 500, id="internal"),
        pytest.param("UNIMPLEMENTED", 501, id="no reader"),
        pytest.param("OVERLOADED", 429, id="overloaded"),
        pytest.param("NOT_READY", 503, id="not ready"),
        pytest.param("UNAVAILABLE", 503, id="no connection"),
        pytest.param("DEADLINE", 504, id="deadline"),
    ],
)
def test_the_callee_s_faults_have_a_fixed_text(reason, status):
    """Neither a path nor an address nor an exception's text leaves the house."""
    document = Problem.of(DigitsError(INSIDE, reason=reason)).document()

    assert document.status == status
    assert not set(INSIDE.split()) & set(document.detail.split())


def test_the_caller_s_faults_are_explained():
    """What is wrong with the picture is passed on, as a sentence, in HTTP's words."""
    error = DigitsError(
        "the file ends early: send it again", reason="CORRUPT_IMAGE", field="image.encoded"
    )

    document = Problem.of(error, "body").document()

    assert document.detail == "The file ends early: send it again."
    assert document.field == "body"


@pytest.mark.parametrize(
    ("text", "field", "detail"),
    [
        pytest.param("max_digits is 2", None, "max_digits is 2.", id="name"),
        pytest.param("model is too long", "model", "model is too long.", id="field"),
        pytest.param("model files are missing", None, "Model files are missing.", id="word"),
    ],
)
def test_a_name_stays_as_it_is_written(text, field, detail):
    """A sentence begins with a capital, unless that would misspell what the caller has to give."""
    assert Problem.of(DigitsError(text, reason="BAD_HINT", field=field)).detail == detail


def test_who_should_wait_is_told_how_long():
    """429 and 503 carry Retry-After."""
    assert Problem("OVERLOADED", "").response().headers["retry-after"] == "1"
    assert int(Problem("NOT_READY", "").response().headers["retry-after"]) <= 5
    assert "retry-after" not in Problem("CORRUPT_IMAGE", "").response().headers
