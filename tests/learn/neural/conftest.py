"""What trainings in tests have in common."""

from __future__ import annotations

import pytest

from kgrec.learn.neural import batch_losses


@pytest.fixture
def few_triples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of a tiny world needs few of them."""
    monkeypatch.setattr(batch_losses, "_TRIPLES", 128)
