from contextlib import suppress
from pathlib import Path

import digits_gateway.settings
import msgspec
import pytest
from digits_core import Limits
from digits_server import address, settings
from digits_server.settings import Settings, WrongSettings


def test_defaults() -> None:
    """Without variables the contract's defaults hold, and the picture's limits are the core's."""
    chosen = settings.read({})

    assert (chosen.host, chosen.grpc_port) == ("127.0.0.1", 50051)
    assert chosen.limits == Limits()
    assert (chosen.max_items, chosen.max_message_bytes) == (1024, 32 * 2**20)
    assert chosen.deadline_s == 10


def test_limits_are_settings() -> None:
    """Each limit of a picture can be set."""
    chosen = settings.read(
        {
            "DIGITS_MAX_IMAGE_BYTES": "100",
            "DIGITS_MAX_IMAGE_PIXELS": "200",
            "DIGITS_MAX_IMAGE_SIDE": "30",
        }
    )

    assert chosen.limits == Limits(max_bytes=100, max_pixels=200, max_side=30)


def test_kinds() -> None:
    """Paths and fractions are read as such, names in any case."""
    chosen = settings.read({"DIGITS_MODELS_DIR": "/models", "digits_deadline_s": " 0.5"})

    assert chosen.models_dir == Path("/models")
    assert chosen.deadline_s == 0.5


def test_empty_counts_as_unset() -> None:
    """Compose files pass empty variables on."""
    assert settings.read({"DIGITS_GRPC_PORT": "", "DIGITS_HOST": ""}) == settings.read({})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("DIGITS_GRPC_PORT", "70000", id="port"),
        pytest.param("DIGITS_GRPC_PORT", "http", id="not-a-number"),
        pytest.param("DIGITS_WORKERS", "0", id="workers"),
        pytest.param("DIGITS_MAX_ITEMS", "0", id="items"),
        pytest.param("DIGITS_MAX_IMAGE_BYTES", "0", id="bytes"),
        pytest.param("DIGITS_MAX_IMAGE_SIDE", "-1", id="side"),
        pytest.param("DIGITS_MAX_MESSAGE_BYTES", "4294967296", id="message"),
        pytest.param("DIGITS_MAX_IN_FLIGHT", "0", id="in-flight"),
        pytest.param("DIGITS_DEADLINE_S", "nan", id="nan"),
        pytest.param("DIGITS_DEADLINE_S", "inf", id="inf"),
        pytest.param("DIGITS_DEADLINE_S", "0", id="deadline"),
        pytest.param("DIGITS_DRAIN_GRACE_S", "-1", id="grace"),
        pytest.param("DIGITS_MAX_CONNECTION_AGE_S", "0", id="age"),
    ],
)
def test_out_of_range(variable: str, value: str) -> None:
    """A value out of range is refused, with its variable and the value."""
    with pytest.raises(WrongSettings) as caught:
        settings.read({variable: value})

    assert str(caught.value).startswith(f"{variable}={value!r}: ")


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [
        pytest.param("DIGITS_GRPC_PORT", "a whole number from 0 up to 65,535", id="port"),
        pytest.param("DIGITS_MAX_ITEMS", "a whole number from 1 up", id="no-upper-limit"),
        pytest.param("DIGITS_DEADLINE_S", "a number above 0 up to 3,600", id="above"),
        pytest.param("DIGITS_DRAIN_GRACE_S", "a number from 0 up to 3,600", id="fraction"),
    ],
)
@pytest.mark.parametrize("value", ["abc", "-1"])
def test_what_is_wanted_is_named(variable: str, value: str, wanted: str) -> None:
    """The kind of number and its range, whether the value is no number or out of range."""
    with pytest.raises(WrongSettings) as caught:
        settings.read({variable: value})

    assert str(caught.value) == f"{variable}={value!r}: give {wanted}"


@pytest.mark.parametrize("field", msgspec.structs.fields(Settings), ids=lambda field: field.name)
def test_what_is_wanted_can_be_named(field: msgspec.structs.FieldInfo) -> None:
    """Every setting that has a wrong value has words for the right ones."""
    with suppress(WrongSettings):
        settings.read({settings.variable(field.name): "abc"})


def test_all_complaints_at_once() -> None:
    """Whoever sets several wrongly is told of all of them."""
    with pytest.raises(WrongSettings) as caught:
        settings.read({"DIGITS_GRPC_PORT": "-1", "DIGITS_MAX_ITEMS": "many"})

    assert "DIGITS_GRPC_PORT='-1'" in str(caught.value)
    assert "DIGITS_MAX_ITEMS='many'" in str(caught.value)


def test_unknown() -> None:
    """A variable of nobody's comes with the nearest known name; others' and strangers' do not."""
    environment = {
        "DIGITS_MAX_ITEM": "3",
        "DIGITS_MAX_ITEMS": "3",
        "DIGITS_HTTP_PORT": "5000",
        "PATH": "/bin",
    }

    assert list(settings.unknown(environment)) == [("DIGITS_MAX_ITEM", "DIGITS_MAX_ITEMS")]


def test_processes_know_each_other() -> None:
    """What the gateway reads is no mistake here, nor the other way round."""
    ours = dict.fromkeys(map(settings.variable, Settings.__struct_fields__), "1")
    fields = digits_gateway.settings.Settings.model_fields
    theirs = dict.fromkeys((f"DIGITS_{field.upper()}" for field in fields), "1")

    assert not list(settings.unknown(theirs))
    assert not list(digits_gateway.settings.unknown_variables(ours))


@pytest.mark.parametrize(
    ("environment", "own"),
    [
        pytest.param({}, "127.0.0.1:50051", id="defaults"),
        pytest.param({"DIGITS_HOST": "", "DIGITS_GRPC_PORT": ""}, "127.0.0.1:50051", id="empty"),
        pytest.param(
            {"DIGITS_HOST": "0.0.0.0", "DIGITS_GRPC_PORT": "1"},  # noqa: S104
            "127.0.0.1:1",
            id="everywhere",
        ),
        pytest.param({"DIGITS_HOST": "::"}, "[::1]:50051", id="everywhere-v6"),
        pytest.param({"DIGITS_HOST": "fe80::1"}, "[fe80::1]:50051", id="v6"),
    ],
)
def test_own_address(environment: dict[str, str], own: str) -> None:
    """The health check finds the server that has the same environment."""
    assert address.own(environment) == own
