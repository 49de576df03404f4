"""The house: commands that explain themselves, generated code in step, wheels that are whole."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
NAMED_IN = [".ci/run", ".github/workflows/ci.yml", "README.md"]


def _make(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run make on this interpreter."""
    return subprocess.run(
        ["make", "--no-print-directory", f"PYTHON={sys.executable}", *arguments],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
    )


def _targets() -> list[str]:
    (names,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    return names.split()


@pytest.mark.parametrize("target", _targets())
def test_help(target: str) -> None:
    """`make help`, which is also what `make` does, has a line for every command."""
    assert re.search(rf"^  make {target} +\w", _make(ROOT).stdout, re.MULTILINE)


@pytest.mark.parametrize("path", NAMED_IN)
def test_named_commands(path: str) -> None:
    """What is said to be run can be run."""
    named = set(
        re.findall(
            r"(?:^|`|run: |&& )make (?:[A-Z_]+=\S+ )*([a-z]+)",
            (ROOT / path).read_text(),
            re.MULTILINE,
        )
    )

    assert named
    assert named <= set(_targets())


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder where `make .venv/.locked` would install nothing."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/serve.lock").touch()
    return tmp_path


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0)])
def test_python_version(bare: Path, version: tuple[int, int, int]) -> None:
    """A Python outside 3.11 to 3.13 is refused with the way out, before anything is made."""
    (bare / "sitecustomize.py").write_text(f"import sys; sys.version_info = {version}")

    refused = _make(bare, ".venv/.locked", PYTHONPATH=str(bare))

    assert refused.returncode != 0
    assert f"is {version[0]}.{version[1]}: name another" in refused.stderr
    assert not (bare / ".venv").exists()


def test_missing_ensurepip(bare: Path) -> None:
    """A Python that cannot make environments is refused with the package that is missing."""
    (bare / "ensurepip.py").write_text("raise ImportError")

    refused = _make(bare, ".venv/.locked", PYTHONPATH=str(bare))

    assert refused.returncode != 0
    assert "apt-get install python3-venv" in refused.stderr
    assert not (bare / ".venv").exists()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stubs as `make proto` writes them."""
    folder = tmp_path_factory.mktemp("proto")
    outputs = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", "-I", "proto", *outputs]
    subprocess.run([*protoc, "proto/digits/v1/digits.proto"], cwd=ROOT, check=True)
    return folder / "digits/v1"


@pytest.mark.parametrize("name", ["digits_pb2.py", "digits_pb2.pyi", "digits_pb2_grpc.py"])
def test_stubs(generated: Path, name: str) -> None:
    """The committed stubs are those of the committed proto: else, make proto."""
    assert (generated / name).read_text() == (ROOT / "proto/digits/v1" / name).read_text()


def test_core_wheel(tmp_path: Path) -> None:
    """The wheel of digits-core carries the published models, which the source only links to."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path]
    subprocess.run([*build, ROOT / "core"], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("models/*/*/*")}

    assert {f"digits_core/{name}" for name in files | {"models/default"}} <= set(
        zipfile.ZipFile(wheel).namelist()
    )
