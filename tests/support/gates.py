"""A gate search as it is for large data, for tests that ask for other things than gates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kgrec.learn.fusion import gate_search
from kgrec.learn.limits import LIMITS


@pytest.fixture(autouse=True, scope="module")
def one_gate_search() -> Iterator[None]:
    """The gates of few users are the mean over eight searches more, which takes most of the time of a tiny training."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(gate_search, "LIMITS", replace(LIMITS, bagged_users=0))
        yield
