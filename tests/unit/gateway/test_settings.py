import sys

import pytest
from digits_gateway import settings
from digits_gateway.settings import InvalidSettings, load, unknown_variables
from digits_server.settings import Settings as ServerSettings
from digits_server.settings import variable


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch):
    """No setting of ours is in the environment."""
    for name in [*map(variable, ServerSettings.__struct_fields__), "DIGITS_HTTP_PORT"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("DIGITS_SERVER_ADDRESS", raising=False)


def test_without_variables_the_contract_holds():
    """Only this machine, port 5000, the server on port 50051."""
    chosen = load()

    assert chosen.host == "127.0.0.1"
    assert chosen.http_port == 5000
    assert chosen.backend == "127.0.0.1:50051"
    assert chosen.max_body_bytes == 17 * 2**20


@pytest.mark.parametrize(
    ("variables", "backend"),
    [
        pytest.param({"DIGITS_GRPC_PORT": "50099"}, "127.0.0.1:50099", id="port"),
        pytest.param({"DIGITS_HOST": "::"}, "[::1]:50051", id="every address"),
        pytest.param({"DIGITS_HOST": "::1"}, "[::1]:50051", id="IPv6"),
        pytest.param({"DIGITS_SERVER_ADDRESS": "inference:1234"}, "inference:1234", id="address"),
        pytest.param(
            {"DIGITS_SERVER_ADDRESS": "", "DIGITS_GRPC_PORT": "7"}, "127.0.0.1:7", id="empty"
        ),
    ],
)
def test_the_backend_is_derived_unless_set(monkeypatch, variables, backend):
    """DIGITS_SERVER_ADDRESS wins, then DIGITS_HOST and DIGITS_GRPC_PORT."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert load().backend == backend


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
@pytest.mark.parametrize(
    ("variables", "first"),
    [
        pytest.param({}, "unix-abstract:digits-127.0.0.1:50051-0", id="default"),
        pytest.param(
            {"DIGITS_HOST": "10.0.0.7", "DIGITS_GRPC_PORT": "7"},
            "unix-abstract:digits-10.0.0.7:7-0",
            id="host and port",
        ),
        pytest.param({"DIGITS_HOST": "::"}, "unix-abstract:digits-[::]:50051-0", id="IPv6"),
        pytest.param({"DIGITS_SERVER_ADDRESS": "localhost:50051"}, None, id="elsewhere, perhaps"),
    ],
)
def test_the_workers_beside_the_gateway(monkeypatch, variables, first):
    """They are named after what the server listens on; there are none unless that is derived."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert (load().worker_addresses or [None])[0] == first
    assert len(set(load().worker_addresses)) == len(load().worker_addresses)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("DIGITS_HTTP_PORT", "70000", id="port too high"),
        pytest.param("DIGITS_HTTP_PORT", "web", id="port is no number"),
        pytest.param("DIGITS_GRPC_PORT", "0", id="no port"),
        pytest.param("DIGITS_SERVER_ADDRESS", "inference", id="address without a port"),
        pytest.param("DIGITS_MAX_BODY_BYTES", "0", id="limit 0"),
        pytest.param("DIGITS_READ_TIMEOUT_S", "60", id="longer than 15 s"),
        pytest.param("DIGITS_DEADLINE_S", "0", id="no time"),
    ],
)
def test_a_value_out_of_range_is_named(monkeypatch, name, value):
    """The text holds the variable and the value."""
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings, match=f"^{name}={value}: "):
        load()


@pytest.mark.parametrize("value", ["foo", "foo:", ":50051"])
def test_an_address_without_host_or_port_is_told_the_form(monkeypatch, value):
    """In words rather than as a pattern."""
    monkeypatch.setenv("DIGITS_SERVER_ADDRESS", value)

    with pytest.raises(InvalidSettings, match=r": give host:port, such as localhost:50051$"):
        load()


def test_settings_are_frozen():
    """Settings are read once, at the start."""
    with pytest.raises(ValueError, match="frozen"):
        load().http_port = 1


def test_an_unknown_variable_comes_with_the_nearest_name():
    """Only variables with our prefix count."""
    environment = {"DIGITS_HTTP_PROT": "1", "DIGITS_": "", "PATH": "/bin", "DIGITS_HOST": "::1"}

    assert list(unknown_variables(environment)) == [
        ("DIGITS_", "DIGITS_HOST"),
        ("DIGITS_HTTP_PROT", "DIGITS_HTTP_PORT"),
    ]


def test_variables_of_the_server_are_no_mistake():
    """Processes share an environment: every setting of the server is known here."""
    theirs = {variable(field): "1" for field in ServerSettings.__struct_fields__}

    assert list(unknown_variables(theirs)) == []
    assert not settings.READ_ELSEWHERE - theirs.keys() - {"DIGITS_DATA_DIR", "DIGITS_WORKERS"}
