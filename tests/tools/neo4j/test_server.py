"""The test server itself: it is real, it comes back with its data, and it leaves nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import ROOT
from tools.neo4j import server as neo4j_server
from tools.neo4j.running import Neo4jMissingError, Neo4jServer, Neo4jServerError


def rows(server: Neo4jServer, statement: str) -> list[list[object]]:
    with server.driver() as driver:
        return [record.values() for record in driver.execute_query(statement, database_="neo4j").records]


def answers(uri: str) -> bool:
    host, port = uri.removeprefix("neo4j://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True


@pytest.mark.neo4j
def test_a_real_server_answers_at_the_address_that_its_routing_table_gives(
    neo4j_server: Neo4jServer, neo4j_url: str
) -> None:
    assert rows(neo4j_server, "RETURN 1 AS one") == [[1]]
    assert rows(neo4j_server, "CALL dbms.components() YIELD name RETURN name") == [["Neo4j Kernel"]]
    assert neo4j_url == neo4j_server.uri + "/neo4j"
    assert os.environ["KGREC_NEO4J_USER"] == neo4j_server.user
    assert os.environ["KGREC_NEO4J_PASSWORD"] == neo4j_server.password


@pytest.mark.neo4j
def test_each_test_finds_an_empty_database(neo4j_server: Neo4jServer, neo4j_url: str) -> None:
    neo4j_server.empty(constraints=True)
    rows(neo4j_server, "CREATE CONSTRAINT `odd ``name` FOR (f:Film) REQUIRE f.uid IS UNIQUE")
    rows(neo4j_server, "CREATE INDEX by_title FOR (f:Film) ON (f.title)")
    rows(neo4j_server, "UNWIND range(1, 6000) AS i CREATE (:Film {uid: i})-[:LIKE]->(:Film)")
    neo4j_server.empty(constraints=True)
    assert rows(neo4j_server, "MATCH (n) RETURN count(n)") == [[0]]
    assert rows(neo4j_server, "SHOW CONSTRAINTS YIELD name RETURN name") == []
    assert rows(neo4j_server, "SHOW INDEXES YIELD type RETURN DISTINCT type") == [["LOOKUP"]]


@pytest.mark.neo4j
@pytest.mark.slow
def test_a_killed_server_comes_back_with_its_data(neo4j_managed: Neo4jServer) -> None:
    rows(neo4j_managed, "UNWIND range(1, 100) AS i CREATE (:Film {uid: i})")
    neo4j_managed.kill()
    assert not neo4j_managed.running
    assert not answers(neo4j_managed.uri)
    neo4j_managed.restart()
    assert rows(neo4j_managed, "MATCH (f:Film) RETURN count(f)") == [[100]]


@pytest.mark.neo4j
@pytest.mark.slow
def test_neo4j_admin_imports_and_says_what_it_refuses(neo4j_managed: Neo4jServer, tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("uid:ID,title\n1,Heat\n2,Ran\n")
    command = ["database", "import", "full", "neo4j", "--overwrite-destination", f"--nodes=Film={tmp_path}/films.csv"]
    neo4j_managed.stop()
    with pytest.raises(Neo4jServerError, match=r"(?s)exit status \d+.*none\.csv"):
        neo4j_managed.admin("database", "import", "full", "neo4j", "--nodes=Film=none.csv")
    assert "2 nodes" in neo4j_managed.admin(*command)
    neo4j_managed.restart()
    assert rows(neo4j_managed, "MATCH (f:Film) RETURN f.title ORDER BY f.title") == [["Heat"], ["Ran"]]


@pytest.mark.neo4j
@pytest.mark.slow
def test_nothing_stays_behind_when_the_process_is_killed(neo4j_managed: Neo4jServer) -> None:
    script = """
import time
from tools.neo4j.server import start
server = start({"db.logs.query.enabled": "OFF"})
print(server.uri, getattr(server, "home", ""), flush=True)
time.sleep(600)
"""
    child = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    uri, _, home = child.stdout.readline().strip().partition(" ")
    assert answers(uri)
    child.kill()
    child.communicate()
    deadline = time.monotonic() + 20
    while (answers(uri) or (home and Path(home).exists())) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not answers(uri)
    assert not (home and Path(home).exists())


@pytest.mark.neo4j
@pytest.mark.slow
def test_a_server_that_does_not_start_says_why(neo4j_managed: Neo4jServer) -> None:
    with pytest.raises(Neo4jServerError, match=r"no\.such\.setting"):
        neo4j_server.start({"no.such.setting": "1"})


def test_without_any_way_the_reason_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KGREC_TEST_NEO4J_URI", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Neo4jMissingError) as caught:
        neo4j_server.start()
    assert str(caught.value) == (
        "no Java: install Java 17 and Maven (Debian: openjdk-17-jre-headless maven); "
        "or start Docker, or set KGREC_TEST_NEO4J_URI"
    )


@pytest.mark.parametrize(
    ("required", "outcome"), [("", "1 skipped"), pytest.param("1", "1 error", marks=pytest.mark.slow)]
)
def test_skipping_is_loud_and_can_be_forbidden(
    required: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KGREC_TEST_NEO4J_URI", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KGREC_REQUIRE_NEO4J", required)
    test = f"{__file__}::{test_each_test_finds_an_empty_database.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout
    assert ("NEO4J TESTS WERE SKIPPED: no Java: install Java 17" in done.stdout) == (not required)
    assert done.returncode == (1 if required else 0)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Neo4jServerError, match=f"port {port} of 127.0.0.1 cannot be used: Address already in use"):
            neo4j_server.start(port=port)


def test_a_server_of_somebody_else_is_not_managed() -> None:
    server = Neo4jServer("neo4j://127.0.0.1:7687", "neo4j", "x")
    for act in (server.kill, server.stop, server.restart, server.admin):
        with pytest.raises(Neo4jServerError, match="the server of KGREC_TEST_NEO4J_URI is not started by the tests"):
            act()
