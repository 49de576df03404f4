"""What a bundle's provenance takes from git."""

import subprocess
from pathlib import Path

import pytest
from digits_train import git


def run(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit: a file, and a folder of models."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "default").write_text("cnn")
    (tmp_path / "code.py").write_text("1")
    run(tmp_path, "init", "--quiet")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "--quiet", "-m", "First")
    return tmp_path


def test_head(checkout: Path) -> None:
    """The commit's full name, from any folder of the checkout."""
    assert len(git.head(checkout / "models")) == 40


def test_clean(checkout: Path) -> None:
    """What changes in the folder left out does not count."""
    (checkout / "models" / "new").write_text("x")

    assert git.changed(checkout / "models", besides=checkout / "models") == []


@pytest.mark.parametrize("name", ["code.py", "new.py"])
def test_dirty(checkout: Path, name: str) -> None:
    """A changed file counts, and so does a new one."""
    (checkout / name).write_text("2")

    assert git.changed(checkout / "models", besides=checkout / "models") == [name]


def test_no_checkout(tmp_path: Path) -> None:
    """Outside a checkout there is no commit, and nothing is known of changes."""
    assert git.head(tmp_path) == ""
    assert git.changed(tmp_path, besides=tmp_path / "models") is None
