import pytest
from digits_gateway.address import own


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        pytest.param({}, "127.0.0.1:5000", id="nothing set"),
        pytest.param({"DIGITS_HTTP_PORT": "8000"}, "127.0.0.1:8000", id="port"),
        pytest.param({"DIGITS_HTTP_PORT": "", "DIGITS_HOST": ""}, "127.0.0.1:5000", id="empty"),
        pytest.param({"DIGITS_HOST": "0.0.0.0"}, "127.0.0.1:5000", id="every address"),  # noqa: S104
        pytest.param({"DIGITS_HOST": "::"}, "[::1]:5000", id="every address of IPv6"),
        pytest.param({"DIGITS_HOST": "10.0.0.7"}, "10.0.0.7:5000", id="one address"),
    ],
)
def test_where_a_gateway_is_found_from_its_own_machine(environment, address):
    """The health check asks the gateway that has the same environment."""
    assert own(environment) == address
