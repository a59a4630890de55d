"""Worlds to import that are long or stop on the way, what an import leaves behind, and a thread that kills a server."""

from __future__ import annotations

import itertools
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from kgrec.data.records import Batch, Interaction, NodeRecord
from kgrec.graph import open_store
from kgrec.graph.ingest import ingest
from kgrec.graph.statement_notes import Stated
from kgrec.graph.store import GraphStore
from kgrec.schema.model import GraphSchema
from kgrec.testing.sample_graph import SampleGraph, fact, films_schema, node
from tools.neo4j.running import Neo4jServer


def long_world(size: int, source_id: str = "a long world") -> SampleGraph:
    """About ``10 * size`` records, the same every time: facts that repeat, run both ways, or miss an end."""
    rng = random.Random(7)
    users, films, people = size, size, size
    nodes = [NodeRecord("User", f"u{i}", {}, "lens") for i in range(users)]
    nodes += [node("Film", f"f{i}", f"Film {i}", year=float(i)) for i in range(films)]
    nodes += [node("Person", f"p{i}", f"Person {i}") for i in range(people)]
    edges = []
    for i in range(size):
        film, other = f"Film:f{rng.randrange(films)}", f"Film:f{rng.randrange(films + films // 50)}"
        one, two = f"Person:p{rng.randrange(people)}", f"Person:p{rng.randrange(people)}"
        edges += [fact("DIRECTED_BY", film, one, f"r{i % 3}"), fact("ACTED_IN", one, film)]
        edges += [fact("SEQUEL_OF", film, other), fact("WORKED_WITH", one, two), fact("WORKED_WITH", two, one)]
    behaviour = [
        Interaction(type, f"u{rng.randrange(users)}", f"f{rng.randrange(films)}", "seen", "lens", float(i), i % 5)
        for i in range(size)
        for type in ("RATED", "WATCHED")
    ]
    return SampleGraph(films_schema(), nodes, edges, behaviour, source_id)


@dataclass(frozen=True)
class StoppedReading:
    """A world whose reader may be stopped before its n-th batch, and which may have stated other types before."""

    world: SampleGraph
    before: int | None = None
    earlier: SampleGraph | None = None

    @property
    def schema(self) -> GraphSchema:
        return self.world.schema

    @property
    def source_id(self) -> str:
        return self.world.source_id

    @property
    def stated(self) -> Mapping[Stated, Collection[str]]:
        return {**(self.earlier.stated if self.earlier else {}), **self.world.stated}

    def read_again(self, source: str) -> Iterator[Batch]:
        return self.world.read_again(source)

    def batches(self, batch_size: int) -> Iterator[Batch]:
        yield from itertools.islice(self.world.batches(batch_size), self.before)
        if self.before is not None:
            raise KeyboardInterrupt


def rows(store: GraphStore) -> Counter[tuple[object, ...]]:
    """Every record that the store holds, with everything that an export says of it, and how often."""
    schema = store.schema
    assert schema is not None
    parts = [(type, store.export_nodes(type)) for type in schema.nodes]
    parts += [(type, store.export_edges(type)) for type in schema.edges]
    parts += [(type, store.export_interactions(type)) for type in schema.interactions]
    return Counter(
        (type, *(str(value) for value in row.values()))
        for type, batches in parts
        for batch in batches
        for row in batch.to_pylist()
    )


def undisturbed(world: SampleGraph) -> Counter[tuple[object, ...]]:
    """What the same records leave in an embedded store."""
    with open_store("kglite::memory:") as store:
        ingest(world, store)
        return rows(store)


class Killer(threading.Thread):
    """Kills the server ``times`` times at random moments of an import and starts it again.

    A moment is a batch and a while after it, so that it lies within the import however fast that is; the first may come
    before any batch is in, while constraints are made.
    """

    def __init__(self, server: Neo4jServer, rng: random.Random, times: int, batches: int) -> None:
        super().__init__(name="killer", daemon=True)
        self.server, self.rng = server, rng
        self.moments = sorted(rng.sample(range(batches * 3 // 4), times))
        self.killed = 0
        self._furthest, self._changed, self._done = 0, threading.Condition(), False

    def reached(self, batch: int) -> None:
        """Told how far the import is."""
        with self._changed:
            self._furthest = max(batch, self._furthest)
            self._changed.notify()

    def end(self) -> None:
        """The import is over: nothing more is killed."""
        with self._changed:
            self._done = True
            self._changed.notify()
        self.join()

    def run(self) -> None:
        for moment in self.moments:
            with self._changed:
                while not self._done and self._furthest < moment:
                    self._changed.wait()
                if self._done:
                    return
            time.sleep(self.rng.uniform(0.0, 0.3))
            self.server.kill()
            self.killed += 1
            self.server.restart()


class Retries(logging.Handler):
    """Counts the transactions that the driver tries again, by why."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if "will be retried" in record.msg:
            assert isinstance(record.args, tuple)
            self.seen[str(getattr(record.args[1], "code", None) or type(record.args[1]).__name__)] += 1

    def __enter__(self) -> Counter[str]:
        logging.getLogger("neo4j").addHandler(self)
        return self.seen

    def __exit__(self, *_: object) -> None:
        logging.getLogger("neo4j").removeHandler(self)
