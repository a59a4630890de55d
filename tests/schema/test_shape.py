"""The shape of a graph: what is kept otherwise is another graph, words and sources are not."""

from __future__ import annotations

from kgrec.schema.load import load_schema, parse_schema
from kgrec.schema.shape import makes_pseudonyms, pseudonymous_users, shape_of
from tests.support.schemas import GOOD

PLAIN = parse_schema(GOOD, "my.yaml")


def changed(old: str, new: str) -> str:
    return parse_schema(GOOD.replace(old, new), "my.yaml").fingerprint()


def test_shapes() -> None:
    assert shape_of(PLAIN)["nodes"]["Game"] == {"role": "item", "properties": {"name": "text", "year": "number"}}
    assert changed("{en: game, ", "{en: thing, ") == PLAIN.fingerprint()
    shapes = {
        PLAIN.fingerprint(),
        changed("year: {type: number}", "year: {type: number, personal: drop}"),
        changed("year: {type: number}", "year: {type: category}"),
        changed("year: {type: number}", "year: {type: category, personal: mask}"),
        changed("role: user", "role: user\n    pseudonymise: true"),
    }
    assert len(shapes) == 5


def test_graphs_of_before_keep_their_shape() -> None:
    """A number that was written down: bundles and graphs name it."""
    assert load_schema("movies").fingerprint() == "7fc5390ea57abde2"


def test_who_needs_a_key() -> None:
    masked = parse_schema(GOOD.replace("year: {type: number}", "year: {type: id, personal: mask}"), "my.yaml")
    dropped = parse_schema(GOOD.replace("year: {type: number}", "year: {type: id, personal: drop}"), "my.yaml")
    users = parse_schema(GOOD.replace("role: user", "role: user\n    pseudonymise: true"), "my.yaml")
    assert [makes_pseudonyms(schema) for schema in (PLAIN, dropped, masked, users)] == [False, False, True, True]
    assert [pseudonymous_users(schema) for schema in (PLAIN, masked, users)] == [False, False, True]
