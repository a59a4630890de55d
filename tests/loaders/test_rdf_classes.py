"""RDF as tables of things: types pick rows, labels name them, facts are columns and links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kgrec
from kgrec.errors import DroppedRowsError, RecordError
from kgrec.extract import Extraction
from kgrec.extract.checks import check
from kgrec.schema.load import parse_schema
from kgrec_loaders.rdf import RdfLoader

PREFIXES = """@prefix ex: <http://shop.example/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix schema: <http://schema.org/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
"""
SHOP = (
    "".join(
        f'ex:p{i} a ex:Product ; rdfs:label "Product {i}"@en , "Produkt {i}"@de ; ex:colour ex:{colour} ; '
        f'ex:weight "{i}.50"^^xsd:decimal ; ex:made [ ex:by ex:acme ] ; ex:self ex:p{i} .\n'
        for i, colour in ((10, "red"), (11, "blue"), (12, "red"))
    )
    + 'ex:red a ex:Colour ; rdfs:label "Red"@en , "Rot"@de . ex:blue a ex:Colour ; rdfs:label "Blue" , "Blau"@de .\n'
)


def tables_of(folder: Path, turtle: str) -> dict[str, list[dict[str, Any]]]:
    (folder / "a.ttl").write_text(PREFIXES + turtle)
    tables = RdfLoader(str(folder / "a.ttl")).tables()
    return {table.name: [row for batch in table.batches for row in batch.to_pylist()] for table in tables}


def said(folder: Path, turtle: str, table: str = "T") -> dict[str, Any]:
    """The columns of the only row of a class, without the empty ones and the IRI."""
    (row,) = tables_of(folder, turtle)[table]
    return {name: value for name, value in row.items() if value is not None and name != "iri"}


def test_types_pick_the_rows_and_everything_said_is_a_column(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, SHOP)
    assert list(tables) == ["rdf_triples", "Colour", "Product", "rdf_links", "rdf_resources"]
    assert [row["iri"] for row in tables["Product"]] == [f"http://shop.example/p{i}" for i in (10, 11, 12)]
    assert tables["Product"][1] == {
        "iri": "http://shop.example/p11",
        "label": "Product 11",
        "label@de": "Produkt 11",
        "label@en": "Product 11",
        "colour": "http://shop.example/blue",
        "made.by": "http://shop.example/acme",
        "self": "http://shop.example/p11",
        "weight": "11.5",
    }
    assert [(row["label"], row["label@de"]) for row in tables["Colour"]] == [("Red", "Rot"), ("Blue", "Blau")]


def test_links_are_facts_between_two_things_each_once(tmp_path: Path) -> None:
    links = tables_of(tmp_path, SHOP + "ex:p10 ex:colour ex:red .")["rdf_links"]
    short = [tuple((value or "").removeprefix("http://shop.example/") for value in row.values()) for row in links]
    assert short == [
        (f"p{i}", "Product", relation, target, kind)
        for i, colour in ((10, "red"), (11, "blue"), (12, "red"))
        for relation, target, kind in (("colour", colour, "Colour"), ("made.by", "acme", ""))
    ]


def test_everything_with_an_iri_is_a_resource(tmp_path: Path) -> None:
    rows = tables_of(tmp_path, SHOP)["rdf_resources"]
    assert [(row["iri"].rpartition("/")[2], row["class"], row["label"]) for row in rows] == [
        ("acme", None, None),
        ("blue", "Colour", "Blue"),
        ("p10", "Product", "Product 10"),
        ("p11", "Product", "Product 11"),
        ("p12", "Product", "Product 12"),
        ("red", "Colour", "Red"),
    ]


@pytest.mark.parametrize("predicate", ["rdfs:label", "skos:prefLabel", "schema:name", "foaf:name"])
def test_every_usual_predicate_names(tmp_path: Path, predicate: str) -> None:
    assert said(tmp_path, f'ex:a a ex:T ; {predicate} "A"@fr , "B"@en-GB .') == {
        "label": "B",
        "label@fr": "A",
        "label@en-gb": "B",
    }


def test_the_first_of_them_counts_and_nothing_is_lost(tmp_path: Path) -> None:
    turtle = 'ex:a a ex:T ; foaf:name "F" , "G"@de ; rdfs:label "L" , "M" ; skos:prefLabel "S"@de .'
    assert said(tmp_path, turtle) == {
        "label": "L",
        "label@de": "S",
        "http://www.w3.org/2000/01/rdf-schema#label": "M",
        "name": "F",
        "name@de": "G",
    }


def test_texts_in_languages_have_a_column_each_and_the_best_one(tmp_path: Path) -> None:
    turtle = 'ex:a a ex:T ; rdfs:comment "deux"@fr , "two"@en , "zwei"@de ; ex:note "un"@fr , "uno"@it .'
    assert said(tmp_path, turtle) == {
        "comment": "two",
        "comment@fr": "deux",
        "comment@en": "two",
        "comment@de": "zwei",
        "note": "un",
        "note@fr": "un",
        "note@it": "uno",
    }


def test_several_values_are_a_list_in_every_row(tmp_path: Path) -> None:
    rows = tables_of(tmp_path, "ex:a a ex:T ; ex:n 1 , 2 . ex:b a ex:T ; ex:n 3 . ex:c a ex:T .")["T"]
    assert [row["n"] for row in rows] == [["1", "2"], ["3"], None]


def test_names_that_end_alike_are_written_out(tmp_path: Path) -> None:
    turtle = "ex:a a ex:T, schema:T ; ex:n 1 ; schema:n 2 ; ex:iri 3 ; ex:label 4 ."
    tables = tables_of(tmp_path, turtle)
    assert {"http://shop.example/T", "http://schema.org/T"} <= set(tables)
    (row,) = tables["http://schema.org/T"]
    assert row == {
        "iri": "http://shop.example/a",
        "label": None,
        "type": "http://shop.example/T",
        "http://shop.example/n": "1",
        "http://schema.org/n": "2",
        "http://shop.example/iri": "3",
        "http://shop.example/label": "4",
    }


SCHEMA = parse_schema(
    """\
version: 1
domain: shop
platforms: {web: {en: the web, zh: 网络}}
nodes:
  User: {role: user, words: {en: user, zh: 用户}}
  Item:
    role: item
    words: {en: product, zh: 产品}
    properties: {name: {type: text, embed: true}, weight: {type: number}}
    sources: [{table: Product, platform: web, id: iri, columns: {name: "label@de", weight: weight}}]
  Colour:
    words: {en: colour, zh: 颜色}
    properties: {name: {type: text}}
    sources: [{table: Colour, platform: web, id: iri, columns: {name: label}}]
edges:
  HAS_COLOUR:
    source: [Item]
    target: [Colour]
    words: {en: has the colour, zh: 颜色是}
    sources:
      - table: Product
        platform: web
        source: {column: iri, type: Item}
        target: {column: colour, type: Colour}
interactions:
  CHOSE: {user: User, item: Item, words: {en: chose, zh: 选择过}}
""",
    "shop.yaml",
)


@pytest.mark.parametrize("name", ["shop.ttl", "shop.nt", "shop.rdf"])
def test_a_schema_reads_products_by_their_type_and_names_by_language(tmp_path: Path, name: str) -> None:
    import rdflib

    graph = rdflib.Graph().parse(data=PREFIXES + SHOP)
    form = {"shop.ttl": "turtle", "shop.nt": "nt", "shop.rdf": "xml"}[name]
    graph.serialize(tmp_path / name, format=form, encoding="utf-8")
    with kgrec.open_store("kglite::memory:") as store:
        counts = kgrec.ingest(SCHEMA, [f"rdf:{tmp_path / name}"], store, partial=True).counts
        assert counts.nodes == {"User": 0, "Item": 3, "Colour": 2}
        assert counts.edges == {"HAS_COLOUR": 3}
        records = {r.uid[-3:]: dict(r.properties) for _, r in Extraction(SCHEMA, [f"rdf:{tmp_path / name}"]).records("nodes")}  # type: ignore[union-attr]  # fmt: skip # noqa: E501
    assert records["p11"] == {"name": "Produkt 11", "weight": 11.5}
    assert records["red"] == {"name": "Red"}
    assert check(Extraction(SCHEMA, [f"rdf:{tmp_path / name}"])).rows == {"Product": 3, "Colour": 2}


def test_a_statement_that_cannot_be_read_is_left_out_only_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "shop.ttl"
    path.write_text(PREFIXES + SHOP + "ex:p13 a ex:Product ; oops .\n")
    line = path.read_text().count("\n")
    with kgrec.open_store("kglite::memory:") as store:
        with pytest.raises(RecordError, match=rf"shop\.ttl, row {line}"):
            kgrec.ingest(SCHEMA, [f"rdf:{path}"], store, partial=True)
        with pytest.raises(DroppedRowsError, match="1 of 3 rows of table 'Colour'"):
            kgrec.ingest(SCHEMA, [f"rdf:{path}"], store, partial=True, on_error="skip")
        report = kgrec.ingest(SCHEMA, [f"rdf:{path}"], store, partial=True, on_error="skip", max_dropped=0.5)
        assert report.counts.nodes == {"User": 0, "Item": 3, "Colour": 2}
    assert {(problem.about, problem.row, problem.rows) for problem in report.problems} == {
        ("table Product", line, 1),
        ("table Colour", line, 1),
    }
