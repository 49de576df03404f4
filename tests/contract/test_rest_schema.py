"""The OpenAPI schema is true: whatever it lets through is answered as it says."""

from collections.abc import Iterator

import hypothesis
import pytest

from tests.gateways import GatewayProcess, running

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = 30  # a route


@pytest.fixture(scope="module")
def gateway(launch_server, reading_models, tmp_path_factory) -> Iterator[GatewayProcess]:
    """A gateway before a server with small models, a reader of numbers among them."""
    server = launch_server(DIGITS_MODELS_DIR=reading_models)
    server.wait_for("serving")
    with running(tmp_path_factory.mktemp("gateway"), server.address) as gateway:
        yield gateway
        assert not gateway.events("failure"), gateway.text


@pytest.fixture(scope="module")
def api(gateway):
    """The schema, from the gateway itself."""
    return schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")


ROUTES = [
    ("/predict", "POST"),
    ("/compare", "POST"),
    ("/read", "POST"),
    ("/models", "GET"),
    ("/healthz", "GET"),
    ("/readyz", "GET"),
]


def test_every_route_is_tried(api):
    """The list below misses none."""
    assert sorted(ROUTES) == sorted(
        (result.ok().path, result.ok().method.upper()) for result in api.get_all_operations()
    )


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_every_reply_is_as_the_schema_says(api, path, method):
    """No server error, no undocumented status, no reply of another shape."""

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
    @hypothesis.given(case=api[path][method].as_strategy())
    def holds(case) -> None:
        # Random bytes fit the schema of a picture and are rightly refused.
        case.call_and_validate(excluded_checks=[schemathesis.checks.positive_data_acceptance])

    holds()
