"""RDF: facts from Turtle join the CSV files in one graph, read by one schema.

N-Triples, Turtle and JSON-LD are read from files; a graph that rdflib holds is handed over as it is.
"""

from pathlib import Path

import rdflib

import kgrec
from kgrec_loaders.rdf import RdfGraphLoader

HERE = Path(__file__).parent
FILES = f"tables:{HERE / 'shop'}"
turtle = "@prefix shop: <https://shop.example/> ." + "".join(
    f'shop:{item} shop:origin "{country}" .' for item, country in (("tent-2", "Norway"), ("tent-4", "Norway"))
)
country = """  Country:
    words: {en: country, zh: 国家}
    sources: [{table: rdf_triples, platform: shop, id: object}]
edges:
  COMES_FROM:
    source: [Product]
    target: [Country]
    words: {en: comes from, zh: 来自}
    sources:
      - {table: rdf_triples, platform: shop, source: {column: subject, type: Product, rename: RENAME},
         target: {column: object, type: Country}}
"""
rename = str({f"https://shop.example/{item}": item for item in ("tent-2", "tent-4")})  # IRI: id in the shop
text = (HERE / "shop.yaml").read_text(encoding="utf-8").replace("edges:\n", country.replace("RENAME", rename))
Path("shop_with_countries.yaml").write_text(text, encoding="utf-8")

with kgrec.open_store("kglite::memory:") as store:
    graph = rdflib.Graph().parse(data=turtle)
    kgrec.ingest(kgrec.load_schema("shop_with_countries.yaml"), [FILES, RdfGraphLoader(graph)], store)
    for row in store.run("paths_between_items_2", source="tent-2", target="tent-4", max_degree=10, limit=9):
        print("both tents", row["first"], row["name"])
