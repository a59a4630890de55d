"""Literals read back as the value they were written for, and look-ups can be pasted as they are."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import kglite
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.graph.cypher.look_ups import READ_QUERIES
from kgrec.graph.cypher.pasteable import ascii_only, literal, look_up_statement
from kgrec.testing.sample_graph import films_schema, hostile_strings
from tools.neo4j.server import Neo4jServer

TRICKY = ["\\", "u", "'", "0041", "\n", '"', "`", "{$x}", "//", "é", "\x00", "😀"]
EMBEDDED = kglite.KnowledgeGraph().session()


def embedded(text: str) -> Any:
    return EMBEDDED.cypher(f"RETURN {text} AS value").to_list()[0]["value"]


def batch() -> list[Any]:
    """Every character of the first plane, every three tricky pieces in a row, hostile texts, numbers at their ends."""
    plane = [sign for sign in map(chr, range(0x10000)) if not "\ud800" <= sign <= "\udfff"]
    texts = ["".join(plane[n : n + 1024]) for n in range(0, len(plane), 1024)]
    texts += ["".join(pieces) for pieces in product(TRICKY[:8], repeat=3)]
    numbers = [0, -(2**63), 2**63 - 1, 0.0, -1.5, 1e16, 1e-7, 5e-324, 1.7976931348623157e308]
    return [*texts, *hostile_strings(), *numbers, True, False, None, [], [["a"], [None, 1]]]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(TRICKY)).map("".join)))
def test_a_text_reads_back_as_itself(text: str) -> None:
    assert embedded(literal(text)) == text


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
def test_a_number_reads_back_as_itself(value: float) -> None:
    back = embedded(literal(value))
    assert (back, type(back)) == (value, type(value))


def test_the_whole_batch_on_the_embedded_store() -> None:
    assert embedded(literal(batch())) == batch()


@pytest.mark.neo4j
def test_the_whole_batch_on_neo4j(neo4j_url: str, neo4j_server: Neo4jServer) -> None:
    escaped = ascii_only(literal("星😀\\u é"))
    with neo4j_server.driver() as driver:
        for text, value in ((literal(batch()), batch()), (escaped, "星😀\\u é")):
            assert driver.execute_query(f"RETURN {text} AS value").records[0]["value"] == value


def test_what_literals_look_like() -> None:
    assert literal('O\'Reilly \\ "Sons"\n') == r"""'O\'Reilly \\ "Sons"\n'"""
    assert literal("\x1b[2J \u202e \u200b 星") == r"'\u001B[2J \u202E \u200B 星'"
    assert literal(["a", 1, 2.0, True, None]) == "['a', 1, 2.0, true, null]"
    assert ascii_only("RETURN '星😀\\\\u'") == r"RETURN '\u661F\uD83D\uDE00\\u'"


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", float("nan"), float("inf"), 2**63, -(2**63) - 1, ["\ud83d"]])
def test_what_no_store_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        literal(value)


def test_a_look_up_to_paste() -> None:
    assert look_up_statement(films_schema(), "who_else", {"item": "alien's"}) == (
        ":param item => 'alien\\'s';\n"
        ":param limit => 25;\n"
        "MATCH (i:`Film` {uid: $item})<-[r:`RATED`|`WATCHED`]-(u:`User`) "
        "RETURN u.uid AS user, count(r) AS times, max(r.time) AS last ORDER BY times DESC, user LIMIT $limit;"
    )
    assert look_up_statement(films_schema(), "node_degree").startswith(":param uid => 'UID';\nMATCH (n:`Film` {uid")
    assert "(n:`Person` {uid" in look_up_statement(films_schema(), "node_degree", {"type": "Person"})


@pytest.mark.parametrize("name", READ_QUERIES)
def test_every_parameter_is_said(name: str) -> None:
    statement = look_up_statement(films_schema(), name)
    said = re.findall(r"^:param (\w+) => .*;$", statement, re.MULTILINE)
    assert set(said) == set(re.findall(r"\$(\w+)", statement))


def test_look_ups_that_cannot_be_written() -> None:
    with pytest.raises(KeyError):
        look_up_statement(films_schema(), "nothing")
    with pytest.raises(TypeError, match="the query takes"):
        look_up_statement(films_schema(), "counts", {"user": "ann"})
    with pytest.raises(ValueError, match="is not a node type of the schema"):
        look_up_statement(films_schema(), "node_degree", {"type": "Film) DETACH DELETE n //"})
