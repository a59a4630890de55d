"""How fast kgrec is on a real Neo4j server: ``python -m kgrec_benchmarks.neo4j_speed [import|paths|hub|export ...]``.

Every figure stands beside one that says what it is worth: the import beside a bare driver loop that sends the same
batches in the same run, the path look-up beside the embedded store. Needs the folder of shared data; results go to
``benchmarks/results/neo4j.json``.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import neo4j
import numpy as np

import kgrec
from kgrec.errors import QueryTimeoutError
from kgrec.extract import Extraction
from kgrec.graph import GraphStore, open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.export.neo4j_admin import export_for_neo4j_admin
from kgrec.graph.ingest import ingest
from kgrec.graph.store_types import PathLimits
from kgrec.graph.stores.kglite_store import KgliteStore
from kgrec.testing.sample_graph import fact, films_schema, node
from tools.neo4j.running import Neo4jServer
from tools.neo4j.server import start

Result = dict[str, Any]
HERE = Path(__file__).parent
LIMITS = PathLimits(max_hops=3, max_degree=20_000, max_paths=12, timeout_s=1.0)
FIRST_LIMITS = replace(LIMITS, timeout_s=10.0)
"""A server plans and compiles a look-up when it sees it for the first time."""
HEAP = {"server.memory.heap.initial_size": "1g", "server.memory.heap.max_size": "1g"}


def extraction(folder: Path) -> Extraction:
    return Extraction(kgrec.load_schema("triples"), [f"benchmark:{folder}"])


class Recorded(KgliteStore):
    """An embedded store that keeps every statement it was given."""

    def __init__(self) -> None:
        self.written: list[tuple[str, dict[str, Any]]] = []
        super().__init__("kglite::memory:")

    def bulk_import(self, source: str) -> None:
        """Nowhere: a graph that is built at once takes no statements."""

    def _write(self, text: str, parameters: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
        self.written.append((text, parameters))
        return super()._write(text, parameters)


def bare_loop(server: Neo4jServer, statements: Sequence[tuple[str, dict[str, Any]]]) -> float:
    """Seconds that the official driver takes for the statements, and nothing else around it."""
    with server.driver() as driver, driver.session(database="neo4j") as session:
        started = time.perf_counter()
        for text, parameters in statements:
            session.execute_write(_send, text, parameters)
        return time.perf_counter() - started


def _send(transaction: neo4j.ManagedTransaction, text: str, parameters: dict[str, Any]) -> None:
    transaction.run(text, parameters).consume()


def memory_mb() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _memory_after_each_batch(source: Extraction, store: GraphStore) -> list[float]:
    """Imports, and returns the resident memory in MB after every batch."""
    held: list[float] = []
    ingest(source, store, progress=lambda _: held.append(memory_mb()))
    return held


def measure_import(server: Neo4jServer, url: str, folder: Path) -> Result:
    """kgrec's import and the bare loop in turn (A B B A), each into an empty database; the first batches warm up."""
    with Recorded() as recorded:
        ingest(extraction(folder), recorded)
        batches = [one for one in recorded.written if "rows" in one[1]]
        rows = sum(len(parameters["rows"]) for _, parameters in batches)
        everything, counts = recorded.written, recorded.counts()
    bare_loop(server, everything[:60])
    gc.collect()
    gc.freeze()  # else the collector walks the recorded batches during kgrec's import, which never holds them all
    seconds: dict[str, list[float]] = {"bare": [], "kgrec": []}
    grown: list[float] = []
    for kind in ("bare", "kgrec", "kgrec", "bare"):
        server.empty()
        if kind == "bare":
            seconds[kind].append(bare_loop(server, everything))
            continue
        source = extraction(folder)
        with open_store(url) as store:
            started = time.perf_counter()
            held = _memory_after_each_batch(source, store)
            seconds[kind].append(time.perf_counter() - started)
            assert store.counts() == counts
            # From a tenth of the way on: before that, the source's own file is read in.
            grown.append(max(held[len(held) // 10 :]) - held[len(held) // 10])
    return {
        "rows": rows,
        "seconds": {kind: [round(one, 1) for one in each] for kind, each in seconds.items()},
        "rows_per_s": {kind: round(rows / min(each)) for kind, each in seconds.items()},
        "ratio_kgrec_to_bare": round(sum(seconds["bare"]) / sum(seconds["kgrec"]), 3),
        "client_memory_grown_mb": round(max(grown), 1),
    }


def measure_offline(folder: Path) -> Result:
    """Import through files: export from the embedded store, then the real ``neo4j-admin database import full``."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_store("kglite::memory:") as store,
        start(HEAP, lasting=True) as server,
    ):
        ingest(extraction(folder), store)
        started = time.perf_counter()
        exported = export_for_neo4j_admin(store, Path(scratch) / "csv")
        export_s = time.perf_counter() - started
        server.stop()
        started = time.perf_counter()
        files = re.compile(r"(?<=[=,])(?=(?:nodes|relationships)-)")  # the command names them as seen from their folder
        arguments = [files.sub(f"{exported.folder}/", part) for part in exported.command[1:-1]]
        server.admin(*arguments, f"--report-file={scratch}/report", "--overwrite-destination", "neo4j")
        import_s = time.perf_counter() - started
        server.restart()
        os.environ |= {"KGREC_NEO4J_USER": server.user, "KGREC_NEO4J_PASSWORD": server.password}
        with open_store(f"{server.uri}/neo4j") as imported:
            assert imported.counts() == store.counts()
        rows = sum(sum(part.values()) for part in vars(store.counts()).values())
    return {
        "rows": rows,
        "export_s": round(export_s, 1),
        "import_s": round(import_s, 1),
        "export_rows_per_s": round(rows / export_s),
        "import_rows_per_s": round(rows / import_s),
    }


def measure_paths(store: GraphStore, pairs: int, seed: int = 0) -> Result:
    """History of a random user, paths from five of its items to a random item, and every edge confirmed."""
    assert store.schema is not None
    rng = random.Random(seed)
    ids = [
        [uid for batch in store.export_nodes(type) for uid in batch["uid"].to_pylist()]
        for type in (store.schema.user_type, store.schema.item_type)
    ]
    took, found, refused = [], 0, 0
    for number in range(pairs + 50):
        user, item = (rng.choice(each) for each in ids)
        started = time.perf_counter()
        past = [one.item for one in sorted(store.history(user), key=lambda one: -one.weight)[:5]]
        limits = LIMITS if number >= 50 else FIRST_LIMITS  # the server plans and compiles at first
        try:
            paths = [path for each in store.paths_from(past, item, limits) for path in each[:3]]
        except QueryTimeoutError:
            refused, paths = refused + 1, []
        assert all(store.confirm_all(paths))
        if number >= 50:
            took.append(time.perf_counter() - started)
            found += len(paths)
    milliseconds = {f"p{q}": round(float(np.percentile(took, q)) * 1e3, 1) for q in (50, 95, 99)}
    return {"pairs": pairs, "paths": found, "refused": refused, **milliseconds}


def measure_hub(store: GraphStore, degree: int) -> Result:
    """Paths over, from and to a node that so many facts meet in: answered or refused."""
    store.apply_schema(films_schema())
    hubs = [node("Genre", "hub"), node("Film", "series")]
    for first in range(0, degree, 5_000):
        films = [f"f{n}" for n in range(first, first + 5_000)]
        store.upsert_nodes([*hubs, *(node("Film", film) for film in films)])
        store.upsert_edges([fact("HAS_GENRE", f"Film:{film}", "Genre:hub") for film in films])
        store.upsert_edges([fact("SEQUEL_OF", f"Film:{film}", "Film:series") for film in films])
    store.upsert_edges([fact("HAS_GENRE", "Film:series", "Genre:hub")])
    result: Result = {"degree": degree}
    for name, ends in {"over": (["f1", "f2"], "f3"), "from": (["series"], "f1"), "to": (["f1"], "series")}.items():
        for _ in range(5):
            store.paths_from(*ends, FIRST_LIMITS)
        started = time.perf_counter()
        try:
            answer = f"{sum(map(len, store.paths_from(*ends, LIMITS)))} paths"
        except QueryTimeoutError:
            answer = "refused"
        result[name] = {"answer": answer, "s": round(time.perf_counter() - started, 3)}
    return result


def measure_export(store: GraphStore) -> Result:
    """What training reads: everything as arrays, and what the process held at most beyond what it held before."""
    before, started = memory_mb(), time.perf_counter()
    dataset = read_dataset(store)
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "interactions": len(dataset.interactions),
        "facts": len(dataset.facts),
        "grown_mb": round(memory_mb() - before, 1),
    }


@contextmanager
def both_stores(server: Neo4jServer, url: str, folder: Path) -> Iterator[dict[str, GraphStore]]:
    """The same graph in the embedded store and on the server."""
    with open_store("kglite::memory:") as embedded, open_store(url) as served:
        for store in (embedded, served):
            ingest(extraction(folder), store)
        yield {"kglite": embedded, "neo4j": served}


def main() -> None:
    """Run the parts asked for and add them to the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["import", "offline", "paths", "hub", "export"])
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared/data/ml1m_pearlm")
    parser.add_argument("--pairs", type=int, default=1_000)
    asked = parser.parse_args()
    out = HERE / "results" / "neo4j.json"
    results: Result = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    results["machine"] = {"cores": os.cpu_count(), "python": platform.python_version(), "set": asked.data.name}

    def keep() -> None:
        out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    with start(HEAP, lasting=True) as server:
        os.environ |= {"KGREC_NEO4J_USER": server.user, "KGREC_NEO4J_PASSWORD": server.password}
        url = f"{server.uri}/neo4j"
        if "import" in asked.parts:
            results["import"] = measure_import(server, url, asked.data)
            keep()
        if {"paths", "export"} & set(asked.parts):
            server.empty()
            with both_stores(server, url, asked.data) as stores:
                for name, store in stores.items():
                    if "paths" in asked.parts:
                        results.setdefault("paths", {})[name] = measure_paths(store, asked.pairs)
                    if "export" in asked.parts:
                        results.setdefault("export", {})[name] = measure_export(store)
                    keep()
        if "hub" in asked.parts:
            server.empty()
            with open_store("kglite::memory:") as embedded, open_store(url) as served:
                results["hub"] = {"kglite": measure_hub(embedded, 100_000), "neo4j": measure_hub(served, 100_000)}
            keep()
    if "offline" in asked.parts:
        results["offline"] = measure_offline(asked.data)
        keep()
    sys.stdout.write(out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
