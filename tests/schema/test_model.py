"""Graph schemas: those that ship, their words, and the generated reference."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from kgrec.errors import SchemaError
from kgrec.schema.load import load_schema, parse_schema, shipped_schemas
from kgrec.schema.model import GraphSchema
from kgrec_schemas import __main__ as generator
from tests.support.schemas import GOOD


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
        assert any("一" <= letter <= "鿿" for letter in (words.model_extra or {})["zh"])


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
        ("made by", "is linked with (made by)"),
        ("music.artist.label_mates", "is linked with (label mates)"),
        ("http://example.org/ontology/author", "is linked with (author)"),
        ("relation_12", "is linked with"),
        ("7", "is linked with"),
    ],
)
def test_a_finer_relation_without_words_is_said_with_those_of_its_type(relation: str, english: str) -> None:
    assert load_schema("triples").relation_words("FACT", relation).en == english


def test_a_finer_relation_keeps_the_words_of_further_languages() -> None:
    given = load_schema("triples").model_dump(mode="json")
    given["edges"]["FACT"]["words"]["xx"] = "bound to"
    words = GraphSchema.model_validate(given).relation_words("FACT", "made by")
    assert words.model_dump() == {
        "en": "is linked with (made by)",
        "zh": "关联到 (made by)",
        "xx": "bound to (made by)",
    }


def test_english_is_enough() -> None:
    without = re.sub(r", zh: [^}]+", "", GOOD)
    assert without != GOOD
    words = parse_schema(without, "my.yaml").nodes["Player"].words
    assert words.model_dump() == {"en": "player"}
    with pytest.raises(SchemaError, match=r"words\.en: is missing"):
        parse_schema(GOOD.replace("{en: player, zh: 玩家}", "{zh: 玩家}"), "my.yaml")


@pytest.mark.parametrize(
    ("uid", "name", "readable"),
    [
        ("p1", "Ang Lee", True),
        ("Fjall", "Fjall", True),
        ("Blue Note", "Blue Note", True),
        ("lee", "lee", False),
        ("m.0x1", "m.0x1", False),
        ("Q42", "Q42", False),
        ("USD", "USD", False),
    ],
)
def test_a_name_that_is_the_id_is_read_where_it_is_written_as_one(uid: str, name: str, readable: bool) -> None:
    assert load_schema("triples").is_readable("Entity", uid, name) == readable
