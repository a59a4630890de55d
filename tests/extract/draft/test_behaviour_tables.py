"""Tables of interactions, told from their columns: baskets, whose cells hold several items."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest

from kgrec.data.records import Interaction
from kgrec.errors import SourceError
from kgrec.extract import Extraction
from kgrec.extract.draft import Draft, draft_schema
from tests.support.own_data import ARTICLES, CUSTOMERS, Tables

_RNG = random.Random(5)
BASKETS = [(CUSTOMERS[row % 30], _RNG.sample(ARTICLES, 1 + row % 4)) for row in range(200)]
TAKEN = sorted((user, item) for user, items in BASKETS for item in items)


def drafted(**tables: Mapping[str, Sequence[object]]) -> tuple[Draft, list[tuple[str, str]]]:
    """The draft of some tables; who took what by it."""
    source = Tables(**tables)
    draft = draft_schema([source])
    records = [one for _, one in Extraction(draft.schema, [source]).records("interactions")]
    return draft, sorted((one.user, one.item) for one in records if isinstance(one, Interaction))


def export(cells: Sequence[object]) -> dict[str, Sequence[object]]:
    return {"order_id": [*range(200)], "customer": [user for user, _ in BASKETS], "items": cells}


@pytest.mark.parametrize("mark", [";", "|", ",", ", ", "; ", " / "])
def test_a_text_of_several_items_is_taken_apart(mark: str) -> None:
    draft, taken = drafted(orders=export([mark.join(items) for _, items in BASKETS]))
    assert taken == TAKEN
    split = draft.schema.interactions["BOUGHT"].sources[0].item_split
    assert split is not None
    assert split.strip() == mark.strip()
    assert f"several items in a cell, with '{split}' between them; 2.5 on average" in draft.text
    assert draft.unsure == ("orders: a cell of items is read as several items",)


def test_lists_are_baskets() -> None:
    draft, taken = drafted(orders=export([items for _, items in BASKETS]))
    assert taken == TAKEN
    assert "several items in a cell, in lists; 2.5 on average" in draft.text


@pytest.mark.parametrize("mark", [";", ",", None])
def test_baskets_of_described_items_leave_no_doubt(mark: str | None) -> None:
    cells = [items if mark is None else mark.join(items) for _, items in BASKETS]
    products = {"sku": ARTICLES, "title": [f"Thing {n}" for n in range(40)]}
    draft, taken = drafted(orders=export(cells), products=products)
    assert (taken, draft.unsure) == (TAKEN, ())
    (source,) = draft.schema.nodes["Product"].sources
    assert (source.table, source.id) == ("products", "sku")
    assert "40 of 40 values of orders.items are in products.sku" in draft.text


@pytest.mark.parametrize("empty", ["", []])
def test_empty_baskets_are_left_out(empty: object) -> None:
    cells: list[object] = [";".join(items) if empty == "" else items for _, items in BASKETS]
    cells[::50] = [empty] * 4
    draft, taken = drafted(orders=export(cells))
    assert taken == sorted((user, item) for n, (user, items) in enumerate(BASKETS) if n % 50 for item in items)
    assert "4 rows without items are left out" in draft.text


def test_an_item_in_a_cell_goes_before_lists_of_others() -> None:
    log = {"user": [user for user, _ in BASKETS], "item": [items[0] for _, items in BASKETS]}
    draft, taken = drafted(log=log | {"similar_items": [items for _, items in BASKETS]})
    assert taken == sorted((user, items[0]) for user, items in BASKETS)
    assert draft.schema.interactions["CHOSE"].sources[0].item == "item"


def test_a_row_may_be_a_user_with_everything() -> None:
    everything = [[item for who, items in BASKETS if who == user for item in items] for user in CUSTOMERS]
    draft, taken = drafted(people={"user": CUSTOMERS, "films": ["|".join(items) for items in everything]})
    assert taken == TAKEN
    assert draft.schema.item_type == "Film"


@pytest.mark.parametrize("mark", ["/", "|", ";"])
def test_an_id_of_several_parts_is_one_id(mark: str) -> None:
    codes = {item: f"{item[:1]}{mark}{item[2]}{mark}{item[3:]}" for item in ARTICLES}
    log = {"customer": [user for user, _ in BASKETS], "sku": [codes[items[0]] for _, items in BASKETS]}
    _, taken = drafted(log=log, products={"sku": [*codes.values()], "title": [f"Thing {n}" for n in range(40)]})
    assert taken == sorted((user, codes[items[0]]) for user, items in BASKETS)


def test_lists_of_items_without_users_are_no_behaviour() -> None:
    related = [";".join(ARTICLES[n + 1 : n + 4]) for n in range(36)]
    with pytest.raises(SourceError, match="no table tells which user"):
        drafted(products={"sku": ARTICLES[:36], "maker": ["Bosch", "Miele"] * 18, "related_items": related})
