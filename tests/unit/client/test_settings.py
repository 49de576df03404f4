import pytest
from digits_client.settings import server_address, warnings


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        pytest.param({}, "localhost:50051", id="nothing set"),
        pytest.param({"DIGITS_GRPC_PORT": "6000"}, "localhost:6000", id="another port"),
        pytest.param(
            {"DIGITS_SERVER_ADDRESS": "there:1", "DIGITS_GRPC_PORT": "x"}, "there:1", id="address"
        ),
    ],
)
def test_the_server_s_address(environ, address):
    """The address is derived from the port unless it is set."""
    assert server_address(environ) == address


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x", "5e3", "٣"])
def test_a_port_out_of_range_names_the_variable(port):
    """The message says which variable to mend."""
    with pytest.raises(ValueError, match="DIGITS_GRPC_PORT"):
        server_address({"DIGITS_GRPC_PORT": port})


def test_a_misspelt_name_is_told():
    """A near miss is one warning; other programs' variables are none."""
    environ = dict.fromkeys(
        [
            "DIGITS_SERVER_ADRESS",
            "DIGITS_HTTP_PORT",
            "DIGITS_MAX_ITEMS",
            "PATH",
            "DIGITS_GRPC_PORT",
        ],
        "",
    )
    assert warnings(environ) == [
        "DIGITS_SERVER_ADRESS is unknown, did you mean DIGITS_SERVER_ADDRESS?"
    ]
