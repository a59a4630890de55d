"""One value is one id in every carrier, beside every neighbour, in every encoding and batch: 0 silent differences.

The wanted texts are written down here, value by value; nothing of kgrec makes them.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sqlite3
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgrec.data.records import Loader, NodeRecord
from kgrec.extract.row_reader import Problem
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema
from kgrec_loaders.rdf import RdfLoader
from kgrec_loaders.sql import SqlLoader
from kgrec_loaders.tables import TablesLoader
from tests.support.games import records_of

SCHEMA = """\
version: 1
domain: test
platforms: {here: {en: here, zh: 此}}
nodes:
  User: {role: user, words: {en: user, zh: 人}}
  Thing:
    role: item
    words: {en: thing, zh: 物}
    properties: {name: {type: text}}
    sources: [{table: TABLE, platform: here, id: ID, columns: {name: ROW}}]
interactions:
  TOOK: {user: User, item: Thing, words: {en: took, zh: 取}}
"""
REFUSED = None
SIXTEEN = bytes(range(16))

NUMBERS: list[tuple[Any, str | None]] = [
    (20, "20"),
    (0, "0"),
    (-7, "-7"),
    (2**53 + 1, "9007199254740993"),
    (2**63 - 1, "9223372036854775807"),
    (20.0, "20"),
    (-0.0, "0"),
    (1e15, "1000000000000000"),
    (0.5, REFUSED),
    (2.0**53, REFUSED),
    (1e300, REFUSED),
]
TEXTS: list[tuple[Any, str | None]] = [
    ("20", "20"),
    ("20.0", "20.0"),
    ("007", "007"),
    ("1e3", "1e3"),
    ("NaN", "NaN"),
    ("true", "true"),
    (" padded ", "padded"),
    ("Ame\u0301lie", "Am\u00e9lie"),
    ("['Jazz', 'Live']", "['Jazz', 'Live']"),
]
JSON_ONLY: list[tuple[Any, str | None]] = [
    (True, "true"),
    (False, "false"),
    (2**70, "1180591620717411303424"),
    ({"a": 1}, REFUSED),
    ([[1]], REFUSED),
]
TYPED: list[tuple[Any, str | None]] = [
    (True, "true"),
    (Decimal("20.00"), "20"),
    (Decimal("0.50"), "0.5"),
    (date(2020, 1, 2), "2020-01-02"),
    (datetime(2020, 1, 2, 3, 4, 5), "2020-01-02T03:04:05"),
    (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "2020-01-02T03:04:05+00:00"),
    (SIXTEEN, REFUSED),
    ({"a": 1}, REFUSED),
]
SQLITE: list[tuple[Any, str | None]] = [(SIXTEEN, REFUSED), (b"abc", REFUSED)]
NEIGHBOURS: list[Any] = [None, "x", 5, 2.5, 3.0, 2**60, "20"]

Column = list[Any]
Writer = Callable[[Path, Column], Loader]


def jsonl(folder: Path, column: Column, suffix: str = ".jsonl") -> Loader:
    lines = "\n".join(json.dumps({"row": f"r{n}", "id": value}) for n, value in enumerate(column))
    path = folder / f"t{suffix}"
    path.write_bytes(gzip.compress(lines.encode()) if suffix.endswith(".gz") else lines.encode())
    return TablesLoader(str(path))


def delimited(folder: Path, column: Column) -> Loader:
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("row", "id"), *((f"r{n}", value) for n, value in enumerate(column))])
    return TablesLoader(str(folder / "t.csv"))


def sqlite(folder: Path, column: Column) -> Loader:
    connection = sqlite3.connect(folder / "t.db")
    connection.execute("CREATE TABLE t (row, id)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(f"r{n}", value) for n, value in enumerate(column)])
    connection.commit()
    connection.close()
    return SqlLoader(f"sqlite:///{folder}/t.db#t=SELECT row, id FROM t ORDER BY rowid")


def parquet(folder: Path, column: Column, type: pa.DataType | None = None) -> Loader:
    ids = pa.array(column, type) if not pa.types.is_dictionary(type or pa.null()) else pa.array(column).cast(type)
    table = pa.table({"row": [f"r{n}" for n in range(len(column))], "id": ids})
    pq.write_table(table, folder / "t.parquet", row_group_size=1)
    return TablesLoader(str(folder / "t.parquet"))


@lru_cache
def schema_of(text: str) -> GraphSchema:
    return parse_schema(text, "test.yaml")


def ids_of(loader: Loader, names: tuple[str, str, str] = ("t", "id", "row")) -> tuple[dict[str, str], list[Problem]]:
    """Id of each row that was taken, and why others were not."""
    text = SCHEMA.replace("TABLE", names[0]).replace("ID", names[1]).replace("ROW", names[2])
    schema = schema_of(text)
    problems: list[Problem] = []
    table = next(table for table in loader.tables() if table.name == names[0])
    records = records_of(schema, table, on_error="skip", problems=problems)
    return {str(r.properties["name"]): r.uid for r in records if isinstance(r, NodeRecord)}, problems


def difference(loader: Loader, wanted: str | None, row: str) -> str | None:
    """What is not as the rule says, None where all is."""
    found, problems = ids_of(loader)
    if wanted is REFUSED:
        named = any("column 'id'" in problem.what for problem in problems)
        return None if row not in found and named else f"found {found.get(row)!r}, expected a refusal"
    return None if found.get(row) == wanted else f"found {found.get(row)!r}, expected {wanted!r}"


def cases() -> list[tuple[str, Writer, Any, str | None, list[Any]]]:
    """Every carrier with every value that it can hold, beside neighbours drawn by chance."""
    drawn = random.Random(18)
    gzipped: Writer = lambda folder, column: jsonl(folder, column, ".jsonl.gz")  # noqa: E731
    made: list[tuple[str, Writer, Any, str | None, list[Any]]] = []
    for name, writer, values in (
        ("jsonl", jsonl, [*NUMBERS, *TEXTS, *JSON_ONLY]),
        ("jsonl.gz", gzipped, [*NUMBERS, *TEXTS, *JSON_ONLY]),
        ("sqlite", sqlite, [*NUMBERS, *TEXTS, *SQLITE]),
        ("csv", delimited, [*NUMBERS[:5], *TEXTS]),
    ):
        for value, wanted in values:
            beside = [[drawn.choice(NEIGHBOURS) for _ in range(count)] for count in (0, 1, 3, 5)]
            made += [(name, writer, value, wanted, neighbours) for neighbours in beside]
    for value, wanted in [*NUMBERS, *TEXTS, *TYPED]:
        made += [("parquet", parquet, value, wanted, []), ("parquet", parquet, value, wanted, [None])]
    return made


def test_no_case_differs_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("jsonl", "sql", "delimited"):
        monkeypatch.setattr(f"kgrec_loaders.{module}.BATCH_ROWS", 2)
    every = cases()
    drawn = random.Random(1)
    wrong = []
    for number, (name, writer, value, wanted, neighbours) in enumerate(every):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = drawn.randint(0, len(neighbours))
        column = [*neighbours[:place], value, *neighbours[place:]]
        if told := difference(writer(folder, column), wanted, f"r{place}"):
            wrong.append(f"{name} {column!r} at {place}: {told}")
    assert (len(every) >= 300, wrong) == (True, [])


TYPES = [pa.int8(), pa.int64(), pa.uint16(), pa.float32(), pa.float64(), pa.decimal128(9, 2), pa.decimal256(40, 0)]
TEXT_TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


@pytest.mark.parametrize("type", [*TYPES, *TEXT_TYPES], ids=str)
def test_the_width_and_encoding_of_a_column_do_not_show(tmp_path: Path, type: pa.DataType) -> None:
    text = type in TEXT_TYPES
    found, problems = ids_of(parquet(tmp_path, ["20", None, "7"] if text else [20, None, 7], type))
    assert found == {"r0": "20", "r2": "7"}
    assert [problem.what for problem in problems] == ["column 'id' must hold an id."]


def test_a_uuid_of_parquet_is_its_text(tmp_path: Path) -> None:
    column = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([SIXTEEN], pa.binary(16)))
    pq.write_table(pa.table({"row": ["r0"], "id": column}), tmp_path / "t.parquet")
    assert ids_of(TablesLoader(str(tmp_path / "t.parquet")))[0] == {"r0": str(uuid.UUID(bytes=SIXTEEN))}


@pytest.mark.parametrize(
    ("lexical", "datatype", "wanted"),
    [
        ("007", "integer", "7"),
        ("7", "integer", "7"),
        ("20.00", "decimal", "20"),
        ("2.0E1", "double", "20"),
        ("1", "boolean", "true"),
        ("007", "string", "007"),
        ("abc", "integer", "abc"),
    ],
)
def test_literals_are_the_same_id_from_every_form_of_rdf(
    tmp_path: Path, lexical: str, datatype: str, wanted: str
) -> None:
    triple = f'<http://x/s> <http://x/p> "{lexical}"^^<http://www.w3.org/2001/XMLSchema#{datatype}> .\n'
    for name in ("t.nt", "t.ttl"):
        (tmp_path / name).write_text(triple)
        found, _ = ids_of(RdfLoader(str(tmp_path / name)), ("rdf_triples", "object", "subject"))
        assert found == {"http://x/s": wanted}, name


scalars = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
    st.none(),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(value=scalars, neighbours=st.lists(scalars, max_size=4))
def test_neighbours_and_carriers_change_no_id(tmp_path: Path, value: Any, neighbours: list[Any]) -> None:
    (tmp_path / "t.db").unlink(missing_ok=True)
    alone = ids_of(jsonl(tmp_path, [value]))[0].get("r0")
    column = [value, *neighbours]
    assert ids_of(jsonl(tmp_path, column))[0].get("r0") == alone
    assert ids_of(sqlite(tmp_path, column))[0].get("r0") == alone
    assert ids_of(parquet(tmp_path, [value]))[0].get("r0") == alone
    if isinstance(value, str):
        assert ids_of(delimited(tmp_path, column))[0].get("r0") == alone
