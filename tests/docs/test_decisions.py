"""Every decision is one question on one page with a number of its own, and the index names all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import ROOT

FOLDER = ROOT / "docs/decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))


def test_numbers_run_on() -> None:
    assert [int(page.name[:3]) for page in PAGES] == list(range(1, len(PAGES) + 1))
    assert len(PAGES) >= 44


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem[:3])
def test_a_page_has_a_question_data_and_a_decision(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:3]} ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) in (
        ["Question", "Data", "Decision"],
        ["Question", "Data", "Figures", "Decision"],
    )


def test_the_index_names_them_in_order() -> None:
    rows = re.findall(r"^\| (\d{3}) \| \[(.+)\]\((.+)\) \|$", (FOLDER / "index.md").read_text(), re.MULTILINE)
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in PAGES]
    assert [(f"# {number} {title}", file) for number, title, file in rows] == [
        (title, page.name) for title, page in zip(titles, PAGES, strict=True)
    ]
