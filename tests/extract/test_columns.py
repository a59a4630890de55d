"""Columns by the schema's names: all that are missing at once, other capitals told, optional ones filled."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec.data.records import NodeRecord
from kgrec.errors import SourceError
from kgrec.schema.load import parse_schema
from tests.support.games import mapped, records_of, table
from tests.support.schemas import GOOD


def test_all_missing_columns_are_told_at_once() -> None:
    with pytest.raises(SourceError) as raised:
        mapped(table("games", id=["1"], titel=["Nim"]))
    assert raised.value.summary.startswith("table 'games' has no column 'game_id', 'title'")
    assert "for 'title': did you mean 'titel'?" in str(raised.value.found)
    assert str(raised.value.expected).count("\n") >= 2
    assert "'game_id', from games.yaml:" in str(raised.value.expected)


def test_other_capitals_and_blanks_are_the_same_column_and_told() -> None:
    columns: Any = {" Player_ID ": ["1", "2"]}
    players = table("players", **columns)
    assert [r.uid for r in mapped(players) if isinstance(r, NodeRecord)] == ["1", "2"]
    assert players.log.notes == ["csv:data/players.csv: column ' Player_ID ' is read as 'player_id'"]


def test_a_name_that_two_columns_nearly_have_is_missing() -> None:
    with pytest.raises(SourceError, match="no column 'player_id'"):
        mapped(table("players", PLAYER_ID=["1"], Player_Id=["2"]))


def test_a_column_of_nearly_the_same_name_is_passed_over_and_told() -> None:
    players = table("players", player_id=["1"], Player_ID=["2"])
    assert [r.uid for r in mapped(players) if isinstance(r, NodeRecord)] == ["1"]
    assert players.log.notes == ["csv:data/players.csv: column 'player_id' is read, column 'Player_ID' is passed over"]


def test_an_optional_column_that_is_absent_is_nothing_and_told_once() -> None:
    schema = parse_schema(GOOD.replace("year: released}", "year: released}, optional_columns: [released]"), "g.yaml")
    games = table("games", game_id=["1", "2"], title=["Go", "Nim"], before=[None, "1"])
    found = [r for r in records_of(schema, games, phases=["nodes"]) if isinstance(r, NodeRecord)]
    assert [(r.uid, dict(r.properties)) for r in found] == [("1", {"name": "Go"}), ("2", {"name": "Nim"})]
    assert games.log.notes == ["csv:data/games.csv: no column 'released', which the schema lets be absent"]
