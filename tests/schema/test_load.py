"""Reading a schema: by name, from a file, and refusing with lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kgrec.errors import ConfigError, SchemaError
from kgrec.schema import yaml_lines
from kgrec.schema.load import load_schema, parse_schema
from kgrec.schema.yaml_lines import read_yaml
from tests.support import ROOT
from tests.support.schemas import GOOD, problems_of


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


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x\n", "a: \0\n", "\t- a", "a: \ud800", "[" * 100_000])
def test_unreadable_text_is_a_schema_error(text: str) -> None:
    with pytest.raises(SchemaError, match="not readable YAML"):
        parse_schema(text, "my.yaml")


@pytest.mark.parametrize("text", [GOOD, *((ROOT / "graph_schemas").glob("*.yaml"))], ids=lambda text: str(text)[-20:])
def test_with_libyaml_and_without_it_is_the_same(text: str | Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text if isinstance(text, str) else text.read_text(encoding="utf-8")
    quick = read_yaml(text, "my.yaml")
    monkeypatch.setattr(yaml_lines, "_QUICK", yaml.SafeLoader)
    plain = read_yaml(text, "my.yaml")
    assert (quick.data, quick.origin.lines) == (plain.data, plain.origin.lines)


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "1: 2\n", "nodes: [1]\nedges: 3\n"])
def test_any_other_yaml_is_a_list_of_problems(text: str) -> None:
    assert problems_of(text)


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        load_schema("moovies")
    assert str(raised.value) == (
        "ConfigError: no graph schema 'moovies'.\n"
        "  found     neither a shipped name nor a file, did you mean 'movies'?\n"
        "  expected  one of books, movies, music, recbole, triples, or the path of a YAML file"
    )


def test_a_file_knows_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "games.yaml"
    path.write_text(GOOD, encoding="utf-8")
    schema = load_schema(path)
    assert schema.origin.at("nodes", "Game", "properties", "year") == f"{path}:15"
    assert schema == parse_schema(GOOD, "elsewhere.yaml")
