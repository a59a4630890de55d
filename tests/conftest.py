"""A real Neo4j to test with, a folder to run commands in, and which tests run in one worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

# A table is as wide as its reader's terminal, which is not what tests measure.
os.environ.pop("COLUMNS", None)
# Before numpy: workers with a thread for every core each would wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    for library in ("OMP", "MKL", "OPENBLAS"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

from kgrec.learn.fusion import gate_search
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.limits import LIMITS
from tests.support.shop import Shell
from tools.neo4j.server import Neo4jMissingError, Neo4jServer, start

# How fast a machine draws examples is not what tests measure either.
settings.register_profile("kgrec", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kgrec")

_EXECUTORS = "tests/parallel/"
"""Its files share a cluster of Ray, which takes long to start."""
_NO_SERVER = "no Neo4j to test with: "


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Files are dealt out whole, for they share fixtures; what needs the Neo4j server is one piece of work.

    The marks of a test are not known here, therefore its name or its file's has to say ``neo4j``. (xdist's own groups
    of tests are of no effect from pytest 9.2 on: https://github.com/pytest-dev/pytest-xdist/issues/1386.)
    """
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _piece_of_work
    return scheduler


def _piece_of_work(nodeid: str) -> str:
    if "neo4j" in nodeid.lower():
        return "neo4j"
    file = nodeid.partition("::")[0]
    return _EXECUTORS if file.startswith(_EXECUTORS) else file


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4jServer]:
    """One server for the whole run, started when a test first asks; tests take ``neo4j_url`` or ``neo4j_managed``."""
    try:
        server = start()
    except Neo4jMissingError as error:
        if os.environ.get("KGREC_REQUIRE_NEO4J") == "1":
            pytest.fail(f"KGREC_REQUIRE_NEO4J=1 and no Neo4j to test with: {error}", pytrace=False)
        pytest.skip(f"{_NO_SERVER}{error}")
    with server:
        yield server


@pytest.fixture
def neo4j_url(request: pytest.FixtureRequest, neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Store URL of an empty database; the environment holds the user and the password."""
    assert "neo4j" in request.node.nodeid.lower(), (
        "the name of a test on the server says neo4j: these tests share a worker"
    )
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


@pytest.fixture(scope="module")
def one_gate_search() -> Iterator[None]:
    """Gates of few users are the mean over eight searches more, which takes most of the time of a tiny training."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(gate_search, "LIMITS", replace(LIMITS, bagged_users=0))
        yield


@pytest.fixture(scope="module")
def no_search_for_paths() -> Iterator[None]:
    """Gates stay where they are most accurate; to give some of it up for paths takes half of a tiny training."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(GateFitter, "_towards_paths", lambda _, candidates, weights, best: (weights, best))
        yield


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A folder to run commands in, without the settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("KGREC_STORE", "KGREC_BUNDLE", "KGREC_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path, capsys)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly that the tests which need a server did not run."""
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()) if report.when == "setup"]
    for reason in {reason.partition(_NO_SERVER)[2] for reason in reasons if _NO_SERVER in reason}:
        terminalreporter.write_line(f"NEO4J TESTS WERE SKIPPED: {reason}", red=True, bold=True)
