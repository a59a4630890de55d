"""N-Triples and N-Quads by line: what the specification allows is read, everything else is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.errors import SourceError
from kgrec_loaders.ntriples import Row, read_ntriples

BASE = "http://x/"


def rows_of(folder: Path, content: str | bytes, base: str | None = None, quads: bool = False) -> list[Row]:
    path = folder / "a.nt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_ntriples(path, f"ntriples:{path}", base, quads))


def error_of(folder: Path, content: str | bytes, quads: bool = False) -> SourceError:
    with pytest.raises(SourceError) as caught:
        rows_of(folder, content, quads=quads)
    return caught.value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_the_systems_end_them(tmp_path: Path, end: str) -> None:
    text = end.join(["<u:a> <u:p> <u:b> .", "# nothing", '<u:a> <u:p> "c\\r\\n" .', ""])
    assert [row[2] for row in rows_of(tmp_path, text)] == ["u:b", "c\r\n"]


@pytest.mark.parametrize(
    ("written", "text"),
    [("The Queen\\'s", "The Queen's"), ('\\t\\b\\n\\r\\f\\"\\\\', '\t\b\n\r\f"\\'), ("\\u00E9\\U0001F3B5", "é🎵")],
)
def test_every_escape_of_the_specification(tmp_path: Path, written: str, text: str) -> None:
    assert rows_of(tmp_path, f'<u:a> <u:p> "{written}" .') == [("u:a", "u:p", text, "literal", None, None)]


def test_percent_signs_and_letters_of_iris_are_kept(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "<u:Am%C3%A9lie> <u:p> <u:Am\\u00E9lie> .\n<u:555%> <u:p> <u:Amélie> .")
    assert [(row[0], row[2]) for row in rows] == [("u:Am%C3%A9lie", "u:Amélie"), ("u:555%", "u:Amélie")]


def test_the_lexical_form_of_other_types_is_kept(tmp_path: Path) -> None:
    assert rows_of(tmp_path, '<u:a> <u:p> "007"^^<u:int> .') == [("u:a", "u:p", "007", "literal", "u:int", None)]


def test_quads_are_triples_whose_graph_is_read_over(tmp_path: Path) -> None:
    text = '<u:a> <u:p> <u:b> <u:g> .\n<u:a> <u:p> "c"@en _:g .\n_:x <u:p> <u:d> .\n'
    assert [row[2] for row in rows_of(tmp_path, text, quads=True)] == ["u:b", "c", "u:d"]


def test_a_relative_iri_starts_from_a_stated_base_only(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "<a> <b> <u:c> .", base=BASE) == [("http://x/a", "http://x/b", "u:c", "iri", None, None)]
    error = error_of(tmp_path, "<u:a> <u:b> <u:c> .\n<u:a> <u:b> <c> .")
    assert str(error) == (
        "SourceError: an IRI is relative, and the base that it starts from is not stated.\n"
        f"  where     ntriples:{tmp_path / 'a.nt'}, line 2\n  found     '<c>'\n"
        "  expected  absolute IRIs, or a base: in the file (@base <http://...> . in Turtle) or in the source\n"
        "  next      write the source as rdf:FILE?base=http://..."
    )


@pytest.mark.parametrize("iri", ['u:r/"populate_or_perish"', "u:a b", "u:{a}", "u:a\\u0020b", "u:a|b", "u:a`b"])
@pytest.mark.parametrize("place", range(3))
def test_signs_that_no_iri_may_hold(tmp_path: Path, iri: str, place: int) -> None:
    terms = ["<u:s>", "<u:p>", "<u:o>"]
    terms[place] = f"<{iri}>"
    error = error_of(tmp_path, " ".join([*terms, "."]))
    assert error.summary == "an IRI holds a sign that no IRI may hold."
    assert f"{tmp_path / 'a.nt'}, line 1" in (error.where or "")


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("<u:a> <u:b> <u:c> <u:g> .", "name the file .nq"),
        ('<< <u:a> <u:b> <u:c> >> <u:d> "0.9" .', "RDF-star"),
        ('<u:a> <u:b> "x"@ar--rtl .', "leave the writing direction"),
        ("u:a u:b u:c .", "name the file .ttl if it is Turtle"),
        ('<u:a> <u:b> "x\\q" .', "correct or remove the line"),
        ("<u:a> <u:b> <u:c>", "correct or remove the line"),
    ],
)
def test_what_is_no_triple_comes_with_its_advice(tmp_path: Path, line: str, advice: str) -> None:
    error = error_of(tmp_path, f"# first\n{line}\n")
    assert error.summary == "a line is not a triple."
    assert (error.where or "").endswith("line 2")
    assert advice in (error.next or "")


def test_text_that_no_encoding_holds(tmp_path: Path) -> None:
    assert error_of(tmp_path, b'<u:a> <u:b> "caf\xe9" .\n').summary == "the text is not UTF-8."
    error = error_of(tmp_path, '<u:a> <u:b> "\\uD800" .\n')
    assert error.summary == "a letter is escaped by half of a pair of codes."
