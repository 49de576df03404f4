"""The locks: complete, hashed, without addresses, in step with each other and with the packages."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
SERVE = ["proto", "core", "inference_service", "clients/python", "clients/gateway"]
ROLES = {
    "build": [],
    "dev": [*SERVE, "training_pipeline"],
    "gateway": ["proto", "clients/python", "clients/gateway"],
    "inference": ["proto", "core", "inference_service"],
    "serve": SERVE,
    "training": ["core", "training_pipeline"],
}
PEERS = ["fastapi-keras", "fastapi-onnx", "mlserver", "triton"]
GROUPS = {"build": ["build"], "serve": ["build", "up"], "dev": ["build", "up", "dev"]}


def _blocks(role: str) -> list[str]:
    """One text a pin: the requirement, its marker and its hashes."""
    lines = (REQUIREMENTS / f"{role}.lock").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return [block.strip() for block in re.split(r"\n(?=\S)", text)]


def _pins(role: str) -> set[Requirement]:
    return {Requirement(block.split("\\")[0]) for block in _blocks(role)}


def _declared(role: str) -> list[Requirement]:
    house = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [name for group in GROUPS.get(role, []) for name in house["dependency-groups"][group]]
    for package in ROLES[role]:
        project = tomllib.loads((ROOT / package / "pyproject.toml").read_text())["project"]
        named += project["dependencies"]
    return [each for name in named if not (each := Requirement(name)).name.startswith("digits-")]


def test_roles() -> None:
    """Each lock has a role that these tests know."""
    assert {path.stem for path in REQUIREMENTS.glob("*.lock")} == ROLES.keys()
    assert {path.stem for path in REQUIREMENTS.glob("peers/*.lock")} == set(PEERS)


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.rglob("*.*")), ids=lambda path: path.name)
def test_addresses(path: Path) -> None:
    """No lock names an address: each registry's own client knows where it is."""
    assert "://" not in path.read_text()


@pytest.mark.parametrize("role", [*ROLES, *(f"peers/{name}" for name in PEERS)])
def test_hashes(role: str) -> None:
    """Every pin is exact and has at least one SHA-256."""
    for block in _blocks(role):
        assert re.match(r"[a-z0-9.-]+==\S+ ", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


@pytest.mark.parametrize("role", ROLES)
def test_completeness(role: str) -> None:
    """What the packages and groups of a role ask for is pinned to versions that they allow."""
    pins = _pins(role)
    for wanted in _declared(role):
        found = [
            pin for pin in pins if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
        ]

        assert found, f"{wanted} is missing: make lock"
        for pin in found:
            version = str(pin.specifier).removeprefix("==")
            assert wanted.specifier.contains(version), f"{pin} is not {wanted}: make lock"


@pytest.mark.parametrize("role", ROLES.keys() - {"dev"})
def test_agreement(role: str) -> None:
    """What is served is what was tested: each role has the versions of dev.lock."""
    versions = {(pin.name, str(pin.specifier)) for pin in _pins("dev")}

    assert {(pin.name, str(pin.specifier)) for pin in _pins(role)} <= versions


@pytest.mark.parametrize("name", PEERS)
def test_peers(name: str) -> None:
    """Other people's servers run the net on the onnxruntime and the Keras that we measure with."""
    pins = {pin.name: str(pin.specifier) for pin in _pins(f"peers/{name}")}
    ours = {pin.name: str(pin.specifier) for pin in _pins("dev")}
    engines = {"keras", "onnxruntime", "tensorflow"} & pins.keys()
    wanted = (REQUIREMENTS / f"peers/{name}.in").read_text().splitlines()

    assert engines
    assert {each: pins[each] for each in engines} == {each: ours[each] for each in engines}
    assert {Requirement(line).name for line in wanted if not line.startswith("#")} <= pins.keys()


@pytest.mark.parametrize("role", ["build", "gateway", "inference", "serve"])
def test_weight(role: str) -> None:
    """Only training and development carry TensorFlow and its kin."""
    heavy = {"keras", "mlxtend", "onnx", "tensorboard", "tensorflow", "tf2onnx"}

    assert not heavy & {pin.name for pin in _pins(role)}


def test_gateway_lock() -> None:
    """The gateway cannot import the core's libraries: it asks the server."""
    core = {"numpy", "onnxruntime", "opencv-python-headless", "pillow"}

    assert not core & {pin.name for pin in _pins("gateway")}


def test_training_lock() -> None:
    """The server's libraries are not where the models are trained."""
    served = {"grpcio-health-checking", "grpcio-reflection", "grpcio-status", "fastapi"}

    assert not served & {pin.name for pin in _pins("training")}
