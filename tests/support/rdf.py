"""N-Triples of any size with known counts, a schema for them, and a store that only counts.

``python -m tests.support.rdf FILE`` imports a file into that store and prints the counts and the peak memory as JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from kgrec.data.records import Kind, Record
from kgrec.extract import Extraction
from kgrec.graph.ingest import ingest
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import PreparedBatch, UpsertCounts
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema

PER_ITEM = 5
"""Triples of an item: its name and four facts. There are half as many entities as items."""

LINKED: GraphSchema = parse_schema(
    """\
version: 1
domain: linked
platforms: {web: {en: the web, zh: 网络}}
nodes:
  User: {role: user, words: {en: user, zh: 用户}}
  Item:
    role: item
    words: {en: item, zh: 物品}
    sources: [{table: rdf_triples, platform: web, id: subject, optional: true}]
  Entity:
    words: {en: entity, zh: 实体}
    sources: [{table: rdf_triples, platform: web, id: object, optional: true}]
edges:
  FACT:
    source: [Item]
    target: [Entity]
    words: {en: is linked with, zh: 关联到}
    sources:
      - table: rdf_triples
        platform: web
        source: {column: subject, type: Item}
        target: {column: object, type: Entity}
        relation_column: predicate
        skip: ["http://x/name"]
interactions:
  CHOSE: {user: User, item: Item, words: {en: chose, zh: 选择过}}
""",
    "linked.yaml",
)


def write_ntriples(path: Path, triples: int) -> None:
    """Write that many triples, item by item; every entity is linked with items all over the file."""
    items = triples // PER_ITEM
    entities = items // 2
    with path.open("w", encoding="utf-8") as file:
        for item in range(items):
            subject = f"<http://x/item/{item}>"
            file.write(f'{subject} <http://x/name> "Item number {item}"@en .\n')
            for at in range(PER_ITEM - 1):
                entity = (item * 7919 + at * 104_729) % entities
                file.write(f"{subject} <http://x/p{at}> <http://x/entity/{entity}> .\n")


class CountingStore:
    """As much of a GraphStore as an import needs; keeps nothing but counts and the ledger."""

    url = "counting:"

    def __init__(self) -> None:
        self.records = Counter[str]()
        self.ledger: dict[str, int] = {}

    def apply_schema(self, schema: GraphSchema) -> None:
        """Take any schema."""

    def prepare(self, kind: Kind, records: Sequence[Record]) -> PreparedBatch:
        """Nothing to check."""
        return PreparedBatch([(kind, [])], len(records))

    def write(self, batch: PreparedBatch) -> UpsertCounts:
        """Count them."""
        self.records[batch.statements[0][0]] += batch.records
        return UpsertCounts(batch.records, 0)

    def bulk_import(self, source: str) -> None:
        """Batches are upserted."""

    def finished_batches(self, source: str) -> int:
        """What was noted last."""
        return self.ledger.get(source, 0)

    def mark_batch(self, source: str, batches: int) -> None:
        """Note it."""
        self.ledger[source] = batches

    def checkpoint(self) -> None:
        """Nothing to do."""


def peak_memory() -> int:
    """Bytes this process held at most. Of the process alone: getrusage counts the one that started it as well."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))


if __name__ == "__main__":
    store = CountingStore()
    ingest(Extraction(LINKED, [f"rdf:{sys.argv[1]}"]), cast(GraphStore, store))
    print(json.dumps({"peak": peak_memory(), **store.records}))  # noqa: T201
