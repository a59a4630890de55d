"""Rows to records: what fits, what does not, and the exact words for it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord, Record, Table
from kgrec.errors import RecordError, SourceError
from kgrec.extract.mapping import map_table
from kgrec.extract.row_reader import Problem
from kgrec.extract.values import LONGEST_ID
from kgrec.schema.model import GraphSchema, parse_schema

SCHEMA_TEXT = """\
version: 1
domain: games
platforms: {shop: {en: shop, zh: 商店}}
nodes:
  Player:
    role: user
    words: {en: player, zh: 玩家}
    sources:
      - {table: players, platform: shop, id: player_id}
  Game:
    role: item
    words: {en: game, zh: 游戏}
    properties:
      name: {type: text, required: true}
      year: {type: number}
      out: {type: time}
      tags: {type: category, missing: [none]}
      vector: {type: embedding}
    sources:
      - table: games
        platform: shop
        id: game_id
        columns: {name: title, year: released}
      - table: rich_games
        platform: shop
        id: game_id
        columns: {name: title, out: out, tags: tags, vector: vector}
        list_columns: {tags: "|"}
  Studio:
    words: {en: studio, zh: 工作室}
    sources:
      - {table: made, platform: shop, id: studios, split: ";", prefix: "s:", rename: {Inc: "", Ninty: Nintendo}}
  Thing:
    words: {en: thing, zh: 物}
    sources:
      - {table: things, platform: shop, id: thing, type_column: kind}
edges:
  MADE_BY:
    source: [Game]
    target: [Studio]
    words: {en: made by, zh: 的开发商是}
    sources:
      - table: made
        platform: shop
        source: {column: game_id, type: Game}
        target: {column: studios, type: Studio, split: ";", prefix: "s:", rename: {Inc: "", Ninty: Nintendo}}
  FACT:
    source: [Game, Thing]
    target: [Game, Thing]
    words: {en: is linked with, zh: 关联到}
    sources:
      - table: facts
        platform: shop
        source: {column: head, type_column: head_type}
        target: {column: tail, type_column: tail_type}
        relation_column: relation
        skip: [inverse]
interactions:
  PLAYED:
    user: Player
    item: Game
    words: {en: played, zh: 玩过}
    kinds: [play, buy]
    sources:
      - {table: plays, platform: shop, user: player_id, item: game_id, kind_column: kind, time: at, weight: hours}
"""
SCHEMA: GraphSchema = parse_schema(SCHEMA_TEXT, "games.yaml")


def table(name: str, batch_rows: int = 2, **columns: Any) -> Table:
    """A table in batches of two rows, so that counts must reach over batches."""
    whole = pa.table(columns)
    batches = whole.to_batches(max_chunksize=batch_rows) or [pa.RecordBatch.from_pylist([], schema=whole.schema)]
    return Table(name, batches, f"csv:data/{name}.csv", whole.num_rows)


def mapped(given_table: Table, **options: Any) -> list[Record]:
    return list(map_table(SCHEMA, given_table, **options))


def test_nodes_have_trimmed_ids_and_typed_properties() -> None:
    games = table("games", game_id=["1 ", " 2", "3"], title=["Go", " Chess ", "Nim"], released=["1995", "1.5e3", ""])
    assert mapped(games) == [
        NodeRecord("Game", "1", {"name": "Go", "year": 1995}, "shop"),
        NodeRecord("Game", "2", {"name": "Chess", "year": 1500}, "shop"),
        NodeRecord("Game", "3", {"name": "Nim"}, "shop"),
    ]


def test_times_lists_and_embeddings() -> None:
    games = table(
        "rich_games",
        game_id=[1, 2],
        title=["Go", "Nim"],
        out=["1970-01-02", "1970-01-01T01:00:00+01:00"],
        tags=["old | board|none", "none"],
        vector=["[1, 2.5]", None],
    )
    assert mapped(games) == [
        NodeRecord("Game", "1", {"name": "Go", "out": 86400.0, "tags": ["old", "board"], "vector": [1.0, 2.5]}, "shop"),
        NodeRecord("Game", "2", {"name": "Nim", "out": 0.0}, "shop"),
    ]


def test_split_cells_make_each_node_once_and_every_edge() -> None:
    made = table("made", game_id=["1", "2", "3"], studios=["Sega; Ninty", "Nintendo;Inc;;Sega", None])
    assert mapped(made, phases=["nodes"]) == [
        NodeRecord("Studio", "s:Sega", {"name": "Sega"}, "shop"),
        NodeRecord("Studio", "s:Nintendo", {"name": "Nintendo"}, "shop"),
    ]
    edges = [record for record in mapped(made, phases=["edges"]) if isinstance(record, EdgeRecord)]
    assert [(edge.source, edge.target, edge.relation) for edge in edges] == [
        ("1", "s:Sega", "MADE_BY"),
        ("1", "s:Nintendo", "MADE_BY"),
        ("2", "s:Nintendo", "MADE_BY"),
        ("2", "s:Sega", "MADE_BY"),
    ]


def test_types_by_row_and_skipped_relations() -> None:
    facts = table(
        "facts",
        head_type=["Game", "Game", "Thing"],
        head=["1", "1", "x"],
        relation=["like", "inverse", "like"],
        tail_type=["Thing", "Nonsense", "Game"],
        tail=["x", "y", "1"],
    )
    assert mapped(facts) == [
        EdgeRecord("FACT", "Game", "1", "Thing", "x", "like", {}, "shop"),
        EdgeRecord("FACT", "Thing", "x", "Game", "1", "like", {}, "shop"),
    ]
    things = table("things", thing=["x", None], kind=["Thing", "Other"])
    assert mapped(things) == [NodeRecord("Thing", "x", {}, "shop")]


def test_interactions_with_unknown_time_and_weight() -> None:
    plays = table("plays", player_id=[1.0, 2.0], game_id=[7, 8], kind=["play", "buy"], at=[5, None], hours=[2.5, None])
    assert mapped(plays) == [
        Interaction("PLAYED", "1", "7", "play", "shop", 5.0, 2.5),
        Interaction("PLAYED", "2", "8", "buy", "shop", None, 1.0),
    ]


def test_arrow_times_are_utc_seconds() -> None:
    at = pa.array([1_500, None], pa.timestamp("ms"))
    plays = table("plays", player_id=["a", "b"], game_id=["1", "1"], kind=["play", "play"], at=at, hours=[1, 1])
    assert [record.time for record in mapped(plays) if isinstance(record, Interaction)] == [1.5, None]


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
            "  expected  unix seconds, an ISO date or a position, from games.yaml:65\n"
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
        "  next      correct the column's name in the schema or in the source"
    )


def test_a_wrong_delimiter_is_recognised() -> None:
    columns: Any = {"game_id;title;released": ["1;Go;1995"]}
    with pytest.raises(SourceError) as raised:
        mapped(table("games", **columns))
    assert str(raised.value) == (
        "SourceError: table 'games' has no column 'game_id'.\n"
        "  where     csv:data/games.csv\n"
        "  found     columns game_id;title;released\n"
        "  expected  column 'game_id', from games.yaml:22\n"
        "  next      the table has one column only: read it with the delimiter ';'"
    )


def test_a_column_that_is_there_twice_is_refused() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(["1"]), pa.array(["2"])], names=["player_id", "player_id"])
    with pytest.raises(SourceError, match="table 'players' has the column 'player_id' twice"):
        mapped(Table("players", [batch], "csv:players.csv"))


def test_an_empty_table_has_no_records() -> None:
    empty = pa.array([], pa.string())
    assert mapped(table("games", game_id=empty, title=empty, released=empty)) == []


@pytest.mark.parametrize(
    "uid", ["it's", '"q"', "`MATCH (n) DETACH DELETE n`", "{a: $b}", "}) RETURN 1 //", "\\", "ö中文🎬", "x" * 2_000]
)
def test_odd_ids_survive(uid: str) -> None:
    assert mapped(table("players", player_id=[uid])) == [NodeRecord("Player", uid, {}, "shop")]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), max_size=5))
def test_a_mapped_id_is_the_source_id(uids: list[str]) -> None:
    wanted = [uid.strip() for uid in uids if uid.strip()]
    records = mapped(table("players", player_id=pa.array([uid for uid in uids if uid.strip()], pa.string())))
    assert [record.uid for record in records if isinstance(record, NodeRecord)] == wanted


@settings(deadline=None)
@given(st.lists(st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=5))
def test_whole_numbers_are_the_same_id_in_any_column_type(numbers: list[int]) -> None:
    wanted = [str(number) for number in numbers]
    for column_type in (pa.int64(), pa.float64(), pa.string()):
        column = pa.array(wanted if column_type == pa.string() else numbers, column_type)
        records = mapped(table("players", player_id=column))
        assert [record.uid for record in records if isinstance(record, NodeRecord)] == wanted
    encoded = pa.array(wanted).dictionary_encode()
    assert len(mapped(table("players", player_id=encoded))) == len(wanted)
