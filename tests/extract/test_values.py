"""Sources as people have them: what becomes of their cells, from the file to the records."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.errors import RecordError
from kgrec.extract import Check, Extraction, check
from kgrec.extract.row_reader import Problem
from kgrec.extract.values import NOT_A_NUMBER, NOT_AN_EMBEDDING, CellRule, read_column
from kgrec.schema.load import load_schema, parse_schema
from tests.support.games import SCHEMA_TEXT, mapped, records_of, table

NOW = 1_700_036_119


def triples(folder: Path, **tables: str) -> Extraction:
    """The shipped schema ``triples`` over small files."""
    files = {
        "users": "user\n100\n",
        "items": "item,name,text\n20,Thing 20,\n",
        "entities": "entity,name\n",
        "facts": "head_type,head,relation,tail_type,tail\n",
        "interactions": "user,item,kind,time,weight\n",
    }
    for name, text in (files | tables).items():
        (folder / f"{name}.csv").write_text(text)
    return Extraction(load_schema("triples"), [f"tables:{folder}"])


def named(checks: tuple[Check, ...], start: str) -> Check:
    return next(each for each in checks if each.what.startswith(start))


def test_a_float_in_text_is_told_with_the_item_that_it_means(tmp_path: Path) -> None:
    rows = "".join(f"100,20.0,buy,{NOW + n},1\n" for n in range(3))
    report = check(triples(tmp_path, interactions="user,item,kind,time,weight\n" + rows))
    found = named(report.checks, "interactions of users or items that no table describes")
    assert (found.status, found.count, found.first) == ("FAIL", 3, "Item '20.0' in table interactions ('20' exists)")


def test_milliseconds_are_read_as_such_and_told(tmp_path: Path) -> None:
    given = triples(tmp_path, interactions=f"user,item,kind,time,weight\n100,20,buy,{NOW}007,1\n")
    batches = list(given.batches())
    assert [r.time for b in batches for r in b.records if isinstance(r, Interaction)] == [NOW + 0.007]
    words = "times of interaction type INTERACTED, column 'time' of table interactions are read as milliseconds"
    assert given.notes() == [words]
    assert named(check(given).checks, "times of").what == words


def test_mixed_units_stop_the_import(tmp_path: Path) -> None:
    rows = f"100,20,buy,{NOW}007,1\n100,20,buy,{NOW}008,1\n100,20,buy,{NOW},1\n"
    with pytest.raises(RecordError) as raised:
        list(triples(tmp_path, interactions="user,item,kind,time,weight\n" + rows).batches())
    assert raised.value.summary == "column 'time' must have one unit of time."
    assert (raised.value.found, raised.value.where) == (
        f"'{NOW}'   (1 of 3 rows)",
        f"csv:{tmp_path}/interactions.csv, row 3, interaction type INTERACTED",
    )


def test_what_reads_like_nothing_is_told_and_kept(tmp_path: Path) -> None:
    given = triples(tmp_path, users="user\nnan\n100\n", items="item,name,text\n20,\"['Jazz', 'Live']\",\n")
    records = [record for batch in given.batches() for record in batch.records]
    assert [record.uid for record in records if isinstance(record, NodeRecord)] == ["20", "nan", "100"]
    assert given.notes() == [
        "1 of 3 nodes have an id or name that reads like nothing, first User 'nan': 'nan'",
        "1 of 3 nodes have an id or name that reads like a list or object, first Item '20': \"['Jazz', 'Live']\"",
    ]
    assert named(check(given).checks, "ids or names that read like nothing").status == "WARN"


LISTS = SCHEMA_TEXT.replace(
    "  Thing:\n",
    "  Tag:\n    words: {en: tag, zh: 标签}\n    properties: {name: {type: text}}\n    sources:\n"
    "      - {table: tagged, platform: shop, id: tags, columns: {name: tags}}\n  Thing:\n",
).replace(
    "  FACT:\n",
    "  TAGGED:\n    source: [Game]\n    target: [Tag]\n    words: {en: is, zh: 是}\n    sources:\n"
    "      - table: tagged\n        platform: shop\n        source: {column: game_id, type: Game}\n"
    "        target: {column: tags, type: Tag}\n  FACT:\n",
)


def test_a_list_cell_is_several_values(tmp_path: Path) -> None:
    games = {"game_id": [1, 2, 3], "tags": [["Jazz", "Live", "Jazz"], [], ["Jazz", None, " "]]}
    pq.write_table(pa.table(games), tmp_path / "tagged.parquet")
    lines = [dict(zip(games, row, strict=True)) for row in zip(*games.values(), strict=True)]
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "tagged.jsonl").write_text("\n".join(map(json.dumps, lines)))
    for source in (tmp_path / "tagged.parquet", tmp_path / "lines"):
        records = [
            r for b in Extraction(parse_schema(LISTS, "l.yaml"), [f"tables:{source}"]).batches() for r in b.records
        ]
        nodes = [(record.uid, record.properties) for record in records if isinstance(record, NodeRecord)]
        assert nodes == [(tag, {"name": tag}) for tag in ("Jazz", "Live")]
        edges = [(record.source, record.target) for record in records if isinstance(record, EdgeRecord)]
        assert edges == [("1", "Jazz"), ("1", "Live"), ("3", "Jazz")]


def test_a_list_cell_of_a_split_column_needs_no_separator() -> None:
    made = table("made", game_id=["1", "2"], studios=[["Sega", "Ninty", "Inc"], []])
    nodes = [(node.uid, node.properties) for node in mapped(made, phases=["nodes"]) if isinstance(node, NodeRecord)]
    assert nodes == [("s:Sega", {"name": "Sega"}), ("s:Nintendo", {"name": "Nintendo"})]
    edges = [edge.target for edge in mapped(made, phases=["edges"]) if isinstance(edge, EdgeRecord)]
    assert edges == ["s:Sega", "s:Nintendo"]


def test_a_list_property_has_texts() -> None:
    nothing = pa.array([None, None], pa.string())
    games = table("rich_games", game_id=[1, 2], title=["a", "b"], out=nothing, vector=nothing, tags=[["x", "none"], []])
    assert [r.properties for r in mapped(games) if isinstance(r, NodeRecord)] == [
        {"name": "a", "tags": ["x"]},
        {"name": "b"},
    ]


@pytest.mark.parametrize("column", ["player_id", "kind", "at", "hours"])
def test_a_list_where_one_value_is_needed_names_the_column(column: str) -> None:
    plays: dict[str, Any] = {"player_id": ["1"], "game_id": ["2"], "kind": ["play"], "at": [5], "hours": [1]}
    with pytest.raises(RecordError, match=f"column '{column}' must be") as raised:
        mapped(table("plays", **(plays | {column: [["a", "b"]]})))
    assert raised.value.found == "['a', 'b']   (1 of 1 rows)"


def test_a_name_is_one_value() -> None:
    with pytest.raises(RecordError, match="property 'name' must be one value"):
        mapped(table("games", game_id=["1"], title=[["a", "b"]], released=["1"]))


def sqlite_rows(path: Path, rows: list[tuple[Any, ...]]) -> str:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (user, item)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    connection.commit()
    connection.close()
    columns = "user AS player_id, item AS game_id, 'play' AS kind, 1 AS at, 1 AS hours"
    return f"sql:sqlite:///{path}#plays=SELECT {columns} FROM t"


def test_bytes_of_a_database_are_refused_or_read_as_the_schema_says(tmp_path: Path) -> None:
    source = sqlite_rows(tmp_path / "a.db", [(bytes(range(16)), 20.0), (bytes(range(1, 17)), "20")])
    with pytest.raises(RecordError, match="column 'player_id' holds bytes") as raised:
        list(Extraction(parse_schema(SCHEMA_TEXT, "g.yaml"), [source]).batches())
    assert "`user_binary: uuid`" in str(raised.value.expected)
    text = SCHEMA_TEXT.replace("user: player_id,", "user: player_id, user_binary: uuid,")
    text = text.replace("role: user\n", "role: user\n    from_interactions: true\n")
    users, batch = Extraction(parse_schema(text, "g.yaml"), [source]).batches()
    assert [record.uid for record in users.records if isinstance(record, NodeRecord)] == [
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "01020304-0506-0708-090a-0b0c0d0e0f10",
    ]
    ids = [(record.user, record.item) for record in batch.records if isinstance(record, Interaction)]
    assert ids == [("00010203-0405-0607-0809-0a0b0c0d0e0f", "20"), ("01020304-0506-0708-090a-0b0c0d0e0f10", "20")]


def test_one_text_in_the_last_row_changes_no_other_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec_loaders.jsonl.BATCH_ROWS", 2)
    rows = [{"player_id": 100.0, "game_id": 20.0, "kind": "play", "at": NOW, "hours": 1}] * 3
    rows.append(rows[0] | {"player_id": "anna", "game_id": "20.0", "at": str(NOW)})
    (tmp_path / "plays.jsonl").write_text("\n".join(map(json.dumps, rows)))
    batches = Extraction(parse_schema(SCHEMA_TEXT, "g.yaml"), [f"tables:{tmp_path}"]).batches()
    records = [record for batch in batches for record in batch.records if isinstance(record, Interaction)]
    assert [(r.user, r.item, r.time) for r in records] == [("100", "20", NOW)] * 3 + [("anna", "20.0", NOW)]


def test_a_column_of_several_types_is_read_cell_by_cell() -> None:
    parts = [pa.array([1, 3]), pa.array(["2", "x"]), pa.array([["4"]]), pa.array([{"a": 1}])]
    codes, offsets = [0, 1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0]
    cells = pa.UnionArray.from_dense(pa.array(codes, pa.int8()), pa.array(offsets, pa.int32()), parts)
    numbers = read_column(cells, CellRule("number"))
    assert (numbers.values, numbers.faults) == ([1, 2, 3, None, [4.0], None], {3: NOT_A_NUMBER, 5: NOT_A_NUMBER})
    texts = read_column(cells, CellRule("text"))
    assert (texts.values, list(texts.faults)) == (["1", "2", "3", "x", ["4"], None], [5])


@pytest.mark.parametrize("cells", [["[1, null]"], [[1.0, None]], ["{}"], [5], [["a"]], ["[[1]]"]])
def test_what_is_no_embedding(cells: list[Any]) -> None:
    assert read_column(pa.array(cells), CellRule("embedding")).faults == {0: NOT_AN_EMBEDDING}


def test_embeddings_of_every_list_type() -> None:
    for type in (pa.list_(pa.float32()), pa.large_list(pa.int8()), pa.list_(pa.float64(), 2), pa.string()):
        cells = pa.array(["[1, 2]", None] if type == pa.string() else [[1, 2], None], type)
        column = read_column(cells, CellRule("embedding"))
        assert (column.values, column.faults) == ([[1.0, 2.0], None], {})


def test_skipped_rows_name_their_column() -> None:
    problems: list[Problem] = []
    mapped(table("players", player_id=[b"1", b"2"]), on_error="skip", problems=problems)
    assert [(p.what, p.rows) for p in problems] == [("column 'player_id' holds bytes.", 2)]


def test_a_filter_compares_fractions_and_composed_letters() -> None:
    source = "kind_column: kind, time: at, weight: hours}"
    for column, wanted in (("hours", "[2.5]"), ("note", '["Ame\u0301lie"]')):
        text = SCHEMA_TEXT.replace(source, source.replace("}", f", where: {{{column}: {wanted}}}}}"))
        plays: dict[str, Any] = {"player_id": ["a", "b"], "game_id": ["1"] * 2, "kind": ["play"] * 2, "at": [1, 2]}
        whole = table("plays", **plays, hours=[2.5, 3.0], note=["Am\u00e9lie", "x"])
        records = records_of(parse_schema(text, "w.yaml"), whole)
        assert [record.user for record in records if isinstance(record, Interaction)] == ["a"], column


@pytest.mark.parametrize("odd", [None, "", " 7 ", "x", "+3", "1e3"])
def test_numbers_are_the_same_whichever_way_their_column_is_read(odd: str | None) -> None:
    plain = ["3", "-4", "3.50", "2.0", "-0.0", "123456789012345.5", None, ""]
    alone = [read_column(pa.array([text], pa.string()), CellRule("number")) for text in [*plain, odd]]
    beside = read_column(pa.array([*plain, odd], pa.string()), CellRule("number"))
    assert [*map(repr, beside.values)] == [repr(column.values[0]) for column in alone]
    assert beside.values[:6] == [3, -4, 3.5, 2, 0, 123456789012345.5]
    assert set(beside.faults) == ({8} if odd == "x" else set())
