"""Extraction: order, identity across platforms, sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord, Table, Value
from kgrec.errors import ConfigError, RecordError, SourceError
from kgrec.extract import Extraction, known_loaders, open_loader
from kgrec.extract.sources import source_fingerprint, source_name
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema

SCHEMA: GraphSchema = parse_schema(
    """\
version: 1
domain: games
platforms: {shop: {en: shop, zh: 商店}, wiki: {en: wiki, zh: 维基}}
nodes:
  Player:
    role: user
    words: {en: player, zh: 玩家}
    sources: [{table: players, platform: shop, id: player}]
  Game:
    role: item
    words: {en: game, zh: 游戏}
    properties: {name: {type: text}, year: {type: number}, note: {type: text}}
    align: {title: name, year: year}
    sources:
      - {table: wiki_games, platform: wiki, id: key, columns: {name: title, year: year, note: note}}
      - {table: games, platform: shop, id: game, columns: {name: title, year: year}}
  Maker:
    words: {en: maker, zh: 厂商}
    sources: [{table: wiki_games, platform: wiki, id: makers, split: ","}]
edges:
  MADE_BY:
    source: [Game]
    target: [Maker]
    words: {en: made by, zh: 的厂商是}
    sources:
      - table: wiki_games
        platform: wiki
        source: {column: key, type: Game}
        target: {column: makers, type: Maker, split: ","}
interactions:
  PLAYED:
    user: Player
    item: Game
    words: {en: played, zh: 玩过}
    sources: [{table: plays, platform: shop, user: player, item: game, kind: play, time: at}]
""",
    "games.yaml",
)


class Fake:
    """A loader of tables that are given as columns."""

    def __init__(self, **tables: dict[str, list[object]]) -> None:
        self.given = tables

    def tables(self) -> Iterator[Table]:
        for name, columns in self.given.items():
            whole = pa.table(columns)
            yield Table(name, whole.to_batches(max_chunksize=2), f"fake:{name}", whole.num_rows)


SHOP = Fake(
    plays={"player": ["u", "u", "v"], "game": ["1", "2", "1"], "at": [1, 2, 3]},
    players={"player": ["u", "v"]},
    games={"game": ["1", "2"], "title": ["Wall, The (1995)", "Nim"], "year": [1995, 1990]},
)
WIKI = Fake(
    wiki_games={
        "key": ["w1", "w2"],
        "title": ["The Wall", "Go"],
        "year": [1995, 1980],
        "note": ["a wall", None],
        "makers": ["Ada, Bo", "Bo"],
    }
)


def test_aligned_records_share_the_id_of_the_first_platform() -> None:
    extraction = Extraction(SCHEMA, [WIKI, SHOP])
    records = [record for batch in extraction.batches() for record in batch.records]
    games = [record for record in records if isinstance(record, NodeRecord) and record.type == "Game"]
    wall: dict[str, Value] = {"name": "Wall, The (1995)", "year": 1995, "note": "a wall"}
    assert sorted(games, key=lambda game: (game.uid, game.platform)) == [
        NodeRecord("Game", "1", wall, "shop", ("shop:1", "wiki:w1")),
        NodeRecord("Game", "1", wall, "wiki", ("shop:1", "wiki:w1")),
        NodeRecord("Game", "2", {"name": "Nim", "year": 1990}, "shop", ("shop:2",)),
        NodeRecord("Game", "w2", {"name": "Go", "year": 1980}, "wiki", ("wiki:w2",)),
    ]
    edges = [(edge.source, edge.target) for edge in records if isinstance(edge, EdgeRecord)]
    assert edges == [("1", "Ada"), ("1", "Bo"), ("w2", "Bo")]
    assert [(r.user, r.item) for r in records if isinstance(r, Interaction)] == [("u", "1"), ("u", "2"), ("v", "1")]
    assert extraction.alignment is not None
    assert len(extraction.alignment.matches) == 1
    assert extraction.rows == {"wiki_games": 2, "games": 2, "players": 2, "plays": 3}


def test_batches_are_nodes_then_edges_then_interactions_and_repeatable() -> None:
    extraction = Extraction(SCHEMA, [SHOP, WIKI])
    batches = list(extraction.batches(2))
    assert [(batch.kind, batch.table, len(batch.records)) for batch in batches] == [
        ("nodes", "players", 2),
        ("nodes", "games", 2),
        ("nodes", "wiki_games", 2),
        ("nodes", "wiki_games", 2),
        ("edges", "wiki_games", 2),
        ("edges", "wiki_games", 1),
        ("interactions", "plays", 2),
        ("interactions", "plays", 1),
    ]
    assert batches == list(extraction.batches(2)) == list(Extraction(SCHEMA, [SHOP, WIKI]).batches(2))


def test_one_platform_alone_needs_no_alignment() -> None:
    extraction = Extraction(SCHEMA, [SHOP])
    assert extraction.alignment is None
    assert sum(len(batch.records) for batch in extraction.batches()) == 7


def test_bad_rows_are_raised_or_left_out() -> None:
    bad = Fake(plays={"player": ["u", "v"], "game": ["1", "1"], "at": ["1", "soon"]})
    with pytest.raises(RecordError, match="column 'at' must be a time"):
        list(Extraction(SCHEMA, [bad]).batches())
    extraction = Extraction(SCHEMA, [bad], on_error="skip")
    for _ in range(2):
        assert [len(batch.records) for batch in extraction.batches()] == [1]
        assert [problem.rows for problem in extraction.problems] == [1]


def test_sources_without_any_table_of_the_schema_are_refused() -> None:
    with pytest.raises(SourceError) as raised:
        list(Extraction(SCHEMA, [Fake(ratings={"user": ["1"]})]).batches())
    assert str(raised.value) == (
        "SourceError: no table of the sources is one that the schema 'games' reads.\n"
        "  found     tables ratings\n"
        "  expected  some of players, wiki_games, games, plays\n"
        "  next      name the files like the schema's tables, or choose another schema"
    )


def test_source_id_changes_with_files_schema_and_policy(tmp_path: Path) -> None:
    file = tmp_path / "players.csv"
    file.write_text("player\n1\n")
    spec = f"tables:{tmp_path}"
    first = source_fingerprint(spec)
    assert first == source_fingerprint(spec)
    file.write_text("player\n1\n2\n")
    assert source_fingerprint(spec) != first
    ids = {
        Extraction(SCHEMA, [SHOP]).source_id,
        Extraction(SCHEMA, [SHOP], on_error="skip").source_id,
        Extraction(SCHEMA.model_copy(update={"domain": "other"}), [SHOP]).source_id,
        Extraction(SCHEMA, [SHOP, SHOP]).source_id,
    }
    assert len(ids) == 4


def test_a_source_keeps_its_name_whatever_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {source_name(spec) for spec in ("tables:data", "tables:data/", "tables:./data", f"tables:{tmp_path}/data")}
    assert names == {f"tables:{tmp_path}/data"}
    assert source_name("movielens100k") == "movielens100k"
    assert source_name("rdf:a.nt?base=x") == f"rdf:{tmp_path}/a.nt?base=x"


def test_the_name_of_a_database_holds_no_login() -> None:
    first = source_name("sql:postgresql://me:secret@host/db#items=SELECT * FROM a")
    assert re.fullmatch(r"sql:postgresql://host/db [0-9a-f]{8}", first)
    assert source_name("sql:postgresql://you:other@host/db#items=SELECT * FROM a") == first
    assert source_name("sql:postgresql://host/db#items=SELECT * FROM b") != first


def test_an_extraction_knows_which_source_states_what() -> None:
    extraction = Extraction(SCHEMA, [SHOP])
    assert extraction.stated == {}
    list(extraction.batches())
    assert {source for names in extraction.stated.values() for source in names} == {source_name(SHOP)}
    assert {kind for kind, _, _ in extraction.stated} >= {"nodes", "interactions"}


def test_what_cannot_be_looked_at_is_new_every_time() -> None:
    spec = "sql:sqlite:///shop.db#ratings=SELECT * FROM reviews"
    assert source_fingerprint(spec) != source_fingerprint(spec)
    assert source_fingerprint(open_loader("tables:a")) != source_fingerprint(open_loader("tables:b"))
    extraction = Extraction(SCHEMA, [SHOP])
    assert extraction.source_id == extraction.source_id


def test_an_unknown_loader_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        open_loader("tabels:data/")
    assert str(raised.value) == (
        "ConfigError: no loader 'tabels'.\n"
        "  where     source 'tabels:data/'\n"
        "  found     'tabels', did you mean 'tables'?\n"
        f"  expected  one of {', '.join(known_loaders())}\n"
        "  next      write a source as LOADER or LOADER:LOCATION, for example tables:data/"
    )
    assert {"tables", "rdf", "sql", "movielens100k", "wikidata_films", "benchmark"} <= set(known_loaders())


def test_a_path_without_its_loader_is_shown_with_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        open_loader(str(tmp_path))
    assert raised.value.next == f"write a source as LOADER or LOADER:LOCATION, for example tables:{tmp_path}"
