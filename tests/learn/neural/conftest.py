"""What trainings in tests have in common."""

from __future__ import annotations

import pytest

from kgrec.learn.neural import trainer as trainer_module


@pytest.fixture
def few_triples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of a tiny world needs few of them."""
    monkeypatch.setattr(trainer_module, "_TRIPLES", 128)
