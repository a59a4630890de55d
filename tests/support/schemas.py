"""A schema that is right, to be made wrong."""

from __future__ import annotations

import pytest

from kgrec.errors import SchemaError
from kgrec.schema.load import parse_schema

GOOD = """\
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
      name: {type: text, embed: true}
      year: {type: number}
    sources:
      - {table: games, platform: shop, id: game_id, columns: {name: title, year: released}}
edges:
  SEQUEL_OF:
    source: [Game]
    target: [Game]
    words: {en: is the sequel of, zh: 的前作是}
    sources:
      - table: games
        platform: shop
        source: {column: game_id, type: Game}
        target: {column: before, type: Game, optional: true}
interactions:
  PLAYED:
    user: Player
    item: Game
    words: {en: played, zh: 玩过}
    sources:
      - {table: plays, platform: shop, user: player_id, item: game_id, kind: play}
"""


def problems_of(text: str) -> list[str]:
    """The lines of the error that a schema text raises."""
    with pytest.raises(SchemaError) as raised:
        parse_schema(text, "my.yaml")
    assert raised.value.found is not None
    return raised.value.found.splitlines()
