"""What people call relations, names and texts: as the schema says, else by its words."""

from __future__ import annotations

import pytest

from kgrec.schema.load import load_schema, parse_schema, shipped_schemas
from kgrec.schema.model import GraphSchema, NodeType, Words
from kgrec.schema.naming import (
    kind_of_names,
    names_in_languages,
    relation_noun,
    same_language,
    words_of_text,
)
from kgrec.testing.sample_graph import films_schema
from tests.support.schemas import GOOD


def noun(schema: GraphSchema, edge_type: str, relation: str = "") -> str | None:
    words = relation_noun(schema, edge_type, relation or edge_type)
    return None if words is None else words.en


def test_the_noun_of_a_relation_is_that_of_the_schema() -> None:
    movies = load_schema("movies")
    assert [noun(movies, name) for name in ("DIRECTED_BY", "WRITTEN_BY", "STARS")] == ["director", "writer", "actor"]
    assert noun(movies, "FREEBASE_FACT", "film.film.directed_by") == "director"
    assert noun(movies, "FREEBASE_FACT", "film.film.sequel") is None
    assert noun(movies, "FREEBASE_FACT") is None


def test_names_in_other_languages_are_properties_called_by_the_language() -> None:
    given = load_schema("movies").model_dump(mode="json")
    text, number = {"type": "text"}, {"type": "number"}
    given["nodes"]["Movie"]["properties"] |= {"name_zh": text, "name_pt_BR": text, "name_de": number, "named": text}
    schema = GraphSchema.model_validate(given)
    assert names_in_languages(schema, "Movie") == {"zh": "name_zh", "pt-BR": "name_pt_BR"}
    assert names_in_languages(schema, "Genre") == {}
    pairs = [("zh", "zh-Hans"), ("zh-TW", "zh"), ("zh", "en"), ("en", "en")]
    assert [same_language(*pair) for pair in pairs] == [True, True, False, True]


@pytest.mark.parametrize(
    ("relation", "word"),
    [
        ("brand", "brand"),
        ("dbo:mentor", "mentor"),
        ("also_bought", None),
        ("linked", None),
        ("features", None),
        ("7", None),
    ],
)
def test_a_finer_relation_that_nobody_knows_is_its_own_noun(relation: str, word: str | None) -> None:
    assert noun(load_schema("triples"), "FACT", relation) == word


def test_a_target_that_one_edge_leads_to_is_the_noun() -> None:
    assert [noun(load_schema("books"), name) for name in ("WRITTEN_BY", "ABOUT")] == ["author", "subject"]
    films = films_schema()
    assert noun(films, "HAS_GENRE") == "genre"
    assert noun(films, "DIRECTED_BY") is None  # people act, work together and are followed, too
    assert noun(films, "SEQUEL_OF") is None  # a film is an item
    assert noun(load_schema("triples"), "FACT") is None  # facts lead to items and entities


@pytest.mark.parametrize("name", shipped_schemas())
def test_nouns_belong_to_relations_and_are_in_both_languages(name: str) -> None:
    for edge in load_schema(name).edges.values():
        assert set(edge.nouns) <= set(edge.relations)
        for words in [*edge.nouns.values(), *filter(None, [edge.noun])]:
            assert set(words.model_dump()) == {"en", "zh"}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("film", "titles"),
        ("feature films", "titles"),
        ("TV series", "titles"),
        ("person of film", "people"),
        ("artist", "people"),
        ("film company", "things"),
        ("item", "things"),
        ("", "things"),
    ],
)
def test_names_are_titles_people_or_things_by_the_words(words: str, kind: str) -> None:
    schema = films_schema()
    given = schema.model_copy(update={"nodes": {**schema.nodes, "Film": NodeType(role="item", words=Words(en=words))}})
    assert kind_of_names(given, "Film") == kind


def test_the_schema_says_itself_what_names_are() -> None:
    assert kind_of_names(parse_schema(GOOD, "games.yaml"), "Game") == "titles"
    said = GOOD.replace("role: item", "role: item\n    names: things")
    assert kind_of_names(parse_schema(said, "games.yaml"), "Game") == "things"


def test_a_text_is_named_by_its_parts() -> None:
    assert [words.en for words in words_of_text(load_schema("movies"), "Movie")] == ["title", "genres"]
    assert [words.model_dump()["zh"] for words in words_of_text(load_schema("movies"), "Movie")] == ["片名", "类型"]
    assert [words.en for words in words_of_text(load_schema("music"), "Artist")] == ["name", "tags", "biography"]
    assert [words.en for words in words_of_text(films_schema(), "Film")] == ["title", "tags", "plot"]
