"""A statement that cannot be read is left out whole, with its line, and what stands around it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.data.records import ReadingLog
from kgrec.errors import SourceError
from kgrec_loaders.rdf_documents import read_document

GOOD = ["<u:1> <u:p> <u:x> .", "<u:2> <u:p> <u:x> .", "<u:3> <u:p> <u:x> ."]


def read(folder: Path, content: str | bytes, format: str = "turtle") -> tuple[list[tuple[int, str]], ReadingLog]:
    """Line and subject of every triple, and what is said of the rest."""
    path = folder / "document"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    log = ReadingLog()
    log.collect()
    return [(line, row[0][2:]) for line, row in read_document(path, "document", None, format, log)], log


BAD = [
    "<u:a> oops .",
    "<u:a> <u:p> <u:x> ; <u:q> 1.5 ; <u:r> oops .",
    "<u:a> <u:p> <u:x> ;\n  <u:q> , .",
    '<u:a> <u:p> "never closed .',
    '<u:a> oops """a text. <u:b> <u:p>\n<u:b> . <u:c> <u:p> <u:d> .\n""" .',
    "<u:a> oops 'it. is' ; <u:q> 'so. ' . # <u:b> <u:p> <u:c> .",
    "<u:a> <u:p> ex:unknown .",
    "@prefix ex <http://x/> .",
    "PREFIX ex <http://x/>",
    "<u:g> { <u:a> <u:p> <u:x> . <u:b> <u:p> <u:x> . }",
    "<u:a> <u:p> [ <u:q> <u:x> ; <u:r> oops ] .",
    "<u:a> <u:p> ( <u:x> oops ) .",
    "} .",
    "<< <u:a> <u:p> <u:x> >> <u:q> 0.9 .",
    '<u:a> <u:p> "\\x" .',
]


@pytest.mark.parametrize("bad", BAD)
def test_only_the_statement_is_left_out(tmp_path: Path, bad: str) -> None:
    rows, log = read(tmp_path, "\n".join([GOOD[0], "# a comment. ", bad, *GOOD[1:]]))
    after = 3 + bad.count("\n") + 1
    assert rows == [(1, "1"), (after, "2"), (after + 1, "3")]
    (said,) = log.bad_rows
    assert said.what == "the Turtle has a syntax error."
    assert 3 <= said.row < after
    assert said.rows == (2 if bad == "} ." else 1)


@pytest.mark.parametrize("bad", BAD)
def test_nobody_who_does_not_ask_for_it_gets_the_rest(tmp_path: Path, bad: str) -> None:
    (tmp_path / "document").write_text("\n".join([*GOOD, bad]))
    with pytest.raises(SourceError, match="document, line "):
        list(read_document(tmp_path / "document", "document", None, "turtle"))


def test_in_a_graph_the_others_of_the_graph_stay(tmp_path: Path) -> None:
    text = "<u:g> {\n<u:1> <u:p> 1 .\n<u:a> oops .\n<u:2> <u:p> 2 .\n<u:b> oops }\n<u:3> <u:p> 3 .\n"
    rows, log = read(tmp_path, text, "trig")
    assert rows == [(2, "1"), (4, "2"), (6, "3")]
    assert [(bad.row, bad.rows) for bad in log.bad_rows] == [(3, 2)]


def test_what_was_there_before_is_not_taken_back(tmp_path: Path) -> None:
    rows, log = read(tmp_path, "<u:1> <u:p> <u:x> .\n<u:1> <u:p> <u:x> ; oops .\n")
    assert (rows, log.left_out) == ([(1, "1")], 1)


def test_a_letter_in_another_encoding_costs_its_statement(tmp_path: Path) -> None:
    rows, log = read(tmp_path, b'<u:1> <u:p> "a" .\n<u:2> <u:p> "caf\xe9" .\n<u:3> <u:p> "b" .\n')
    assert rows == [(1, "1"), (3, "3")]
    assert [(bad.what, bad.row) for bad in log.bad_rows] == [("the text is not UTF-8.", 2)]


@pytest.mark.parametrize("bad", ["<u:a> <u:p> <relative> .", "<u:a> <u:p> <u:with space> .", '<u:a> <u:p> "\\uD800" .'])
def test_a_triple_that_may_not_be_costs_itself(tmp_path: Path, bad: str) -> None:
    rows, log = read(tmp_path, "\n".join([GOOD[0], bad, GOOD[1]]))
    assert rows == [(1, "1"), (3, "2")]
    assert [(bad.row, bad.rows) for bad in log.bad_rows] == [(2, 1)]


@pytest.mark.parametrize(
    ("format", "content"),
    [
        ("jsonld", '[{"@id": "u:1", "u:p": 1},\n{"@id": ]'),
        ("xml", '<r xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'),
    ],
)
def test_of_a_broken_document_nothing_is_read(tmp_path: Path, format: str, content: str) -> None:
    with pytest.raises(SourceError, match="document, line 2") as caught:
        read(tmp_path, content, format)
    assert "no part of it can be left out" in (caught.value.next or "")
