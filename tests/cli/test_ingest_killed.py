"""``kgrec ingest`` of a folder of CSV files into a real server, while first it and then the server are killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kgrec.graph import open_store
from tests.support.shop import IMPORT, SCHEMA
from tools.neo4j.server import Neo4jServer

FILMS, USERS, RATINGS = 3_000, 3_000, 150_000
WAIT_S = 180
"""A machine with much else to do takes a while to import packages."""


def wait_for_batches(server: Neo4jServer, most: int) -> None:
    """Waits until so many batches of an import are in."""
    with server.driver() as driver:
        for _ in range(WAIT_S * 20):
            found = driver.execute_query("MATCH (m:KgrecImport) RETURN max(m.batches) AS n", database_="neo4j")
            if (found.records[0]["n"] or 0) >= most:
                return
            time.sleep(0.05)
    raise AssertionError(f"{most} batches were not in after {WAIT_S} s")


@pytest.mark.neo4j
@pytest.mark.slow
def test_the_command_and_neo4j_killed_and_run_again(neo4j_managed: Neo4jServer, neo4j_url: str, tmp_path: Path) -> None:
    """``kgrec ingest`` of CSV files: killed itself once, then its server once, then finished."""
    (tmp_path / "data").mkdir()
    rng = random.Random(3)
    lines = [f"u{rng.randrange(USERS)},f{rng.randrange(FILMS)},{n}" for n in range(RATINGS)]
    for name, text in {
        "users": "user\n" + "".join(f"u{n}\n" for n in range(USERS)),
        "films": "film,title,year\n" + "".join(f"f{n},Film {n},{1950 + n % 70}\n" for n in range(FILMS)),
        "ratings": "user,film,time\n" + "\n".join(lines) + "\n",
    }.items():
        (tmp_path / "data" / f"{name}.csv").write_text(text)
    (tmp_path / "shop.yaml").write_text(SCHEMA, encoding="utf-8")
    command = [sys.executable, "-c", "from kgrec.cli.app import main; main()"]
    command += ["ingest", *IMPORT, "--store", neo4j_url, "--quiet"]
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_batches(neo4j_managed, 4)
    first.kill()
    first.wait()
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as second:
        wait_for_batches(neo4j_managed, 10)
        neo4j_managed.kill()
        neo4j_managed.restart()
        said = second.communicate(timeout=200)[0]
    if second.returncode != 0:
        assert second.returncode == 4, said
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    with open_store(neo4j_url) as store:
        assert store.counts().nodes == {"User": USERS, "Film": FILMS}
        watched = [row for batch in store.export_interactions("WATCHED") for row in batch.to_pylist()]
    assert sorted(f"{r['user']},{r['item']},{r['time']:.0f}" for r in watched) == sorted(lines)
