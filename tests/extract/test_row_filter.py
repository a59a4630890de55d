"""Rows that a source takes by their cells: nodes, edges and interactions alike, and what never occurs is told."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from kgrec.data.records import EdgeRecord, NodeRecord, Record, Table
from kgrec.errors import RecordError, SchemaError
from kgrec.extract import Extraction
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema

SCHEMA = """\
version: 1
domain: shop
platforms: {{shop: {{en: shop, zh: 店}}}}
nodes:
  User:
    role: user
    words: {{en: user, zh: 用户}}
    sources: [{{table: rows, platform: shop, id: user, where: {users}}}]
  Item:
    role: item
    words: {{en: item, zh: 物}}
    sources: [{{table: rows, platform: shop, id: item}}]
edges:
  NEAR:
    source: [Item]
    target: [User]
    words: {{en: near, zh: 近}}
    sources:
      - table: rows
        platform: shop
        source: {{column: item, type: Item}}
        target: {{column: user, type: User}}
        where: {edges}
interactions:
  BOUGHT:
    user: User
    item: Item
    words: {{en: bought, zh: 买过}}
    sources:
      - {{table: rows, platform: shop, user: user, item: item, kind: buy, where: {bought}, where_not: {sold}}}
"""


class Rows:
    """One table, in batches of two rows."""

    def __init__(self, **columns: list[object]) -> None:
        self.table = pa.table(columns)

    def tables(self) -> Iterator[Table]:
        yield Table("rows", self.table.to_batches(max_chunksize=2), "fake:rows")


def schema(users: str = "{}", edges: str = "{}", bought: str = "{}", sold: str = "{}") -> GraphSchema:
    return parse_schema(SCHEMA.format(users=users, edges=edges, bought=bought, sold=sold), "shop.yaml")


ROWS = Rows(
    user=["u", "v", "w", "x", "y"],
    item=["1", "2", "3", "4", "5"],
    state=["paid", "open", None, "paid", "void"],
    number=[1, 2, 3, 1, 2],
    fresh=[True, False, None, True, True],
)


def kept(read: GraphSchema, rows: Rows = ROWS) -> tuple[dict[str, list[str]], list[str]]:
    extraction = Extraction(read, [rows])
    records: list[Record] = [record for batch in extraction.batches() for record in batch.records]
    found: dict[str, list[str]] = {}
    for record in records:
        if isinstance(record, EdgeRecord):
            found.setdefault(record.type, []).append(record.target)
        else:
            found.setdefault(record.type, []).append(record.uid if isinstance(record, NodeRecord) else record.user)
    return found, extraction.warnings()


def test_every_kind_of_source_keeps_the_rows_that_have_one_of_the_cells() -> None:
    found, notes = kept(schema(users="{state: [paid, open]}", edges="{number: [1]}", bought="{fresh: [true]}"))
    assert found["User"] == ["u", "v", "x"]
    assert found["NEAR"] == ["u", "x"]
    assert found["BOUGHT"] == ["u", "x", "y"]
    assert len(found["Item"]) == 5
    assert notes == []


def test_rows_are_left_out_and_the_empty_text_is_an_empty_cell() -> None:
    found, _ = kept(schema(bought="{number: [1, 2.0, 3]}", sold='{state: ["", void]}'))
    assert found["BOUGHT"] == ["u", "v", "x"]


def test_all_conditions_must_hold() -> None:
    found, _ = kept(schema(bought="{state: [paid], number: [1]}", sold="{user: [x]}"))
    assert found["BOUGHT"] == ["u"]


def test_a_cell_that_never_occurs_and_a_filter_that_takes_nothing_are_told() -> None:
    found, notes = kept(schema(bought="{state: [payd]}"))
    assert "BOUGHT" not in found
    assert notes == [
        "fake:rows, interaction type BOUGHT: `where` and `where_not` take none of 5 rows",
        "fake:rows, interaction type BOUGHT: no row has 'payd' in column 'state', as `where` says, "
        "did you mean 'paid'?",
    ]


def test_of_a_list_it_is_asked_whether_it_is_empty() -> None:
    rows = Rows(user=["u", "v", "w"], item=["1", "2", "3"], parts=[["a"], [], None])
    assert kept(schema(sold='{parts: [""]}'), rows)[0]["BOUGHT"] == ["u"]
    assert kept(schema(bought='{parts: [""]}'), rows)[0]["BOUGHT"] == ["v", "w"]
    with pytest.raises(RecordError, match="must be one value"):
        kept(schema(sold="{parts: [a]}"), rows)


def test_a_cell_is_one_value() -> None:
    with pytest.raises(SchemaError, match="1 problem"):
        schema(bought="{state: [[paid]]}")
