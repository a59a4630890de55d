"""Statements on the command line: alone on stdout, for the schema at hand, and readable where Unicode is not."""

from __future__ import annotations

import io
import sys

import pytest

from kgrec.cli.commands.cypher import print_cypher
from kgrec.graph.cypher.look_ups import READ_QUERIES
from kgrec.graph.cypher.pasteable import look_up_statement
from kgrec.recommendation import Recommender
from kgrec.schema.load import load_schema
from tests.support.bundles import film_bundle, film_schema
from tests.support.shop import Said, Shell

EMPIRE = (
    "MATCH shown = (:`User` {uid: 'ann'})-[r:`WATCHED`]->(i:`Film`)\n"
    "WHERE i.uid IN ['star-wars'] AND r.kind IN ['watch']\n"
    "RETURN shown\n"
    "UNION ALL\n"
    "MATCH (shown:`Film`)\n"
    "WHERE shown.uid IN ['empire']\n"
    "RETURN shown;\n"
)


def test_explain_as_cypher(shell: Shell) -> None:
    shell.learned()
    said = shell("explain", "--user", "ann", "--item", "empire", "--cypher")
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        assert said == Said(0, f"{recommender.explain('ann', 'empire').cypher}\n", "")
    assert shell("explain", "--user", "ann", "--item", "empire", "--json").json["cypher"] + "\n" == said.out


def test_explain_as_cypher_without_the_graph(shell: Shell) -> None:
    shell.learned()
    said = shell("explain", "--user", "ann", "--item", "empire", "--cypher", "--store", "")
    assert said == Said(0, EMPIRE, "note: no graph paths, and history as of the bundle: no store was opened\n")


def test_explain_as_cypher_without_a_schema(shell: Shell) -> None:
    film_bundle().save("kgrec.bundle")
    assert shell("explain", "--user", "ann", "--item", "empire", "--cypher", "--store", "") == Said(
        2,
        "",
        "ConfigError: the bundle names no graph, so there is nothing to show in one.\n"
        "  where     --cypher\n"
        "  found     a bundle from plain arrays\n"
        "  expected  a bundle that `kgrec train` wrote\n"
        "  next      leave --cypher out\n",
    )


def test_the_look_ups_are_listed(shell: Shell) -> None:
    said = shell("cypher")
    assert (said.code, said.err) == (0, "")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in said.out.splitlines() if line[0] == "│"]
    assert [row[0] for row in rows] == list(READ_QUERIES)
    assert rows[2] == ["who_else", "users who interacted with an item, the most frequent first", "item, limit"]
    listed = shell("cypher", "--json").json
    assert listed[2] == {"name": "who_else", "about": rows[2][1], "parameters": ["item", "limit"]}


def test_a_look_up_for_the_graph_of_a_store(shell: Shell) -> None:
    shell.learned()
    said = shell("cypher", "who_else", "--param", "item=it's", "--param", "limit=3")
    text = look_up_statement(film_schema(), "who_else", {"item": "it's", "limit": 3})
    assert said == Said(0, text + "\n", "")
    assert said.out.startswith(":param item => 'it\\'s';\n:param limit => 3;\nMATCH (i:`Film`")
    assert shell("cypher", "who_else", "--json").json["cypher"].startswith(":param item => 'ITEM';\n")


def test_a_look_up_for_a_shipped_schema(shell: Shell) -> None:
    said = shell("cypher", "node_degree", "--schema", "movies", "--param", "type=Person", "--param", "uid=a=b")
    text = look_up_statement(load_schema("movies"), "node_degree", {"type": "Person", "uid": "a=b"})
    assert said == Said(0, text + "\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("nobody",),
            "ConfigError: there is no look-up of that name.\n"
            "  where     cypher\n"
            "  found     'nobody'\n"
            f"  expected  one of {', '.join(READ_QUERIES)}\n"
            "  next      run `kgrec cypher` for what each of them says\n",
        ),
        (
            ("who_else", "--param", "user=ann"),
            "ConfigError: the look-up who_else has no such parameter.\n"
            "  where     --param\n"
            "  found     'user=ann'\n"
            "  expected  NAME=VALUE, NAME one of item, limit\n"
            "  next      correct the name\n",
        ),
        (
            ("counts", "--param", "x"),
            "ConfigError: the look-up counts has no such parameter.\n"
            "  where     --param\n"
            "  found     'x'\n"
            "  expected  no parameter\n"
            "  next      leave it out\n",
        ),
        (
            ("who_else", "--param", "limit=-1"),
            "ConfigError: limit must be a whole number.\n"
            "  where     --param\n"
            "  found     '-1'\n"
            "  next      correct the value\n",
        ),
        (
            ("node_degree", "--schema", "movies", "--param", "type=Nope"),
            "ConfigError: a parameter has a value that cannot be.\n"
            "  where     --param\n"
            "  found     'Nope' is not a node type of the schema\n"
            "  next      correct the value\n",
        ),
    ],
)
def test_what_cannot_be_printed(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    assert shell("cypher", *arguments) == Said(2, "", message)


def test_a_store_without_a_graph(shell: Shell) -> None:
    assert shell("cypher", "counts", "--store", "kglite::memory:") == Said(
        4,
        "",
        "GraphError: the store is empty: no schema was applied yet.\n"
        "  where     kglite::memory:\n"
        "  next      run `kgrec ingest` first, or name the schema with --schema\n",
    )


@pytest.mark.parametrize(("encoding", "text"), [("utf-8", "RETURN '星'\n"), ("ascii", "RETURN '\\u661F'\n")])
def test_a_terminal_without_unicode(monkeypatch: pytest.MonkeyPatch, encoding: str, text: str) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, write_through=True))
    print_cypher("RETURN '星'")
    assert written.getvalue().decode(encoding) == text
