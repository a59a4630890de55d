"""A schema that uses every way to map a table, and tables of games."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pyarrow as pa

from kgrec.data.records import Record, Table
from kgrec.extract.mapping import map_blocks
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema

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
    return records_of(SCHEMA, given_table, **options)


def records_of(schema: GraphSchema, given_table: Table, **options: Any) -> list[Record]:
    """What a schema makes of a table, record by record."""
    return list(chain.from_iterable(map_blocks(schema, given_table, **options)))
