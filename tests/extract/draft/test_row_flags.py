"""Columns of true and false that take rows back, or say whether anything came of what was shown."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec.data.records import Interaction
from kgrec.extract import Extraction
from kgrec.extract.draft import draft_schema
from tests.support.own_data import ARTICLES, CUSTOMERS, Tables, pairs

WHO, WHAT = pairs(CUSTOMERS, ARTICLES, 200)


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("skipped", [True, False], "skip"),
        ("was_returned", ["Y", "N"], "return"),
        ("cancelled", ["0", "1"], "cancel"),
    ],
)
def test_rows_with_the_flag_are_a_kind_of_their_own(name: str, cells: list[object], kind: str) -> None:
    log = Tables(log={"user": WHO, "track": WHAT, name: (cells * 3 + cells[1:] * 4) * 20})
    draft = draft_schema([log])
    records = Extraction(draft.schema, [log]).records("interactions")
    kinds = [one.kind for _, one in records if isinstance(one, Interaction)]
    true = (cells * 3 + cells[1:] * 4).count(cells[1] if name == "cancelled" else cells[0]) * 20
    assert (kinds.count(kind), kinds.count("play")) == (true, 200 - true)
    assert f"{true:,} rows, which do not speak for the item" in draft.text
    assert f"left out: {name}" not in draft.text
    assert draft.guesses[-1].source == f"log: user, track, {name}"


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("returning_customer", [True, False]),
        ("skipped", [False, False]),
        ("skipped", ["3", "0"]),
        ("liked", ["y", "n"]),
    ],
)
def test_other_columns_take_nothing_back(name: str, cells: list[object]) -> None:
    draft = draft_schema([Tables(log={"user": WHO, "track": WHAT, name: cells * 100})])
    (source,) = draft.schema.interactions["LISTENED"].sources
    assert (source.kind, source.where, source.where_not) == ("play", {}, {})


@pytest.mark.parametrize(
    ("table", "name", "cells", "type", "kind"),
    [
        ("log", "clicked", ["0", "1"], "CLICKED", "click"),
        ("log", "is_purchased", [False, True], "BOUGHT", "buy"),
        ("impressions", "clicked", ["no", "yes"], "CLICKED", "click"),
        ("log", "liked", ["FALSE", "TRUE"], "LIKED", "like"),
        ("log", "label", ["0", "1"], "CHOSE", "interact"),
    ],
)
def test_what_was_shown_and_not_chosen_is_left_out(
    table: str, name: str, cells: list[object], type: str, kind: str
) -> None:
    rows: dict[str, list[Any]] = {"user": WHO, "product": WHAT, name: (cells + cells[:1] * 3) * 40}
    log = Tables(**{table: rows})
    draft = draft_schema([log])
    records = Extraction(draft.schema, [log]).records("interactions")
    assert [(one.type, one.kind) for _, one in records if isinstance(one, Interaction)] == [(type, kind)] * 40
    assert any(f"160 rows where {name} is not" in doubt for doubt in draft.unsure)
    assert draft.guesses[-1].source == f"{table}: user, product, {name}"


def test_the_widest_of_several_outcomes_counts() -> None:
    log = Tables(log={"user": WHO, "product": WHAT, "purchased": ["0"] * 180 + ["1"] * 20, "clicked": ["0", "1"] * 100})
    (source,) = draft_schema([log]).schema.interactions["CLICKED"].sources
    assert (source.where, source.kind) == ({"clicked": ("1",)}, "click")


def test_where_rows_are_choices_a_flag_takes_none_away() -> None:
    log = Tables(purchases={"user": WHO, "product": WHAT, "clicked": ["0", "1"] * 100})
    (source,) = draft_schema([log]).schema.interactions["BOUGHT"].sources
    assert (source.where, source.kind) == ({}, "buy")


def test_beside_a_platform_and_a_kind() -> None:
    flags, sites = ["true", "false", "false", "false"] * 50, ["web"] * 100 + ["app"] * 100
    actions = ["play", "share"] * 100
    log = Tables(log={"user": WHO, "track": WHAT, "action": actions, "skipped": flags, "site": sites})
    draft = draft_schema([log])
    (interaction,) = draft.schema.interactions.values()
    assert set(interaction.kinds) == {"play", "share", "skip"}
    assert [(one.platform, one.kind) for one in interaction.sources] == [
        ("web", None),
        ("app", None),
        ("web", "skip"),
        ("app", "skip"),
    ]
