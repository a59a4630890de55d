"""Facts with columns of types: each type is one of its own, and none is taken for another."""

from __future__ import annotations

from typing import Any

import kgrec
from kgrec.extract.draft import draft_schema
from kgrec.extract.draft.sampled_tables import SAMPLE_ROWS
from tests.support.own_data import ARTICLES, CUSTOMERS, Tables, pairs

WHO, WHAT = pairs(CUSTOMERS, ARTICLES, 200)


def shop(**facts: Any) -> Tables:
    return Tables(log={"user": WHO, "item": WHAT}, items={"item": ARTICLES}, facts=facts)


def graph_of(source: Tables) -> tuple[dict[str, int], dict[str, int]]:
    """Nodes and facts of an import with the draft, users aside."""
    with kgrec.open_store("kglite::memory:") as store:
        counts = kgrec.ingest(draft_schema([source]).schema, [source], store).counts
    return {name: count for name, count in counts.nodes.items() if name != "User"}, dict(counts.edges)


def test_every_type_has_nodes_of_its_own() -> None:
    source = shop(
        head_type=["item"] * 80 + ["maker"] * 2,
        head=[*ARTICLES, *ARTICLES, "Bosch", "Miele"],
        relation=["made by"] * 40 + ["kind of"] * 40 + ["based in"] * 2,
        tail_type=["maker"] * 40 + ["genre"] * 40 + ["land"] * 2,
        tail=[*["Bosch", "Miele"] * 20, *["Miele", "Oven"] * 20, "Germany", "Germany"],
    )
    assert graph_of(source) == ({"Item": 40, "Maker": 2, "Genre": 2, "Land": 1}, {"FACT": 82})
    draft = draft_schema([source])
    assert draft.unsure == ()
    assert "item to maker (40 rows), item to genre (40 rows), maker to land (2 rows)" in draft.text


def test_items_may_be_at_either_end() -> None:
    source = shop(
        subject=[*["Bosch", "Miele"] * 20, *ARTICLES[:10]],
        predicate=["makes"] * 40 + ["fits"] * 10,
        object=[*ARTICLES, *ARTICLES[10:20]],
        subject_type=["brand"] * 40 + ["thing"] * 10,
        object_type=["thing"] * 50,
    )
    assert graph_of(source) == ({"Item": 40, "Brand": 2}, {"FACT": 50})


def test_types_of_one_end_are_enough() -> None:
    source = shop(head=ARTICLES * 2, tail=["Bosch", "Oven"] * 40, tail_type=["maker", "genre"] * 40)
    assert graph_of(source) == ({"Item": 40, "Maker": 1, "Genre": 1}, {"FACT": 40})


def test_types_that_may_be_missing_lose_no_fact() -> None:
    source = shop(head=ARTICLES * 2, tail=["Bosch", "Oven"] * 40, tail_type=["maker", None] * 40)
    draft = draft_schema([source])
    assert any("tail_type may say of which type the ends are" in doubt for doubt in draft.unsure)
    assert graph_of(source) == ({"Item": 40, "Entity": 2}, {"FACT": 40})


def test_types_that_may_come_later_lose_no_fact() -> None:
    rows = SAMPLE_ROWS + 40
    source = shop(
        head=(ARTICLES * (rows // 40 + 1))[:rows], tail=["x"] * rows, tail_type=["maker"] * SAMPLE_ROWS + ["genre"] * 40
    )
    assert any("tail_type" in doubt for doubt in draft_schema([source]).unsure)
