"""Examples in docstrings give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from tests.support import ROOT

WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "kgrec").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def test_small_pure_functions_have_examples() -> None:
    assert {"kgrec.extract.identity.titles", "kgrec.metrics.measures", "kgrec.scoring.top_k"} <= set(WITH_EXAMPLES)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name: str) -> None:
    outcome = doctest.testmod(import_module(name))
    assert outcome.attempted > 0
    assert outcome.failed == 0
