"""Words of its own that kgrec once had are gone: code and pages use the field's terms, which docs/glossary.md has."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from tests.support import ROOT

GLOSSARY = ROOT / "docs/glossary.md"
PRIVATE = {
    r"\bnew_gates\b|[Rr]ehears|\bremeasured\b": "cold-start simulation, cold-item gates",
    r"\b_World\b|\b_Lists\b|\bat_home\b": "catalogue, top lists",
    r"\bgate_view\b|\bGateView\b": "candidate scores",
    r"\bMoment\b|\bMOMENT_|\bmoment_after\b": "return visit",
    r"\bReach\b|\bneural\.reach\b": "training subgraph",
    r"\bchoose_few\b|\.steady\b|\bease_and_knn\b": "shrinkage, without recency, EASE and neighbours",
    r"\b[Ll]istings?\b|\bclues?\b|\bsettle\b": "source record, evidence, one-to-one matching",
    r"\bdirected[_ -]ridge\b|\blocal_ridge\b|\bitem_item\b|\bsession_rules\b": "what the channel says, not its method",
    r"(?<!scope=)(?<!tag != )[\"'`](latest|sequence|session|lasting)[\"'`]": "short_term, next_item ...",
    r"\b(only_new|include_new|new_only)\b|--new-only": "cold_items: include, only, exclude",
    r"\b(new|warm) items?\b|_new_items?_|\bnew_items?_|\bwarm_items?\b": "cold items, known items",
    r"many_come_back|\bplacing\b|\bwho took those\b": "return visits, cold-item offset, users with interactions",
    r"\bkgrec\.(query|serve|report)\b|\bkgrec/(query|serve|report)\b": "rooms by what lives in them",
    r"\bKind\[|\bclass (Finished|Repeats|Part)\b": "a name that occurs once",
}
"""Pattern of old words: what stands for them now."""
HISTORY = (
    "CHANGELOG.md",
    "docs/decisions/",
    "docs/glossary.md",
    "kgrec/bundle/old_names.py",
    "tests/benchmarks/runs/test_result",
    "tests/bundle/test_old_names.py",
    "tests/learn/neural/test_checkpoint.py",
    "benchmarks/results/",
)
"""Where old words have their place."""


@lru_cache
def texts() -> dict[str, str]:
    """Code and pages of the repository by path."""
    folders = ("kgrec", "loaders", "graph_schemas", "benchmarks", "docs", "examples", "tests", "tools", "docker")
    files = [*ROOT.glob("*.*"), *(file for folder in folders for file in (ROOT / folder).rglob("*.*"))]
    kinds = (".py", ".md", ".toml", ".yaml", ".yml", ".cff")
    paths = {
        file.relative_to(ROOT).as_posix(): file for file in files if file.suffix in kinds and file != Path(__file__)
    }
    return {name: file.read_text(encoding="utf-8") for name, file in paths.items() if not name.startswith(HISTORY)}


@pytest.mark.parametrize("pattern", PRIVATE)
def test_private_words_are_gone(pattern: str) -> None:
    lines = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts().items()
        if re.search(pattern, text)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert lines == [], f"the field says: {PRIVATE[pattern]}"


def test_every_term_has_a_meaning_and_a_place() -> None:
    rows = [line.strip("| ").split(" | ") for line in GLOSSARY.read_text().splitlines() if line.startswith("| ")]
    terms = [row[0] for row in rows if row[0] != "term"]
    assert len(terms) == len(set(terms)) >= 45
    assert [row for row in rows if len(row) != 4] == []


def test_the_trap_of_rectools_is_told_once() -> None:
    assert sum(text.count("RecTools") for text in texts().values()) + GLOSSARY.read_text().count("RecTools") == 1
