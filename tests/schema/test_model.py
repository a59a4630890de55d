"""Graph schemas: reading, refusing with lines, and the generated reference."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from kgrec.errors import ConfigError, SchemaError
from kgrec.schema.model import GraphSchema, load_schema, parse_schema, shipped_schemas
from kgrec_schemas import __main__ as generator

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


def test_three_mistakes_are_reported_at_once() -> None:
    text = GOOD.replace("number", "nubmer").replace("embed:", "embd:").replace("[Game]", "[Gmae]", 1)
    with pytest.raises(SchemaError) as raised:
        parse_schema(text, "my.yaml")
    assert str(raised.value) == (
        "SchemaError: 3 problems in the schema.\n"
        "  where     my.yaml\n"
        "  found     line 14, nodes.Game.properties.name.embd: unknown key, did you mean 'embed'?\n"
        "            line 15, nodes.Game.properties.year.type: found 'nubmer', expected one of id, category, number, "
        "time, text, embedding, did you mean 'number'?\n"
        "            line 20, edges.SEQUEL_OF.source.0: found 'Gmae', which is not a node type, did you mean 'Game'?\n"
        "  next      see graph_schemas/README.md for every key"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "role: item",
            "role: user",
            "line 4, nodes: found no node type with `role: item`, expected exactly one",
        ),
        (
            "domain: games\n",
            "",
            "line 1, domain: is missing",
        ),
        (
            "words: {en: player, zh: 玩家}",
            "words: {en: player, zh: 玩家, French: joueur}",
            "line 7, nodes.Player.words.French: found 'French', expected the code of a language, such as fr or pt-BR",
        ),
        (
            "version: 1",
            "version: 2",
            "line 1, version: found 2, expected 1",
        ),
        (
            "domain: games",
            "domain: [games]",
            "line 2, domain: found a list, expected text",
        ),
        (
            "year: released",
            "yaer: released",
            "line 17, nodes.Game.sources.0.columns.yaer: found 'yaer', which is not a declared property, "
            "did you mean 'year'?",
        ),
        (
            "platform: shop, user",
            "platform: shpo, user",
            "line 34, interactions.PLAYED.sources.0.platform: found 'shpo', which is not a declared "
            "platform, did you mean 'shop'?",
        ),
        (
            "SEQUEL_OF:",
            "Game:",
            "line 19, edges.Game: the name is taken by nodes.Game",
        ),
        (
            "SEQUEL_OF:",
            "KgrecFact:",
            "line 19, edges.KgrecFact: names that start with Kgrec are kept for the graph's own bookkeeping",
        ),
        (
            "SEQUEL_OF:",
            "SEQUEL-OF:",
            "line 19, edges.SEQUEL-OF: found 'SEQUEL-OF', expected a letter, then at most 62 letters, "
            "digits and underscores",
        ),
        (
            "year: {type: number}",
            "title: {type: text}",
            "line 15, nodes.Game.properties.title: the name is reserved (uid, aliases, platforms, id, "
            "title, type), expected another",
        ),
        (
            "year: {type: number}",
            "year: {type: number, embed: true}",
            "line 15, nodes.Game.properties.year.embed: a number is not text, expected type text or category",
        ),
        (
            "    role: item\n",
            "    role: item\n    align: {title: name, year: yeer}\n",
            "line 12, nodes.Game.align.year: found 'yeer', which is not a declared property, did you mean 'year'?",
        ),
        (
            "    role: item\n",
            "    role: item\n    align: {title: year, year: name}\n",
            "line 12, nodes.Game.align.year: property 'name' must have type number",
        ),
        (
            "kind: play}",
            "kind: play, kind_column: k}",
            "line 34, interactions.PLAYED.sources.0: expected either `kind` or `kind_column`",
        ),
        (
            "column: game_id, type: Game",
            "column: game_id",
            "line 26, edges.SEQUEL_OF.sources.0.source: expected either `type` or `type_column`",
        ),
        (
            "role: user",
            "role: user\n    role: user",
            "line 7, nodes.Player.role: is written twice",
        ),
    ],
)
def test_each_rule_names_the_line(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    assert problem in problems_of(GOOD.replace(old, new, 1))


def test_broken_yaml_names_the_line() -> None:
    with pytest.raises(SchemaError) as raised:
        parse_schema("version: 1\nnodes: {a: [}\n", "my.yaml")
    assert str(raised.value) == (
        "SchemaError: the schema is not readable YAML.\n"
        "  where     my.yaml, line 2\n"
        "  found     expected the node content, but found '}'\n"
        "  expected  valid YAML, indented with spaces\n"
        "  next      correct that line; a value with ': ' or '#' in it needs quotes"
    )


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x\n", "a: \0\n", "\t- a"])
def test_unreadable_text_is_a_schema_error(text: str) -> None:
    with pytest.raises(SchemaError, match="not readable YAML"):
        parse_schema(text, "my.yaml")


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "1: 2\n", "nodes: [1]\nedges: 3\n"])
def test_any_other_yaml_is_a_list_of_problems(text: str) -> None:
    assert problems_of(text)


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        load_schema("moovies")
    assert str(raised.value) == (
        "ConfigError: no graph schema 'moovies'.\n"
        "  found     neither a shipped name nor a file, did you mean 'movies'?\n"
        "  expected  one of books, movies, music, triples, or the path of a YAML file"
    )


def test_a_file_knows_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "games.yaml"
    path.write_text(GOOD, encoding="utf-8")
    schema = load_schema(path)
    assert schema.origin.at("nodes", "Game", "properties", "year") == f"{path}:15"
    assert schema == parse_schema(GOOD, "elsewhere.yaml")


@pytest.mark.parametrize("name", shipped_schemas())
def test_shipped_schemas_load_and_survive_json(name: str) -> None:
    schema = load_schema(name)
    assert schema.domain == name
    again = GraphSchema.from_json(schema.to_json())
    assert (again, again.fingerprint()) == (schema, schema.fingerprint())
    assert schema.embedded_properties(schema.item_type)[0] == "name"
    text = (resources.files("kgrec_schemas") / f"{name}.yaml").read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text), GraphSchema.model_json_schema())


def test_words_may_be_in_further_languages() -> None:
    schema = parse_schema(GOOD.replace("zh: 玩家}", "zh: 玩家, fr: joueur}"), "my.yaml")
    assert schema.nodes["Player"].words.model_dump() == {"en": "player", "zh": "玩家", "fr": "joueur"}


@pytest.mark.parametrize("name", shipped_schemas())
def test_every_relation_has_words_in_both_languages(name: str) -> None:
    schema = load_schema(name)
    for words in [words for edge in schema.edges.values() for words in (edge.words, *edge.relations.values())]:
        assert words.en.isascii()
        assert any("一" <= letter <= "鿿" for letter in words.zh)


def test_movies_has_words_for_every_freebase_relation_it_keeps() -> None:
    facts = load_schema("movies").edges["FREEBASE_FACT"]
    skipped = set(facts.sources[0].skip)
    assert len(facts.relations) + len(skipped) == 24
    assert not skipped & set(facts.relations)


def test_reference_and_json_schema_are_current() -> None:
    folder = Path(generator.__file__).parent
    assert (folder / "README.md").read_text(encoding="utf-8") == generator.reference(), "run python -m kgrec_schemas"
    assert (folder / "schema.json").read_text(encoding="utf-8") == generator.json_schema(), (
        "run python -m kgrec_schemas"
    )
    assert json.loads(generator.json_schema())["title"] == "GraphSchema"


def test_the_reference_begins_with_a_schema_that_works() -> None:
    example = generator.HEAD.split("```yaml\n")[1].split("```")[0]
    assert parse_schema(example, "README.md").domain == "games"


@pytest.mark.parametrize(
    ("relation", "english"),
    [
        ("FACT", "is linked with"),
        ("genre", "has the genre"),
        ("made by", "made by"),
        ("music.artist.label_mates", "label mates"),
        ("http://example.org/ontology/author", "author"),
        ("relation_12", "is linked with"),
        ("7", "is linked with"),
    ],
)
def test_a_finer_relation_without_words_is_read_as_it_is_called(relation: str, english: str) -> None:
    assert load_schema("triples").relation_words("FACT", relation).en == english
