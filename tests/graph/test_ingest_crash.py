"""kill -9 while records go in: whatever was acknowledged stays, and the import can be finished."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.graph import open_store
from kgrec.graph.ingest import ingest
from kgrec.graph.ingest_report import BatchWritten
from kgrec.graph.store import GraphStore
from kgrec.testing.sample_graph import SampleGraph, fact, films_schema, node
from tests.support import ROOT

BATCH_SIZE = 100


def big_world() -> SampleGraph:
    """A few thousand records, the same in every process."""
    rng = random.Random(7)
    nodes = [NodeRecord("User", f"u{i}") for i in range(400)]
    nodes += [node("Film", f"f{i}", f"Film {i}") for i in range(600)] + [node("Person", f"p{i}") for i in range(300)]
    edges = [
        fact("DIRECTED_BY", f"Film:f{rng.randrange(610)}", f"Person:p{rng.randrange(300)}", f"r{i % 3}")
        for i in range(1500)
    ]
    behaviour = [
        Interaction("RATED", f"u{rng.randrange(400)}", f"f{rng.randrange(600)}", "rate", "lens", float(i), 3.0)
        for i in range(2500)
    ]
    return SampleGraph(films_schema(), nodes, edges, behaviour)


def import_and_tell(url: str) -> None:
    """What the child process does: a line for every batch that is in."""

    def tell(progress: BatchWritten) -> None:
        sys.stdout.write(f"{progress.batch}\n")
        sys.stdout.flush()

    with open_store(url) as store:
        ingest(big_world(), store, batch_size=BATCH_SIZE, progress=tell)


def contents(store: GraphStore) -> set[tuple[object, ...]]:
    """Every record that the store holds, as the identity that records have."""
    held: set[tuple[object, ...]] = set()
    for type in films_schema().nodes:
        held |= {(type, uid) for batch in store.export_nodes(type) for uid in batch["uid"].to_pylist()}
    for type in films_schema().edges:
        rows = (row for batch in store.export_edges(type) for row in batch.to_pylist())
        held |= {(type, row["source"], row["target"], row["relation"]) for row in rows}
    for type in films_schema().interactions:
        rows = (row for batch in store.export_interactions(type) for row in batch.to_pylist())
        held |= {(type, row["user"], row["item"], row["time"]) for row in rows}
    return held


def acknowledged(world: SampleGraph, batches: int) -> Iterator[tuple[object, ...]]:
    """Identities of the first batches' records, but for facts of films that do not exist."""
    films = {record.uid for record in world.nodes if record.type == "Film"}
    for batch in itertools.islice(world.batches(BATCH_SIZE), batches):
        for record in batch.records:
            if isinstance(record, NodeRecord):
                yield record.type, record.uid
            elif isinstance(record, EdgeRecord):
                if record.source in films:
                    yield record.type, record.source, record.target, record.relation
            else:
                yield record.type, record.user, record.item, record.time


def run_and_kill(url: str, acknowledgements: int, seconds: float) -> int:
    """Start an import, kill it some time after its n-th new line; the last batch that it acknowledged."""
    code = f"from tests.graph.test_ingest_crash import import_and_tell as f; f({url!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        heard = [line for line, _ in zip(child.stdout, range(acknowledgements), strict=False)]
        time.sleep(seconds)
        child.kill()
        heard += child.stdout.readlines()  # written before the kill, so acknowledged
    return int(heard[-1]) if heard else 0


def crash_and_finish(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    world, url = big_world(), f"kglite:{folder / 'graph.kgl'}"
    total = len(list(world.batches(BATCH_SIZE)))
    for _ in range(2):
        told = run_and_kill(url, rng.randrange(1, total // 2), rng.uniform(0, 0.01))
        with open_store(url) as store:
            assert set(acknowledged(world, told)) <= contents(store)
    with open_store(url) as store, open_store("kglite::memory:") as undisturbed:
        report = ingest(world, store, batch_size=BATCH_SIZE)
        ingest(world, undisturbed, batch_size=BATCH_SIZE)
        assert report.completed_before or report.skipped_batches >= told
        assert store.counts() == undisturbed.counts()
        assert contents(store) == contents(undisturbed)


def test_one_import_killed_twice(tmp_path: Path) -> None:
    crash_and_finish(tmp_path, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_imports_killed_at_twenty_moments(tmp_path: Path, seed: int) -> None:
    crash_and_finish(tmp_path, seed)
