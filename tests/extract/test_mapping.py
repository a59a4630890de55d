"""Rows to records: nodes, facts and interactions as the schema reads a table."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord, Record
from kgrec.extract.row_reader import Problem, Reader
from kgrec.schema.load import parse_schema
from tests.support.games import SCHEMA, SCHEMA_TEXT, mapped, records_of, table


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
    wanted = [unicodedata.normalize("NFC", uid.strip()) for uid in uids if uid.strip()]
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


IDS = st.sampled_from(["1", " 1", "2", "", None, "Inc", "Ninty", "Nintendo", "x\0", "a;b", "Ninty;Inc;;Ninty", "y\0;a"])
SPLIT_BOTH = parse_schema(SCHEMA_TEXT.replace("column: game_id, ", 'column: game_id, split: ";", '), "games.yaml")
LISTS = st.none() | st.lists(st.sampled_from(["1", "Inc", "Ninty", "Nintendo", None, "x\0"]), max_size=3)


@settings(deadline=None)
@given(
    heads=st.lists(IDS, min_size=4, max_size=4),
    tails=st.lists(IDS, min_size=4, max_size=4) | st.lists(LISTS, min_size=4, max_size=4),
    both=st.booleans(),
)
def test_facts_in_columns_are_those_of_each_row(
    heads: list[str | None], tails: list[str | list[str | None] | None], both: bool
) -> None:
    kind = pa.list_(pa.string()) if any(isinstance(cell, list) for cell in tails) else pa.string()
    columns = {"game_id": pa.array(heads, pa.string()), "studios": pa.array(tails, kind)}
    schema = SPLIT_BOTH if both else SCHEMA

    def read() -> tuple[list[Record], list[Problem]]:
        problems: list[Problem] = []
        made = records_of(schema, table("made", **columns), phases=["edges"], on_error="skip", problems=problems)
        return list(made), problems

    at_once = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "end_ids", lambda *_: None)
        assert read() == at_once


def test_a_list_of_items_is_an_interaction_with_each() -> None:
    baskets: list[list[int | None] | None] = [[7, 8, 7], [], None, [9], [5, None]]
    columns = {"player_id": list("abcde"), "kind": ["buy"] * 5, "at": [1, 2, 3, 4, 5], "hours": [1.0] * 5}
    plays = table("plays", batch_rows=3, game_id=pa.array(baskets, pa.list_(pa.int64())), **columns)
    problems: list[Problem] = []
    found = [r for r in mapped(plays, on_error="skip", problems=problems) if isinstance(r, Interaction)]
    assert [(r.user, r.item, r.time) for r in found] == [
        ("a", "7", 1.0), ("a", "8", 1.0), ("a", "7", 1.0), ("d", "9", 4.0), ("e", "5", 5.0)
    ]  # fmt: skip
    assert [(p.what, p.row, p.rows) for p in problems] == [("column 'game_id' must hold an id.", 2, 3)]


def test_a_column_that_only_names_nodes_names_each_once_and_every_bad_row_counts() -> None:
    schema = parse_schema(SCHEMA_TEXT.replace("id: player_id}", "id: player_id, optional: true}"), "games.yaml")
    bad = "x" * 5_000
    players = table("players", player_id=["a", bad, "a", None, " a", "c", bad, "c", "a", "b"])
    problems: list[Problem] = []
    records = records_of(schema, players, on_error="skip", problems=problems)
    assert records == [NodeRecord("Player", uid, {}, "shop") for uid in "acb"]
    assert [(problem.row, problem.rows) for problem in problems] == [(2, 2)]
