"""Rows that do not fit: counted, left out or refused, and the exact words for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kgrec.data.id_texts import LONGEST_ID
from kgrec.data.records import Loader, NodeRecord, Table
from kgrec.errors import RecordError, SourceError
from kgrec.extract.row_reader import Problem
from kgrec.schema.load import parse_schema
from kgrec_loaders.rdf import RdfLoader
from kgrec_loaders.recbole import RecBoleLoader
from kgrec_loaders.tables import TablesLoader
from tests.support.games import mapped, records_of, table


def test_a_bad_number_is_counted_over_the_whole_table() -> None:
    games = table("games", game_id=list("abcde"), title=list("abcde"), released=["1", "n/a", "2", "soon", "n/a"])
    with pytest.raises(RecordError) as raised:
        mapped(games)
    assert str(raised.value) == (
        "RecordError: property 'year' must be a number.\n"
        "  where     csv:data/games.csv, row 2, node type Game\n"
        "  found     'n/a'   (3 of 5 rows)\n"
        "  expected  a finite number, from games.yaml:15\n"
        '  next      add `missing: ["n/a"]` to the property, or run `kgrec check` for the full list'
    )


def test_skipping_leaves_bad_rows_out_and_counts_them() -> None:
    games = table("games", game_id=list("abcde"), title=list("abcde"), released=["1", "n/a", "2", "soon", "n/a"])
    problems: list[Problem] = []
    records = mapped(games, on_error="skip", problems=problems)
    assert [record.uid for record in records if isinstance(record, NodeRecord)] == ["a", "c"]
    assert [(p.what, p.row, p.rows, p.of) for p in problems] == [("property 'year' must be a number.", 2, 3, 5)]


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        (
            "games",
            {"game_id": ["1"], "title": [" "], "released": ["1"]},
            "RecordError: property 'name' is required.\n"
            "  where     csv:data/games.csv, row 1, node type Game\n"
            "  found     ' '   (1 of 1 rows)\n"
            "  expected  text, from games.yaml:14\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
        (
            "players",
            {"player_id": ["1", "2", None]},
            "RecordError: column 'player_id' must hold an id.\n"
            "  where     csv:data/players.csv, row 3, node type Player\n"
            "  found     nothing   (1 of 3 rows)\n"
            "  expected  a value in every row, from games.yaml:9\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
        (
            "players",
            {"player_id": ["a\0b"]},
            "RecordError: column 'player_id' holds an id with a NUL character.\n"
            "  where     csv:data/players.csv, row 1, node type Player\n"
            "  found     'a\\x00b'   (1 of 1 rows)\n"
            "  expected  an id without NUL characters, from games.yaml:9\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
        (
            "players",
            {"player_id": ["x" * (LONGEST_ID + 1)]},
            "RecordError: column 'player_id' holds an id that is too long.\n"
            "  where     csv:data/players.csv, row 1, node type Player\n"
            f"  found     '{'x' * 199}... (2003 characters)   (1 of 1 rows)\n"
            "  expected  at most 2,000 characters, from games.yaml:9\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
        (
            "players",
            {"player_id": [0.5]},
            "RecordError: column 'player_id' holds an id that is not exact.\n"
            "  where     csv:data/players.csv, row 1, node type Player\n"
            "  found     0.5   (1 of 1 rows)\n"
            "  expected  ids as text or whole numbers: a decimal number has lost digits, from games.yaml:9\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
        (
            "plays",
            {"player_id": ["1"], "game_id": ["1"], "kind": ["play"], "at": ["yesterday"], "hours": ["1"]},
            "RecordError: column 'at' must be a time.\n"
            "  where     csv:data/plays.csv, row 1, interaction type PLAYED\n"
            "  found     'yesterday'   (1 of 1 rows)\n"
            "  expected  unix time, an ISO date or a position; other forms of date need a format in the schema, "
            "from games.yaml:65\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
        (
            "plays",
            {"player_id": ["1"], "game_id": ["1"], "kind": ["sell"], "at": ["1"], "hours": ["1"]},
            "RecordError: column 'kind' must hold a known kind.\n"
            "  where     csv:data/plays.csv, row 1, interaction type PLAYED\n"
            "  found     'sell'   (1 of 1 rows)\n"
            "  expected  one of play, buy, from games.yaml:65\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
        (
            "facts",
            {"head_type": ["Person"], "head": ["1"], "relation": ["r"], "tail_type": ["Game"], "tail": ["1"]},
            "RecordError: column 'head_type' must name a node type of the edge.\n"
            "  where     csv:data/facts.csv, row 1, edge type FACT\n"
            "  found     'Person'   (1 of 1 rows)\n"
            "  expected  one of Game, Thing, from games.yaml:54\n"
            "  next      correct the source, or run `kgrec check` for the full list",
        ),
    ],
)
def test_a_row_that_does_not_fit_says_so_exactly(name: str, columns: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError) as raised:
        mapped(table(name, **columns))
    assert str(raised.value) == message


@pytest.mark.parametrize("second", ["[1]", "[1, 2, 3]", "[1, null]", "[1, true]", "one two", "[1, 1e999]"])
def test_embeddings_are_finite_and_of_one_length(second: str) -> None:
    nothing = pa.array([None, None], pa.string())
    with pytest.raises(RecordError, match="property 'vector' must"):
        mapped(
            table("rich_games", game_id=[1, 2], title=["a", "b"], out=nothing, tags=nothing, vector=["[1, 2]", second])
        )


@pytest.mark.parametrize("bad", ["nan", "inf", "1e999", "1_000", "0x10", "1,5", True, b"1", float("inf")])
def test_what_is_no_number(bad: object) -> None:
    with pytest.raises(RecordError, match="must be a number"):
        mapped(table("games", game_id=["1"], title=["a"], released=pa.array([bad])))


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(SourceError) as raised:
        mapped(table("games", game_id=["1"], titel=["Go"], released=["1"]))
    assert str(raised.value) == (
        "SourceError: table 'games' has no column 'title'.\n"
        "  where     csv:data/games.csv\n"
        "  found     columns game_id, titel, released, did you mean 'titel'?\n"
        "  expected  column 'title', from games.yaml:23\n"
        "  next      correct the column's name in the schema or in the source; "
        "one that may be absent is named in `optional_columns`"
    )


def test_a_wrong_delimiter_is_recognised() -> None:
    columns: Any = {"game_id;title;released": ["1;Go;1995"]}
    with pytest.raises(SourceError) as raised:
        mapped(table("games", **columns))
    assert str(raised.value) == (
        "SourceError: table 'games' has no column 'game_id', 'title' and 'released'.\n"
        "  where     csv:data/games.csv\n"
        "  found     columns game_id;title;released\n"
        "  expected  column 'game_id', from games.yaml:22\n"
        "            column 'title', from games.yaml:23\n"
        "            column 'released', from games.yaml:23\n"
        "  next      the table has one column only: read it with the delimiter ';'"
    )


def test_a_column_that_is_there_twice_is_refused() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(["1"]), pa.array(["2"])], names=["player_id", "player_id"])
    with pytest.raises(SourceError, match="table 'players' has the column 'player_id' twice"):
        mapped(Table("players", [batch], "csv:players.csv"))


def test_a_number_with_a_comma_is_told_apart() -> None:
    problems: list[Problem] = []
    games = table(
        "games", game_id=list("abcde"), title=list("abcde"), released=["1,5", "-1.000,25", "1,200", "1,", "2"]
    )
    mapped(games, on_error="skip", problems=problems)
    assert [(p.found, p.rows, p.expected.split(",")[0]) for p in problems] == [
        ("'1,5'", 4, "a number with a point before its fraction and no comma")
    ]


def test_an_object_is_shown_as_its_source_has_it() -> None:
    problems: list[Problem] = []
    nested = pa.array([{"json": '{"$oid": "5f"}'}])
    games = Table("games", [pa.record_batch({"game_id": nested, "title": ["a"], "released": [1]})], "jsonl:games.jsonl")
    mapped(games, on_error="skip", problems=problems)
    assert [p.found for p in problems][:1] == ['\'{"$oid": "5f"}\'']


SCHEMA_OF_YEARS = """
version: 1
domain: years
platforms: {p: {en: P}}
nodes:
  User: {role: user, words: {en: user}}
  Thing:
    role: item
    words: {en: thing}
    properties: {name: {type: text}, year: {type: number}}
    sources: [{table: TABLE, platform: p, id: ID, columns: {name: ID, year: YEAR}}]
interactions:
  TOOK: {user: User, item: Thing, words: {en: took}}
"""
TRIPLES = '# years\n<u:a> <u:year> "1" .\n\n<u:d> <u:year> "soon" .\n'


@pytest.mark.parametrize(
    ("file", "content", "names", "number"),
    [
        ("t.csv", "id,year\na,1\nb\n\nc,2\nd,soon\n", ("t", "id", "year"), 4),
        ("t.csv", 'id,year\na,1\n"b"x,\nc,2\nd,soon\n', ("t", "id", "year"), 4),
        ("t.csv", b"id,year\na,1\n\xff,2\nc,2\nd,soon\n", ("t", "id", "year"), 4),
        ("t.tsv", "id\tyear\na\nb\nc\t2\nd\tsoon\n", ("t", "id", "year"), 4),
        ("t.jsonl", '{"id": "a", "year": 1}\n\n{"id": \n{"id": "d", "year": "soon"}\n', ("t", "id", "year"), 4),
        ("t.item", "item_id:token\tyear:token\na\nb\t1\nc\td\te\nd\tsoon\n", ("item", "item_id", "year"), 4),
        ("t.nt", TRIPLES, ("rdf_triples", "subject", "object"), 4),
    ],
)
def test_an_offender_has_the_number_that_it_has_in_its_file(
    tmp_path: Path, file: str, content: str | bytes, names: tuple[str, str, str], number: int
) -> None:
    """Rows before it cannot be read, are blank or are comments; every file is read beside an equal one."""
    text = SCHEMA_OF_YEARS.replace("TABLE", names[0]).replace("ID", names[1]).replace("YEAR", names[2])
    raw = content.encode() if isinstance(content, str) else content
    folder = tmp_path / "t" if file.split(".")[1] in ("csv", "tsv", "jsonl") else tmp_path
    folder.mkdir(exist_ok=True)
    places = [file] if folder == tmp_path else [f"1.{file.split('.')[1]}", f"2.{file.split('.')[1]}"]
    for place in places:
        (folder / place).write_bytes(raw)
    makers: dict[str, Callable[[str], Loader]] = {"t.item": RecBoleLoader, "t.nt": RdfLoader}
    loader = makers.get(file, TablesLoader)(str(tmp_path))
    problems: list[Problem] = []
    found = next(table for table in loader.tables() if table.name == names[0])
    records_of(parse_schema(text, "years.yaml"), found, on_error="skip", problems=problems)
    (offender,) = [problem for problem in problems if problem.what == "property 'year' must be a number."]
    assert (offender.row, offender.found, offender.where.endswith(places[0])) == (number, "'soon'", True)
