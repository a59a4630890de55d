"""Drafts of whole sources: what is guessed is what the tables were made to mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.data.records import Loader
from kgrec.errors import SourceError
from kgrec.extract import Extraction, check
from kgrec.extract.draft import Draft, draft_schema
from kgrec.extract.draft.sampled_tables import SAMPLE_ROWS
from kgrec.schema.model import GraphSchema
from tests.support.own_data import (
    ARTICLES,
    CUSTOMERS,
    Tables,
    pairs,
    with_names,
    write_music_log,
    write_order_export,
)


def drafted(source: str | Loader) -> Draft:
    """The draft of a source; nothing must be wrong with what it reads."""
    draft = draft_schema([source])
    found = check(Extraction(draft.schema, [source], on_error="skip"))
    assert [answer for answer in found.checks if answer.status == "FAIL"] == []
    return draft


def columns_of(schema: GraphSchema) -> dict[str, tuple[str | None, ...]]:
    """Columns of user, item, kind, time and weight by table."""
    return {
        source.table: (source.user, source.item, source.kind_column or source.kind, source.time, source.weight)
        for interaction in schema.interactions.values()
        for source in interaction.sources
    }


@pytest.mark.parametrize(
    "names",
    [
        ("customer_no", "sku", "happened_at", "sku", "label", "maker"),
        ("Kundennummer", "Artikelnummer", "Bestelldatum", "Artikelnr", "Bezeichnung", "Hersteller"),
        ("用户编号", "商品编号", "时间", "编号", "名称", "制造商"),
        ("idClient", "idProduit", "dateCommande", "idProduit", "libellé", "fabricant"),
        ("userId", "movieId", "timestamp", "movieId", "title", "producer"),
    ],
    ids=["english", "german", "chinese", "french", "camel case"],
)
def test_names_of_columns_in_several_languages(names: tuple[str, str, str, str, str, str]) -> None:
    users, items, time, item_id, name, maker = names
    schema = drafted(with_names(*names)).schema
    assert columns_of(schema)["log"][:2] == (users, items)
    assert columns_of(schema)["log"][3] == time
    (source,) = schema.nodes[schema.item_type].sources
    assert (source.table, source.id, source.columns["name"]) == ("things", item_id, name)
    assert schema.nodes["Maker"].sources[0].id == maker
    assert schema.edges["MADE_BY"].sources[0].target.column == maker
    (people,) = schema.nodes[schema.user_type].sources
    assert (people.table, people.id, people.optional) == ("log", users, True)


def test_the_evidence_is_counted() -> None:
    text = drafted(with_names("user", "item", "time", "item", "name", "brand")).text
    assert "# 40 of 40 values of log.item are in things.item\n" in text
    assert "things.brand joins items: 2 values in 40 rows, such as 'Bosch', 'Miele'" in text


def test_ratings_alone() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 300)
    draft = drafted(Tables(u={"user": who, "item": what, "rating": [1 + row % 5 for row in range(300)]}))
    assert columns_of(draft.schema) == {"u": ("user", "item", "rate", None, "rating")}
    weights = draft.schema.interactions["RATED"].weights
    assert (weights.stars, weights.against_up_to) == (5, 2)
    assert draft.unsure == ()


def test_names_that_say_nothing_are_told_to_be_looked_at() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 300)
    draft = drafted(Tables(x={"a": who, "b": what, "c": [row % 7 for row in range(300)]}))
    assert columns_of(draft.schema)["x"][:2] == ("a", "b")
    assert draft.unsure == ("x: that a is the user and b the item: no name says so",)
    assert draft.text.count("that a is the user") == 2  # at the top and at its place


def test_several_tables_of_interactions_and_what_belongs_to_items() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 200)
    ms = [1_700_000_000_000 + row for row in range(200)]
    draft = drafted(
        Tables(
            brands={"id": ["1", "2"], "name": ["Acme", "Zed"]},
            products={"id": ARTICLES, "name": [f"T {n}" for n in range(40)], "brand_id": ["1", "2"] * 20},
            product_tags={"product_id": ARTICLES * 2, "tag": ["red", "soft", "blue", "hard"] * 20},
            purchases={"user_id": who, "product_id": what, "bought": ["1/2/2024 8:15", "12/31/2023 23:59"] * 100},
            similar={"product_id": ARTICLES, "other_id": ARTICLES[3:] + ARTICLES[:3]},
            views={"user_id": who[::-1], "product_id": what, "viewed_at": ms},
        )
    )
    schema = draft.schema
    assert set(schema.interactions) == {"BOUGHT", "VIEWED"}
    bought, viewed = schema.interactions["BOUGHT"].sources[0], schema.interactions["VIEWED"].sources[0]
    assert (bought.time, bought.time_format, viewed.time_unit) == ("bought", "%m/%d/%Y %H:%M", "ms")
    edges = {
        name: (source.table, source.source.column, source.target.column, source.target.type)
        for name, edge in schema.edges.items()
        for source in edge.sources
    }
    assert edges == {
        "OF_BRAND": ("products", "id", "brand_id", "Brand"),
        "TAGGED": ("product_tags", "product_id", "tag", "Tag"),
        "LINKED_WITH": ("similar", "product_id", "other_id", "Product"),
    }
    assert schema.nodes["Brand"].sources[0].table == "brands"


def test_lists_in_cells_and_lists_of_arrow() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 200)
    genres = [("Action", "War"), ("Action", "Drama"), ("War", "Drama"), ("Crime", "War")] * 10
    for values, split in ((["|".join(pair) for pair in genres], "|"), ([list(pair) for pair in genres], None)):
        schema = drafted(Tables(log={"user": who, "film": what}, films={"film": ARTICLES, "genres": values})).schema
        assert schema.nodes["Genre"].sources[0].split == split
        assert schema.edges["HAS_GENRE"].sources[0].target.split == split
        assert schema.nodes["Film"].sources[0].list_columns == ({"genre": "|"} if split else {})


def test_what_is_personal_or_says_nothing_is_left_out() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 200)
    people: dict[str, list[object]] = {
        "user": [*CUSTOMERS],
        "email": [f"{user}@example.com" for user in CUSTOMERS],
        "age": list(range(20, 50)),
        "currency": ["EUR"] * 30,
        "score": [f"${row}.50" for row in range(30)],
    }
    draft = drafted(Tables(log={"user": who, "item": what}, users=people))
    assert set(draft.schema.nodes["User"].properties) == {"age"}
    left_out = next(line for line in draft.text.splitlines() if "left out: email" in line)
    assert "email (personal" in left_out
    assert "currency (always 'EUR')" in left_out
    assert "score (no plain numbers, such as '$" in left_out


def test_people_whom_their_table_lacks_come_from_the_interactions() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 200)
    schema = drafted(Tables(log={"user": who, "item": what}, users={"user": CUSTOMERS[:25]})).schema
    assert [(source.table, source.optional) for source in schema.nodes["User"].sources] == [
        ("users", False),
        ("log", True),
    ]


def test_rows_without_a_user_are_left_out() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 200)
    draft = drafted(Tables(log={"CustomerID": [*who[:190], *[""] * 10], "StockCode": what}))
    (source,) = draft.schema.interactions["CHOSE"].sources
    assert source.where_not == {"CustomerID": ("",)}
    assert "10 rows without CustomerID are left out" in draft.text


def test_small_numbers_are_no_ids_of_another_table() -> None:
    who, what = pairs(CUSTOMERS, [str(number) for number in range(1, 41)], 200)
    quantity = [1 + row % 3 for row in range(200)]
    schema = drafted(
        Tables(
            log={"user": who, "item": what, "qty": quantity}, items={"item": list(range(1, 41)), "ages": [3, 4] * 20}
        )
    ).schema
    assert columns_of(schema) == {"log": ("user", "item", "interact", None, "qty")}
    assert list(schema.nodes) == ["User", "Item"]


def test_an_order_export(tmp_path: Path) -> None:
    write_order_export(tmp_path)
    draft = drafted(f"tables:{tmp_path}")
    expected = ("Email", "Lineitem SKU", "Financial Status", "Order Date", "Quantity")
    assert columns_of(draft.schema) == {"orders_export": expected}
    (interaction,) = draft.schema.interactions.values()
    assert isinstance(interaction.kinds, dict)
    assert {kind: meant.speaks for kind, meant in interaction.kinds.items()} == {"paid": None, "refunded": "against"}
    assert interaction.sources[0].time_format == "%m/%d/%Y"
    assert set(draft.schema.edges) == {"OF_TYPE", "SOLD_BY"}
    assert draft.schema.nodes["Product"].sources[0].columns["name"] == "Lineitem Name"
    assert draft.unsure == ()


def test_a_music_log(tmp_path: Path) -> None:
    write_music_log(tmp_path)
    draft = drafted(f"tables:{tmp_path}")
    assert columns_of(draft.schema) == {"scrobbles": ("user", "track", "play", "timestamp", None)}
    assert draft.schema.interactions["LISTENED"].words.en == "listened to"
    assert set(draft.schema.edges) == {"PERFORMED_BY", "ON_ALBUM"}
    assert draft.unsure == ()


def test_facts_as_head_relation_and_tail() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 200)
    facts = {"head": ARTICLES, "relation": ["made by"] * 40, "tail": ["Bosch", "Miele"] * 20}
    schema = drafted(Tables(log={"user": who, "item": what}, items={"item": ARTICLES}, facts=facts)).schema
    (source,) = schema.edges["FACT"].sources
    assert (source.source.column, source.relation_column, source.target.column) == ("head", "relation", "tail")


def test_of_long_tables_the_first_rows_are_read() -> None:
    size = SAMPLE_ROWS + 1
    who, what = pairs(CUSTOMERS, ARTICLES, size)
    draft = draft_schema([Tables(log={"user": who, "item": what, "action": ["view", "buy"] * (size // 2) + ["view"]})])
    assert f"log (the first {SAMPLE_ROWS:,} rows)" in draft.text
    assert draft.schema.interactions["CHOSE"].kinds == ()  # another one may come later


def test_without_users_or_items_it_is_said_what_was_seen() -> None:
    with pytest.raises(SourceError) as refused:
        draft_schema([Tables(products={"sku": ARTICLES, "name": ARTICLES})])
    assert str(refused.value) == (
        "SourceError: no table tells which user did something with which item.\n"
        "  where     fake:products\n"
        "  found     products, 40 rows: sku (all different, such as 'A-000'), name (all different, such as 'A-000')\n"
        "  expected  a table with a row for each thing that a user did: one column of users' ids that repeats, and one "
        "of items' ids\n"
        "  next      name the columns so that they say what they are (user_id, item_id, time), or write the schema by "
        "hand: graph_schemas/README.md begins with one to copy, and the schema `triples` needs none"
    )


def test_orders_and_their_lines_have_to_be_joined() -> None:
    who, what = pairs(CUSTOMERS, ARTICLES, 100)
    orders = [str(1000 + row) for row in range(100)]
    with pytest.raises(SourceError) as refused:
        draft_schema(
            [Tables(lines={"order_id": orders[:50] * 2, "sku": what}, orders={"order_id": orders, "customer": who})]
        )
    assert refused.value.next is not None
    assert "FROM lines JOIN orders ON lines.order_id = orders.order_id" in refused.value.next
