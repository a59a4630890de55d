"""Turtle, TriG, RDF/XML and JSON-LD say what N-Triples say; what they leave open is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.errors import SourceError
from kgrec_loaders.ntriples import Row, read_ntriples
from kgrec_loaders.rdf_documents import read_document

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def rows_of(folder: Path, content: str, format: str, base: str | None = None) -> list[Row]:
    path = folder / "document"
    path.write_text(content)
    return [row for _, row in read_document(path, f"{format}:document", base, format)]


def error_of(folder: Path, content: str, format: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        rows_of(folder, content, format)
    return caught.value


NUMBERS = ("007", "-1", "abc", " 12 ")
TYPED = {
    "turtle": "<u:a> <u:p> " + ", ".join(f'"{n}"^^<{XSD}integer>' for n in NUMBERS) + " .",
    "trig": "<u:g> { <u:a> <u:p> " + ", ".join(f'"{n}"^^<{XSD}integer>' for n in NUMBERS) + " . }",
    "xml": f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:u="u:"><rdf:Description rdf:about="u:a">'
    + "".join(f'<u:p rdf:datatype="{XSD}integer">{n}</u:p>' for n in NUMBERS)
    + "</rdf:Description></rdf:RDF>",
    "jsonld": '{"@id": "u:a", "u:p": ['
    + ", ".join(f'{{"@value": "{n}", "@type": "{XSD}integer"}}' for n in NUMBERS)
    + "]}",
}


@pytest.mark.parametrize("format", TYPED)
def test_literals_are_as_ntriples_have_them(tmp_path: Path, format: str) -> None:
    lines = "".join(f'<u:a> <u:p> "{n}"^^<{XSD}integer> .\n' for n in NUMBERS)
    (tmp_path / "same.nt").write_text(lines)
    expected = list(read_ntriples(tmp_path / "same.nt", "", None, quads=False))
    assert rows_of(tmp_path, TYPED[format], format) == expected
    day = f'<u:a> <u:p> "24:00:00"^^<{XSD}time>, "2020-01-01Z"^^<{XSD}date> .'  # rdflib would write them otherwise
    assert [row[2] for row in rows_of(tmp_path, day, "turtle")] == ["24:00:00", "2020-01-01Z"]


def test_numbers_without_quotes_are_as_those_in_quotes(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "<u:a> <u:p> 007, +5, 1.50, 1e3, true .", "turtle")
    assert [(row[2], (row[4] or "").removeprefix(XSD)) for row in rows] == [
        ("7", "integer"),
        ("5", "integer"),
        ("1.5", "decimal"),
        ("1000", "double"),
        ("true", "boolean"),
    ]


RELATIVE = {
    "turtle": "<a> <u:p> <#b>, </c>, <d/e:f> .",
    "trig": "<u:g> { <a> <u:p> <#b>, </c>, <d/e:f> . }",
    "xml": f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:u="u:"><rdf:Description rdf:about="a">'
    + "".join(f'<u:p rdf:resource="{iri}"/>' for iri in ("#b", "/c", "d/e:f"))
    + "</rdf:Description></rdf:RDF>",
    "jsonld": '{"@id": "a", "u:p": [{"@id": "#b"}, {"@id": "/c"}, {"@id": "d/e:f"}]}',
}


@pytest.mark.parametrize("format", RELATIVE)
def test_relative_iris_start_from_a_stated_base(tmp_path: Path, format: str) -> None:
    rows = rows_of(tmp_path, RELATIVE[format], format, base="http://x/y/z")
    assert rows[0][0] == "http://x/y/a"
    assert [row[2] for row in rows] == ["http://x/y/z#b", "http://x/c", "http://x/y/d/e:f"]


@pytest.mark.parametrize("format", RELATIVE)
def test_without_a_base_they_are_refused(tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = error_of(tmp_path, RELATIVE[format], format)
    assert error.summary == "an IRI is relative, and the base that it starts from is not stated."
    line = ", line 1" if format in ("turtle", "trig") else ""
    assert (error.where, error.found) == (f"{format}:document{line}", "'<a>'")
    assert error.next == "write the source as rdf:FILE?base=http://..."


@pytest.mark.parametrize("iri", ["", "#me", "../up", "//host/path", "?q=1"])
def test_every_kind_of_relative_iri_is_found(tmp_path: Path, iri: str) -> None:
    error = error_of(tmp_path, f"<u:a> <u:p> <{iri}> .", "turtle")
    assert error.summary.startswith("an IRI is relative")


def test_a_base_in_the_file_counts_before_the_stated_one(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "@base <http://f/> . <a> <b> <c> .", "turtle", base="http://s/") == [
        ("http://f/a", "http://f/b", "http://f/c", "iri", None, None)
    ]


def test_signs_that_no_iri_may_hold_are_refused_as_in_ntriples(tmp_path: Path) -> None:
    error = error_of(tmp_path, "<u:a> <u:p> <u:with space> .", "turtle")
    assert error.summary == "an IRI holds a sign that no IRI may hold."
    assert error.found == "' ' in '<u:with space>'"


def test_a_triple_of_several_graphs_is_read_once(tmp_path: Path) -> None:
    text = "<u:g> { <u:a> <u:p> <u:b> . } <u:h> { <u:a> <u:p> <u:b>, <u:c> . } <u:a> <u:p> <u:d> ."
    assert [row[2] for row in rows_of(tmp_path, text, "trig")] == ["u:b", "u:c", "u:d"]


def test_owl_with_entities_is_read(tmp_path: Path) -> None:
    text = (
        f'<?xml version="1.0"?><!DOCTYPE rdf:RDF [<!ENTITY x "http://x/">]><rdf:RDF xmlns:rdf="{RDF}" '
        'xmlns:x="http://x/" xml:base="http://x/"><x:Tent rdf:ID="t1"><x:of rdf:resource="&x;a"/></x:Tent></rdf:RDF>'
    )
    assert {row[:3] for row in rows_of(tmp_path, text, "xml")} == {
        ("http://x/#t1", f"{RDF}type", "http://x/Tent"),
        ("http://x/#t1", "http://x/of", "http://x/a"),
    }


def test_other_xml_is_no_rdf(tmp_path: Path) -> None:
    assert error_of(tmp_path, "<shop><item id='1'/></shop>", "xml").summary == "the XML is not RDF."


@pytest.mark.parametrize(
    ("format", "text", "where", "found", "advice"),
    [
        ("turtle", "<u:g> { <u:a> <u:b> <u:c> . }", "line 1", "expected '.' or '}' or ']'", "name the file .trig"),
        ("turtle", "<< <u:a> <u:b> <u:c> >> <u:d> 0.9 .", "line 1", "expected", "RDF-star"),
        ("turtle", "\nex:a ex:b ex:c .", "line 2", 'Prefix "ex:" not bound', "correct it"),
        ("trig", "<u:g> { <u:a> <u:b> }", "line 1", "", "correct it"),
        ("xml", f"<a xmlns='{RDF}'>\n<b></a>", "line 2", "mismatched tag", "correct it"),
        ("jsonld", '{\n"@id": }', "line 2", "Expecting value", "correct it"),
    ],
)
def test_syntax_errors(tmp_path: Path, format: str, text: str, where: str, found: str, advice: str) -> None:
    error = error_of(tmp_path, text, format)
    assert "syntax error" in error.summary
    assert (error.where or "").endswith(where)
    assert found in (error.found or "")
    assert advice in (error.next or "")


@pytest.mark.parametrize("format", ["turtle", "jsonld"])
def test_half_a_pair_of_codes_is_refused(tmp_path: Path, format: str) -> None:
    text = {"turtle": '<u:a> <u:p> "\\uD800" .', "jsonld": '{"@id": "u:a", "u:p": "\\uD800"}'}[format]
    assert error_of(tmp_path, text, format).summary == "a letter is escaped by half of a pair of codes."
