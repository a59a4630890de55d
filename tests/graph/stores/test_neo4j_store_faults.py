"""Servers and importers that are killed, and importers that get in each other's way: what is in at the end is exact."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from kgrec.errors import SchemaMismatchError, StoreUnavailableError
from kgrec.graph import open_store
from kgrec.graph.ingest import ingest
from kgrec.graph.ingest_report import IngestReport
from kgrec.schema.model import GraphSchema
from kgrec.testing.sample_graph import films_schema
from tests.support import ROOT
from tests.support.imports import Killer, Retries, long_world, rows, undisturbed
from tools.neo4j.server import Neo4jServer

IMPORTERS = 16
pytestmark = pytest.mark.neo4j


def bookkeeping(server: Neo4jServer) -> list[list[object]]:
    """Labels and how many nodes carry them, of all that is in no export."""
    text = "MATCH (n) UNWIND labels(n) AS label WITH label WHERE label STARTS WITH 'Kgrec' RETURN label, count(*)"
    with server.driver() as driver:
        return sorted(record.values() for record in driver.execute_query(text, database_="neo4j").records)


def persistently(run: Callable[[], IngestReport], runs: list[str]) -> IngestReport:
    """The import, run again by hand as often as it gives up; ``runs`` gets why."""
    while True:
        try:
            return run()
        except StoreUnavailableError as error:
            runs.append(error.found or error.summary)
            time.sleep(1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_server_killed_five_times_during_an_import(neo4j_managed: Neo4jServer, neo4j_url: str, seed: int) -> None:
    world, again = long_world(4_000), list[str]()
    total = sum(1 for _ in world.batches(500))
    killer = Killer(neo4j_managed, random.Random(seed), times=5, batches=total)

    def run() -> IngestReport:
        with open_store(neo4j_url) as store:
            return ingest(world, store, batch_size=500, progress=lambda event: killer.reached(event.batch))

    started = time.monotonic()
    with Retries() as retries:
        killer.start()
        report = persistently(run, again)
        killer.end()
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"{seconds:.0f} s, {killer.killed} kills, run again for {again}, tried again for {dict(retries)}\n"
    )
    assert killer.killed == 5
    assert report.batches == total
    with open_store(neo4j_url) as store:
        assert rows(store) == undisturbed(world)
        ledgers = next(table.rows for table in store.stored_tables() if table.type == "KgrecImport")
        nodes = {node.uid for node in world.nodes}
        without_end = sum(1 for edge in world.edges if not {edge.source, edge.target} <= nodes)
        noted = [row["batches"] for row in ledgers if " stated " not in row["uid"]]
        assert sorted(noted) == sorted([1, total, without_end])  # complete, batches, dangling
        assert ingest(world, store, batch_size=500).created == 0
    assert bookkeeping(neo4j_managed) == [["KgrecGraph", 1], ["KgrecImport", 3 + len(world.stated)]]


CHILD = """
import sys
from tests.support.imports import long_world
from kgrec.graph import open_store
from kgrec.graph.ingest import ingest
with open_store(sys.argv[1]) as store:
    ingest(long_world(150), store, batch_size=50, progress=lambda at: print(at.batch, flush=True))
"""


def test_an_importer_killed(neo4j_url: str) -> None:
    """The process, not the server; what it said was in is in, and the next run goes on there."""
    world = long_world(150)
    command = [sys.executable, "-c", CHILD, neo4j_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        heard = [next(child.stdout) for _ in range(12)]
        child.kill()
        heard += child.stdout.readlines()
    with open_store(neo4j_url) as store:
        report = ingest(world, store, batch_size=50)
        assert report.completed_before or report.skipped_batches >= int(heard[-1])
        assert rows(store) == undisturbed(world)


def test_sixteen_importers_of_the_same_records(neo4j_url: str, neo4j_server: Neo4jServer) -> None:
    world = long_world(100)

    def part(number: int) -> tuple[int, int]:
        """Half of the records in an order of its own, each kind after the one before; how many were written."""
        rng, created, dangling = random.Random(number), 0, 0
        with open_store(neo4j_url) as store:
            gate.wait()
            for records, upsert in (
                (world.nodes, store.upsert_nodes),
                (world.edges, store.upsert_edges),
                (world.interactions, store.upsert_interactions),
            ):
                mine = [*records]
                rng.shuffle(mine)
                for start in range(0, len(mine), 100):
                    counts = upsert(mine[start : start + 100])
                    created, dangling = created + counts.created, dangling + counts.dangling
                gate.wait()  # facts need their nodes, which may be another's to write
        return created, dangling

    with open_store(neo4j_url) as store:
        store.apply_schema(world.schema)
    gate = threading.Barrier(IMPORTERS)
    started = time.monotonic()
    with Retries() as retries, ThreadPoolExecutor(IMPORTERS) as pool:
        done = list(pool.map(part, range(IMPORTERS)))
    sys.stdout.write(f"{time.monotonic() - started:.1f} s, tried again for {dict(retries)}\n")
    expected = undisturbed(world)
    with open_store(neo4j_url) as store:
        assert rows(store) == expected
    # Each record was created by exactly one of them, and nobody took a record with its ends for one without.
    assert sum(created for created, _ in done) == expected.total()
    assert len({dangling for _, dangling in done}) == 1
    assert bookkeeping(neo4j_server) == [["KgrecGraph", 1]]


def test_sixteen_stores_that_apply_a_schema_at_once(neo4j_url: str, neo4j_server: Neo4jServer) -> None:
    gate = threading.Barrier(IMPORTERS)

    def apply(_: int) -> str | None:
        with open_store(neo4j_url) as store:
            gate.wait()
            store.apply_schema(films_schema())
            return store.graph_id

    with ThreadPoolExecutor(IMPORTERS) as pool:
        identities = set(pool.map(apply, range(IMPORTERS)))
    assert len(identities) == 1
    assert None not in identities
    assert bookkeeping(neo4j_server) == [["KgrecGraph", 1]]


def test_what_a_death_over_a_constraint_leaves_behind(neo4j_url: str, neo4j_server: Neo4jServer) -> None:
    """The constraint's index without the constraint: seen when a server was killed at that moment."""
    neo4j_server.empty(constraints=True)
    with neo4j_server.driver() as driver:
        driver.execute_query("CREATE INDEX kgrec_User_uid FOR (n:User) ON (n.uid)", database_="neo4j")
        driver.execute_query("CREATE INDEX people FOR (n:Person) ON (n.born)", database_="neo4j")
    with open_store(neo4j_url) as store:
        store.apply_schema(films_schema())
    with neo4j_server.driver() as driver:
        found = driver.execute_query("SHOW INDEXES YIELD name, owningConstraint", database_="neo4j").records
    owners = {record["name"]: record["owningConstraint"] for record in found}
    assert owners["kgrec_User_uid"] == "kgrec_User_uid"
    assert "people" in owners


def test_two_schemas_at_once(neo4j_url: str, neo4j_server: Neo4jServer) -> None:
    """One wins, and who loses is told."""
    gate, schema = threading.Barrier(2), films_schema()
    edges = {name: edge for name, edge in schema.edges.items() if name != "FOLLOWS"}

    def apply(mine: GraphSchema) -> str:
        with open_store(neo4j_url) as store:
            gate.wait()
            try:
                store.apply_schema(mine)
            except SchemaMismatchError as error:
                return error.summary
            return "applied"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(apply, (schema, schema.model_copy(update={"edges": edges}))))
    assert said == ["applied", "the store holds a graph of another shape."]
    assert bookkeeping(neo4j_server) == [["KgrecGraph", 1]]
