"""A log of several platforms keeps them apart, and loses no row."""

from __future__ import annotations

from collections import Counter

import pytest

from kgrec.data.records import Interaction
from kgrec.extract import Extraction
from kgrec.extract.draft import draft_schema
from tests.support.own_data import ARTICLES, CUSTOMERS, Tables, pairs

WHO, WHAT = pairs(CUSTOMERS, ARTICLES, 200)
SITES = ["Web shop", "app", "app", "app"] * 50


def platforms(source: Tables, by: Tables | None = None) -> Counter[str]:
    """How many interactions come from which platform, read with the draft of ``by``."""
    extraction = Extraction(draft_schema([by or source]).schema, [source])
    records = [record for _, record in extraction.records("interactions")]
    return Counter(record.platform for record in records if isinstance(record, Interaction))


@pytest.mark.parametrize("name", ["platform", "site", "source"])
def test_each_value_is_a_platform(name: str) -> None:
    source = Tables(log={"user": WHO, "item": WHAT, name: SITES, "time": range(200)})
    assert platforms(source) == {"web_shop": 50, "app": 150}
    draft = draft_schema([source])
    assert draft.schema.platforms["web_shop"].en == "Web shop"
    assert f"{name} is Web shop in 50 rows" in draft.text
    assert "left out" not in draft.text


def test_a_platform_that_comes_later_loses_no_row() -> None:
    known = Tables(log={"user": WHO, "item": WHAT, "site": SITES, "time": range(200)})
    later = Tables(log={"user": WHO, "item": WHAT, "site": ["kiosk", *SITES[1:]], "time": range(200)})
    assert sum(platforms(later, by=known).values()) == 200


def test_rows_without_a_user_are_left_out_of_every_platform() -> None:
    source = Tables(log={"user": [None, None, *WHO[2:]], "item": WHAT, "site": SITES, "time": range(200)})
    assert platforms(source) == {"web_shop": 49, "app": 149}


@pytest.mark.parametrize("cells", [["web"] * 200, ["web", None] * 100, [f"site {n}" for n in range(200)]])
def test_one_or_many_or_missing_values_are_no_platforms(cells: list[str | None]) -> None:
    assert len(platforms(Tables(log={"user": WHO, "item": WHAT, "site": cells, "time": range(200)}))) == 1
