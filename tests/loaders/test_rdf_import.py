"""RDF into a store: constant memory at any size, resumption, graphs that are handed over."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import rdflib

import kgrec
from kgrec.data.records import Loader
from kgrec.extract import Extraction
from kgrec.graph.ingest import ingest
from kgrec.graph.ingest_report import BatchWritten
from kgrec.graph.store import GraphStore
from kgrec_loaders.rdf import RdfGraphLoader, RdfLoader
from tests.support import ROOT
from tests.support.rdf import LINKED, PER_ITEM, CountingStore, write_ntriples


def import_in_child(folder: Path, triples: int) -> dict[str, int]:
    path = folder / f"{triples}.nt"
    write_ntriples(path, triples)
    command = [sys.executable, "-m", "tests.support.rdf", str(path)]
    child = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    counts: dict[str, int] = json.loads(child.stdout)
    items = triples // PER_ITEM
    assert counts["edges"] == items * (PER_ITEM - 1)
    # An item, its name, half an entity; what was forgotten and is told again comes on top.
    assert items * 2.5 <= counts["nodes"] < items * 3.1
    return counts


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_million_triples_need_no_more_memory_than_a_few(tmp_path: Path) -> None:
    few = import_in_child(tmp_path, 200_000)
    many = import_in_child(tmp_path, 1_100_000)
    assert many["peak"] < few["peak"] + 20 * 2**20, f"peaks {few['peak']:,} and {many['peak']:,} bytes"


@pytest.mark.parametrize("stop_at", [1, 5, 11])
def test_an_interrupted_import_goes_on(tmp_path: Path, stop_at: int) -> None:
    path = tmp_path / "linked.nt"
    write_ntriples(path, 500)

    def stop(progress: BatchWritten) -> None:
        if progress.batch == stop_at:
            raise KeyboardInterrupt

    with kgrec.open_store("kglite::memory:") as whole, kgrec.open_store("kglite::memory:") as store:
        total = ingest(Extraction(LINKED, [RdfLoader(str(path))]), whole, batch_size=50).batches
        with pytest.raises(KeyboardInterrupt):
            ingest(Extraction(LINKED, [RdfLoader(str(path))]), store, batch_size=50, progress=stop)
        rest = ingest(Extraction(LINKED, [RdfLoader(str(path))]), store, batch_size=50)
        assert (rest.skipped_batches, rest.batches) == (stop_at, total)
        assert store.counts() == whole.counts()
        assert whole.counts().nodes == {"User": 0, "Item": 100, "Entity": 150}
        assert whole.counts().edges == {"FACT": 400}


def test_a_graph_in_memory_is_a_source_and_starts_over(tmp_path: Path) -> None:
    path = tmp_path / "linked.nt"
    write_ntriples(path, 500)
    graph = rdflib.Graph().parse(path)
    with kgrec.open_store("kglite::memory:") as from_file, kgrec.open_store("kglite::memory:") as store:
        kgrec.ingest(LINKED, [f"rdf:{path}"], from_file, partial=True)
        for _ in range(2):
            report = kgrec.ingest(LINKED, [RdfGraphLoader(graph)], store, partial=True)
            assert report.ingest.skipped_batches == 0
            assert report.counts == from_file.counts()


class Endless(rdflib.Graph):
    """A graph that makes its triples while it is read, and tells how many it was asked for."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.given = 0

    def triples(self, triple: Any) -> Iterator[Any]:  # type: ignore[override]
        """All of them, whatever is asked."""
        for number in range(self.size):
            self.given += 1
            yield rdflib.URIRef(f"u:{number}"), rdflib.URIRef("u:p"), rdflib.Literal(number)


@pytest.mark.parametrize("source", ["graph", "file"])
def test_records_come_before_the_source_is_read_to_its_end(tmp_path: Path, source: str) -> None:
    graph = Endless(100_000)
    path = tmp_path / "linked.nt"
    loader: Loader = RdfGraphLoader(graph)
    if source == "file":
        write_ntriples(path, 100_000)
        path.write_text(path.read_text() + "oops\n")
        loader = RdfLoader(str(path))
    first = next(Extraction(LINKED, [loader]).batches(5_000))
    assert len(first.records) == 5_000
    assert graph.given <= 20_000


def test_the_counting_store_counts(tmp_path: Path) -> None:
    path = tmp_path / "linked.nt"
    write_ntriples(path, 500)
    store = CountingStore()
    ingest(Extraction(LINKED, [RdfLoader(str(path))]), cast(GraphStore, store))
    assert store.records == {"nodes": 250, "edges": 400}
