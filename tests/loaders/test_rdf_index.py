"""What is said of a thing stands together, wherever in the source it stood."""

from __future__ import annotations

import sqlite3

import pytest

from kgrec.errors import SourceError
from kgrec_loaders.ntriples import Row
from kgrec_loaders.rdf_index import RDF, TYPE, TripleIndex


def thing(subject: str, predicate: str, value: str) -> Row:
    return subject, predicate, value, "blank" if value.startswith("_:") else "iri", None, None


def text(subject: str, predicate: str, value: str, language: str | None = None) -> Row:
    return subject, predicate, value, "literal", None, language


def index(*rows: Row) -> TripleIndex:
    return TripleIndex(rows, "rdf:test")


def test_facts_of_a_thing_are_together_and_stated_once() -> None:
    found = index(
        text("u:a", "u:n", "one"), thing("u:b", "u:p", "u:c"), text("u:a", "u:n", "two"), text("u:a", "u:n", "one")
    ).said_of("u:a")
    assert {key: list(values) for key, values in found.items()} == {(("u:n",), "", False): ["one", "two"]}


def test_languages_are_told_apart_without_their_case() -> None:
    found = index(text("u:a", "u:n", "x", "en-US"), text("u:a", "u:n", "y", "en-us"), text("u:a", "u:n", "x"))
    assert list(found.said_of("u:a")) == [(("u:n",), "en-us", False), (("u:n",), "", False)]


def test_classes_have_their_members_in_order() -> None:
    found = index(
        thing("u:b", TYPE, "u:T"), thing("u:a", TYPE, "u:T"), thing("u:b", TYPE, "u:S"), thing("u:b", TYPE, "u:T")
    )
    assert list(found.members("u:T")) == ["u:b", "u:a"]
    assert found.classes_of("u:b") == ["u:T", "u:S"]
    assert found.said_of("u:b") == {}


def test_untyped_blank_nodes_are_part_of_what_they_describe() -> None:
    found = index(thing("u:a", "u:made", "_:m"), thing("_:m", "u:by", "u:acme"), thing("_:m", "u:in", "_:y"),
                  text("_:y", "u:year", "1999"))  # fmt: skip
    assert {key[0]: list(values) for key, values in found.said_of("u:a").items()} == {
        ("u:made", "u:by"): ["u:acme"],
        ("u:made", "u:in", "u:year"): ["1999"],
    }
    assert list(found.things()) == ["u:a", "u:acme"]


def test_typed_blank_nodes_are_things() -> None:
    found = index(thing("u:a", "u:made", "_:m"), thing("_:m", TYPE, "u:Making"), text("_:m", "u:year", "1999"))
    assert {key: list(values) for key, values in found.said_of("u:a").items()} == {(("u:made",), "", True): ["_:m"]}
    assert list(found.things()) == ["_:m", "u:a"]


def test_members_of_lists_are_values() -> None:
    first, rest, nil = RDF + "first", RDF + "rest", RDF + "nil"
    rows = [thing("u:a", "u:of", "_:1"), thing("_:1", first, "u:c"), thing("_:1", rest, "_:2")]
    rows += [text("_:2", first, "d"), thing("_:2", rest, nil), thing("u:a", "u:none", nil)]
    found = index(*rows)
    assert {key: list(values) for key, values in found.said_of("u:a").items()} == {
        (("u:of",), "", True): ["u:c"],
        (("u:of",), "", False): ["d"],
    }
    assert list(found.things()) == ["u:a", "u:c"]


def test_circles_of_blank_nodes_end() -> None:
    rest = RDF + "rest"
    found = index(thing("u:a", "u:p", "_:x"), thing("_:x", "u:q", "_:y"), thing("_:y", "u:r", "_:x"),
                  thing("u:a", "u:l", "_:l"), text("_:l", RDF + "first", "1"), thing("_:l", rest, "_:l"))  # fmt: skip
    assert {key[0]: list(values) for key, values in found.said_of("u:a").items()} == {("u:l",): ["1"]}


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def execute(self, *_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        def close(self) -> None:
            pass

    monkeypatch.setattr("kgrec_loaders.rdf_index.sqlite3.connect", lambda *_, **__: Full())
    with pytest.raises(SourceError, match="set TMPDIR to a folder with more room"):
        index(thing("u:a", "u:p", "u:b"))
