"""RDF files: all forms say the same, N-Triples take constant memory, and errors name the line."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.errors import SourceError
from kgrec.extract.sources import source_fingerprint
from kgrec_loaders.rdf import RdfGraphLoader, RdfLoader

XSD = "http://www.w3.org/2001/XMLSchema#"
NTRIPLES = f"""# a comment
<http://x/heat> <http://x/title> "Heat \\"95\\" \\u00e9"@en .
<http://x/heat> <http://x/year> "1995"^^<{XSD}integer> .

<http://x/heat> <http://x/by> _:mann .
_:mann <http://x/name> "Michael Mann" . # trailing
<http://x/heat> <http://x/genre> <http://x/crime>."""
TURTLE = """@prefix x: <http://x/> .
x:heat x:title "Heat \\"95\\" é"@en ; x:year 1995 ; x:by [ x:name "Michael Mann" ] ; x:genre x:crime .
"""
JSONLD = """{"@id": "http://x/heat", "http://x/title": {"@value": "Heat \\"95\\" é", "@language": "en"},
 "http://x/year": 1995, "http://x/by": {"http://x/name": "Michael Mann"}, "http://x/genre": {"@id": "http://x/crime"}}"""

RDFXML = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://x/">
<rdf:Description rdf:about="http://x/heat"><x:title xml:lang="en">Heat "95" é</x:title>
<x:year rdf:datatype="{XSD}integer">1995</x:year><x:by><rdf:Description><x:name>Michael Mann</x:name>
</rdf:Description></x:by><x:genre rdf:resource="http://x/crime"/></rdf:Description></rdf:RDF>"""

Row = tuple[str | None, ...]


def rows_of(location: Path | str) -> list[Row]:
    table = next(RdfLoader(str(location)).tables())
    assert table.name == "rdf_triples"
    return [tuple(row.values()) for batch in table.batches for row in batch.to_pylist()]


def message(location: Path) -> str:
    with pytest.raises(SourceError) as caught:
        rows_of(location)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "blank"),
    [
        ("a.nt", NTRIPLES, "mann"),
        ("a.nt.gz", NTRIPLES, "mann"),
        ("a.nt.xz", NTRIPLES, "mann"),
        ("a.nq", NTRIPLES.replace(" .", " <u:g> ."), "mann"),
        ("a.ttl", TURTLE, "b0"),
        ("a.TTL.bz2", TURTLE, "b0"),
        ("a.trig", TURTLE, "b0"),
        ("a.rdf", RDFXML, "b0"),
        ("a.owl", RDFXML, "b0"),
        ("a.jsonld", JSONLD, "b0"),
    ],
)
def test_every_form_says_the_same(tmp_path: Path, name: str, content: str, blank: str) -> None:
    path = tmp_path / name
    packers: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    path.write_bytes(packers.get(path.suffix, bytes)(content.encode()))
    rows = rows_of(path)
    node = f"_:{name}#{blank}"
    heat = "http://x/heat"
    assert rows == rows_of(path), "blank nodes keep their names from one reading to the next"
    assert {(*row[:4], row[4] if row[4] != f"{XSD}string" else None, row[5]) for row in rows} == {
        (heat, "http://x/title", 'Heat "95" é', "literal", None, "en"),
        (heat, "http://x/year", "1995", "literal", f"{XSD}integer", None),
        (heat, "http://x/by", node, "blank", None, None),
        (node, "http://x/name", "Michael Mann", "literal", None, None),
        (heat, "http://x/genre", "http://x/crime", "iri", None, None),
    }
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ttl", "<u:a> <u:p> " + ", ".join(f'[ <u:n> "{i}" ]' for i in range(9)) + " ."),
        ("a.jsonld", '{"@id": "u:a", "u:p": [' + ", ".join(f'{{"u:n": "{i}"}}' for i in range(9)) + "]}"),
    ],
)
def test_blank_nodes_are_numbered_by_the_document(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    names = {row[2]: row[0] for row in rows_of(tmp_path) if row[1] == "u:n"}
    assert names == {str(i): f"_:{name}#b{i}" for i in range(9)}


def test_a_folder_is_one_table_and_blank_nodes_stay_apart(tmp_path: Path) -> None:
    for name in ("a.nt", "b.nt"):
        (tmp_path / name).write_text("_:n <u:p> <u:o> .\n")
    assert [row[0] for row in rows_of(tmp_path)] == ["_:a.nt#n", "_:b.nt#n"]


def test_spaces_escapes_and_comments_around_triples(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_bytes(
        b"\xef\xbb\xbf  # first\r\n\t<u:a><u:p>\t<u:\\u00e9> .\t\r\n \t\r\n"
        b'_:a <u:p> "" . # x . \r\n<u:a> <u:p> "\\\\n"^^<u:\\u00e9>.'
    )
    assert [row[:3] + row[4:5] for row in rows_of(tmp_path)] == [
        ("u:a", "u:p", "u:é", None),
        ("_:a.nt#a", "u:p", "", None),
        ("u:a", "u:p", "\\n", "u:é"),
    ]


def test_literals_that_do_not_suit_their_type_are_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.nt").write_text(f'<u:a> <u:p> "soon"^^<{XSD}date> .')
    (tmp_path / "b.ttl").write_text(f'<u:a> <u:p> "soon"^^<{XSD}date> .')
    assert rows_of(tmp_path) == [("u:a", "u:p", "soon", "literal", f"{XSD}date", None)] * 2
    assert not caplog.records


def rows_of_graph(graph: rdflib.Graph, name: str = "graph") -> list[Row]:
    table = next(RdfGraphLoader(graph, name).tables())
    return [tuple(row.values()) for batch in table.batches for row in batch.to_pylist()]


def test_a_graph_says_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text(NTRIPLES)
    graph = rdflib.Graph().parse(data=NTRIPLES, format="nt")
    rows = rows_of_graph(graph, "films")
    assert rows == rows_of_graph(graph, "films")
    (node,) = {str(row[0]) for row in rows if row[1] == "http://x/name"}
    assert node.startswith("_:films#")
    named = {tuple("_:a.nt#mann" if cell == node else cell for cell in row) for row in rows}
    assert named == set(rows_of(tmp_path))


def test_a_data_set_gives_the_triples_of_all_its_graphs_once() -> None:
    data = rdflib.Dataset()
    a, b = (data.graph(rdflib.URIRef(f"u:{name}")) for name in "ab")
    relation, tail = rdflib.URIRef("u:p"), rdflib.URIRef("u:o")
    shared, own, first = ((rdflib.URIRef(f"u:{name}"), relation, tail) for name in ("shared", "own", "first"))
    data.default_graph.add(first)
    a.add(shared)
    b.add(shared)
    b.add(own)
    assert sorted(str(row[0]) for row in rows_of_graph(data)) == ["u:first", "u:own", "u:shared"]
    assert sorted(str(row[0]) for row in rows_of_graph(b)) == ["u:own", "u:shared"]


def test_an_empty_graph_is_refused() -> None:
    with pytest.raises(SourceError) as caught:
        rows_of_graph(rdflib.Graph(), "films")
    assert str(caught.value) == (
        "SourceError: the graph is empty.\n  where     rdf:films\n  found     0 triples\n"
        "  expected  at least one triple\n  next      parse or add the triples before the import"
    )


iris = st.from_regex(r"u:[a-z/#?é]{1,6}", fullmatch=True)
literals = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@settings(max_examples=40, deadline=None)
@given(triples=st.lists(st.tuples(iris, iris, literals), min_size=1, max_size=5))
def test_what_rdflib_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, triples: list[tuple[str, str, str]]
) -> None:
    graph = rdflib.Graph()
    for s, p, o in triples:
        graph.add((rdflib.URIRef(s), rdflib.URIRef(p), rdflib.Literal(o)))
    path = tmp_path_factory.mktemp("rdf") / "a.nt"
    path.write_bytes(graph.serialize(format="nt", encoding="utf-8"))
    assert {row[:3] for row in rows_of(path)} == set(triples)


def test_ntriples_take_constant_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec_loaders.rdf_classes.BATCH_ROWS", 4_000)
    path = tmp_path / "large.nt"
    with path.open("w") as file:
        file.writelines(f'_:b{i} <http://x/p{i % 7}> "value {i}" .\n' for i in range(20_000))
    table = next(RdfLoader(str(path)).tables())
    peaks = []
    tracemalloc.start()
    try:
        for batch in table.batches:
            assert batch.num_rows == 4_000
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
    finally:
        tracemalloc.stop()
    assert len(peaks) == 5
    assert max(peaks) < 1.1 * peaks[1], f"the peak grows with the file: {peaks} bytes"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.nt",
            b"<u:a> <u:b> <u:c> .\n<u:a> <u:b> .\n",
            "SourceError: a line is not a triple.\n  where     ntriples:{path}, line 2\n  found     '<u:a> <u:b> .'\n"
            '  expected  <subject> <predicate> <object> . with full IRIs, "literals" or _:labels\n'
            "  next      correct or remove the line, or name the file .ttl if it is Turtle",
        ),
        (
            "a.nt",
            b'<u:a> <u:b> "caf\xe9" .\n',
            "SourceError: the text is not UTF-8.\n  where     ntriples:{path}, line 1\n"
            "  found     b'<u:a> <u:b> \"caf\\xe9\" .\\n'\n  expected  UTF-8, with or without a byte order mark\n"
            "  next      convert the file, e.g. `iconv -f latin1 -t utf-8`",
        ),
        (
            "a.nt",
            b"# nothing\n",
            "SourceError: the file states nothing.\n  where     ntriples:{path}\n  found     no triple\n"
            "  expected  at least one triple\n  next      check that the export or download of this file finished",
        ),
        (
            "a.ttl",
            b"@prefix a: <u:> .\na:b a:c 1 .\na:b oops .\n",
            "SourceError: the Turtle has a syntax error.\n  where     turtle:{path}, line 3\n"
            "  found     expected '.' or '}}' or ']' at end of statement\n  expected  Turtle\n  next      correct it",
        ),
        (
            "a.jsonld",
            b'{\n"@id": }',
            "SourceError: the JSON has a syntax error.\n  where     jsonld:{path}, line 2\n"
            "  found     Expecting value\n  expected  JSON\n  next      correct it; unlike a line of N-Triples "
            "or a statement of Turtle, no part of it can be left out",
        ),
        (
            "a.jsonld",
            b'{"@context": ["https://schema.org"], "name": "x"}',
            "SourceError: the JSON-LD context is not in the file.\n  where     jsonld:{path}\n"
            "  found     'https://schema.org'\n  expected  a context as an object: nothing is fetched while reading\n"
            "  next      put the context's content into the file in place of its address",
        ),
        (
            "a.html",
            b"<p>",
            "SourceError: the location holds no RDF.\n  where     {path}\n  found     a.html\n"
            "  expected  a .ttl, .nt, .nq, .trig, .rdf, .owl, .xml or .jsonld file (also .gz, .bz2, .xz), "
            "or a folder of them\n"
            "  next      save the data in one of these formats; the suffix says which",
        ),
    ],
)
def test_messages(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert message(path) == expected.format(path=path)


def test_a_file_of_lines_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("<a> <b> <c> .\n")
    triples = next(RdfLoader(str(tmp_path)).tables())
    triples.log.collect()
    assert [row for batch in triples.batches for row in batch.to_pylist()] == []
    (bad,) = triples.log.bad_rows
    assert bad.what == "an IRI is relative, and the base that it starts from is not stated."


def test_the_base_is_stated_in_the_location(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<a> <b> <c> .")
    (tmp_path / "b.nt").write_text("<a> <b> <d> .")
    rows = rows_of(f"{tmp_path}?base=http://x/")
    assert [row[:3] for row in rows] == [("http://x/a", "http://x/b", f"http://x/{end}") for end in "cd"]
    with pytest.raises(SourceError, match="the base is relative itself"):
        rows_of(f"{tmp_path}?base=x/")


def test_a_stated_base_does_not_hide_the_files_from_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<a> <b> <c> .")
    source = f"rdf:{tmp_path}?base=http://x/"
    before = source_fingerprint(source)
    assert source_fingerprint(source) == before
    (tmp_path / "a.ttl").write_text("<a> <b> <c>, <d> .")
    assert source_fingerprint(source) != before


def test_files_that_changed_are_read_anew(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<u:a> a <u:Tent> .")
    loader = RdfLoader(str(tmp_path))
    assert [table.name for table in loader.tables()] == ["rdf_triples", "Tent", "rdf_links", "rdf_resources"]
    (tmp_path / "a.ttl").write_text("<u:a> a <u:Stove> . <u:b> a <u:Stove> .")
    tables = {table.name: list(table.batches) for table in loader.tables()}
    assert [row["iri"] for batch in tables["Stove"] for row in batch.to_pylist()] == ["u:a", "u:b"]
