"""A real Neo4j to test with, and a folder to run commands in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shop import Shell
from tools.neo4j.server import Neo4jMissingError, Neo4jServer, start

_WHY_SKIPPED = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def neo4j_server(request: pytest.FixtureRequest) -> Iterator[Neo4jServer]:
    """One server for the whole run, started when a test first asks; tests take ``neo4j_url`` or ``neo4j_managed``."""
    try:
        server = start()
    except Neo4jMissingError as error:
        if os.environ.get("KGREC_REQUIRE_NEO4J") == "1":
            pytest.fail(f"KGREC_REQUIRE_NEO4J=1 and no Neo4j to test with: {error}", pytrace=False)
        request.config.stash[_WHY_SKIPPED] = str(error)
        pytest.skip(f"no Neo4j to test with: {error}")
    with server:
        yield server


@pytest.fixture
def neo4j_url(neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Store URL of an empty database; the environment holds the user and the password."""
    if not neo4j_server.running:  # an earlier test killed it and failed
        neo4j_server.restart()
    neo4j_server.empty()
    monkeypatch.setenv("KGREC_NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("KGREC_NEO4J_PASSWORD", neo4j_server.password)
    return f"{neo4j_server.uri}/neo4j"


@pytest.fixture
def neo4j_managed(neo4j_server: Neo4jServer, neo4j_url: str) -> Neo4jServer:
    """The server, with an empty database, for tests that kill, stop or restart it or need neo4j-admin."""
    if not neo4j_server.managed:
        pytest.skip("the server of KGREC_TEST_NEO4J_URI cannot be killed, restarted or given to neo4j-admin")
    return neo4j_server


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A folder to run commands in, without the settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("KGREC_STORE", "KGREC_BUNDLE", "KGREC_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path, capsys)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says loudly that the tests which need a server did not run."""
    if reason := config.stash.get(_WHY_SKIPPED, ""):
        terminalreporter.write_line(f"NEO4J TESTS WERE SKIPPED: {reason}", red=True, bold=True)
