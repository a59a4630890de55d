"""The first screen of the README is what the demo prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kgrec.cli.film_demo import SOURCES, film_demo
from kgrec_loaders.wheels import cache_folder
from tests.support import ROOT
from tools.readme_demo import block, shown, with_block, words_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
EMMA = {
    "rank": 1,
    "name": "Emma",
    "new": False,
    "score": 3.5,
    "constant": 1.0,
    "reasons": [
        {"kind": "past_item", "evidence": "taken_together", "value": 2.0},
        {"kind": "entity", "value": -0.25},
        {"kind": "past_item", "evidence": "taken_together", "value": 0.5},
        {"kind": "popularity", "value": 0.25},
    ],
    "sentence": {"en": "Recommended because " + "you rated Heat " * 10, "zh": "推荐理由"},
}
REPORT = {"user": {"id": "7", "history": list("abcdef")}, "explanations": [EMMA]}


def test_the_block_is_what_is_printed_of_the_first_item() -> None:
    lines = block(REPORT).splitlines()
    assert lines[:4] == [
        "```text",
        "For user 7, who knows a, b, c, d, e:",
        "  1. Emma  3.5000",
        "     = taken together +2.50  paths -0.25  popularity +0.25  scaling +1.00",
    ]
    assert lines[4].startswith("     Recommended because you rated Heat")
    assert lines[5].startswith("     ")  # the sentence goes on under itself
    assert lines[-2:] == ["     推荐理由", "```"]
    page = "# a\n<!-- DEMO -->\nold\n<!-- /DEMO -->\nb\n"
    assert with_block(page, REPORT) == f"# a\n<!-- DEMO -->\n{block(REPORT)}<!-- /DEMO -->\nb\n"
    assert shown(with_block(page, REPORT)) == block(REPORT)


def test_words_are_those_of_a_text_without_its_numbers() -> None:
    assert words_of("  1. Emma  -3.50\n  = a +2.7") == "#. Emma # = a #"


def test_the_numbers_of_the_readme_add_up() -> None:
    lines = shown(README).splitlines()
    score = float(lines[2].split()[-1])
    parts = [float(number) for number in re.findall(r"[-+]\d+\.\d+", lines[3])]
    assert lines[3].startswith("     = ")
    assert len(parts) > 2
    assert sum(parts) == pytest.approx(score, abs=0.005 * len(parts))  # each is rounded


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints(tmp_path: Path) -> None:
    """Numbers may differ in the second decimal on another machine, words may not."""
    if not any(cache_folder("").glob("*.whl")):
        pytest.skip(f"the demo's data sets, {' and '.join(SOURCES)}, have not been fetched yet")
    printed = block(film_demo(str(tmp_path / "demo")))
    assert words_of(printed) == words_of(shown(README)), "run `make demo`, then `python -m tools.readme_demo`"
    ours, theirs = ([float(n) for n in re.findall(r"[-+]?\d+\.\d+", text)] for text in (printed, shown(README)))
    assert ours == pytest.approx(theirs, abs=0.05)
