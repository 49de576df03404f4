"""The report and the model cards in docs/ speak of the models that are published."""

import hashlib
from pathlib import Path

import pytest
from digits_core.bundle import MODEL_FILE, published

REPORT = Path(__file__).parents[2] / "docs" / "report"


@pytest.mark.parametrize("name", published())
def test_of_the_published_models(name: str) -> None:
    """Every model has a card with its digest, which the report names, too.

    A model that is published anew wants `digits-train report` again.
    """
    digest = hashlib.sha256((published()[name] / MODEL_FILE).read_bytes()).hexdigest()

    assert digest in (REPORT / f"{name}.card.md").read_text("utf-8")
    for page in ("README.md", "index.html"):
        assert digest[:12] in (REPORT / page).read_text("utf-8")
