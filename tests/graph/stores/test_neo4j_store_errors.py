"""Every way in which a server refuses or is not there: what the message says, and that it says no password."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest
from neo4j.exceptions import Neo4jError

from kgrec.cli.app import main
from kgrec.errors import GraphError, KgrecError, QueryTimeoutError, StoreUnavailableError
from kgrec.graph import open_store
from kgrec.graph.stores.neo4j_store import Neo4jStore, _check_version
from kgrec.testing.sample_graph import films_graph
from tools.neo4j.jars import JarServer
from tools.neo4j.server import Neo4jServer

PASSWORD = "open-sesame-4711"
NEXT_LOGIN = "set KGREC_NEO4J_USER and KGREC_NEO4J_PASSWORD"
NEXT_START = "start it, or correct the address; an import goes on where it stopped when it is run again"


@pytest.fixture
def secrecy(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """All that a test logs or writes, with the driver at its most talkative, has no password in it."""
    caplog.set_level(logging.DEBUG)
    yield
    records = caplog.get_records("call")
    said = "".join([*(repr(record.__dict__) + record.getMessage() for record in records), *capfd.readouterr()])
    assert any(record.name.startswith("neo4j") for record in records)
    assert PASSWORD not in said


def refusal(url: str) -> KgrecError:
    """Why a store does not open."""
    with pytest.raises(KgrecError) as caught:
        open_store(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert PASSWORD not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
    return caught.value


@pytest.mark.neo4j
@pytest.mark.usefixtures("secrecy")
@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
@pytest.mark.parametrize("user", ["neo4j", "nobody"])
def test_a_wrong_login(neo4j_url: str, monkeypatch: pytest.MonkeyPatch, scheme: str, user: str) -> None:
    monkeypatch.setenv("KGREC_NEO4J_USER", user)
    monkeypatch.setenv("KGREC_NEO4J_PASSWORD", PASSWORD)
    url = neo4j_url.replace("neo4j:", f"{scheme}:", 1)
    error = refusal(url)
    assert (type(error), error.exit_code) == (GraphError, 4)
    assert str(error) == (
        "GraphError: the server refused the login.\n"
        f"  where     {url}\n"
        f"  found     user '{user}': 'The client is unauthorized due to authentication failure.'\n"
        "  expected  a user of this server and their password\n"
        f"  next      {NEXT_LOGIN}"
    )


@pytest.mark.neo4j
def test_no_login(neo4j_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KGREC_NEO4J_PASSWORD")
    monkeypatch.delenv("KGREC_NEO4J_USER")
    assert str(refusal(neo4j_url)) == (
        "GraphError: the server refused the login.\n"
        f"  where     {neo4j_url}\n"
        "  found     no user and no password\n"
        "  expected  a user of this server and their password\n"
        f"  next      {NEXT_LOGIN}"
    )


@pytest.mark.neo4j
@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
@pytest.mark.parametrize(
    ("written", "name"), [("nope", "nope"), ("a%20b", "a b"), ("..", ".."), ("%60x", "`x"), ("system%2Fx", "system/x")]
)
def test_no_such_database(neo4j_url: str, scheme: str, written: str, name: str) -> None:
    url = f"{scheme}:{neo4j_url.partition(':')[2].removesuffix('/neo4j')}/{written}"
    assert str(refusal(url)) == (
        "GraphError: the server has no such database.\n"
        f"  where     {url}\n"
        f"  found     database '{name}'\n"
        "  expected  one that `SHOW DATABASES` lists\n"
        "  next      name it at the end of the URL, neo4j://HOST:PORT/DATABASE, or create it"
    )


def unreachable(url: str, found: str, tls: str = "without") -> None:
    error = refusal(url)
    assert (type(error), error.exit_code) == (StoreUnavailableError, 4)
    assert (error.summary, error.where) == ("the server cannot be reached.", url)
    assert found in str(error.found)
    assert (error.expected, error.next) == (f"a server that speaks Bolt {tls} TLS there", NEXT_START)


@pytest.mark.usefixtures("secrecy")
@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
def test_nobody_there(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_NEO4J_PASSWORD", PASSWORD)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        unreachable(f"{scheme}://127.0.0.1:{closed.getsockname()[1]}/neo4j", "Connection refused")
    unreachable(f"{scheme}://no-such-host.invalid/neo4j", "Failed to DNS resolve address no-such-host.invalid:7687")


def test_somebody_who_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.graph.stores.neo4j_store._CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        unreachable(f"bolt://127.0.0.1:{mute.getsockname()[1]}", "Failed to read four byte Bolt handshake")


@pytest.mark.neo4j
@pytest.mark.parametrize("scheme", ["neo4j+s", "bolt+ssc"])
def test_a_server_without_tls(neo4j_url: str, scheme: str) -> None:
    unreachable(neo4j_url.replace("neo4j:", f"{scheme}:", 1), "SSL", "with")


@pytest.mark.neo4j
@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
def test_the_default_database(neo4j_url: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = neo4j_url.replace("neo4j:", f"{scheme}:", 1)
    with open_store(url) as store:
        films_graph().put_into(store)
    host = url.removesuffix("/neo4j")
    with open_store(host) as store:
        assert (store.url, store.counts().nodes["Film"]) == (host, 5)
    monkeypatch.setenv("KGREC_NEO4J_DATABASE", "neo4j")
    with open_store(host) as store:
        assert (store.url, store.counts().nodes["Film"]) == (url, 5)
    monkeypatch.setenv("KGREC_NEO4J_DATABASE", "nope")
    assert refusal(host).found == "database 'nope'"


@pytest.mark.neo4j
def test_a_reader_writes_nothing(neo4j_url: str) -> None:
    with open_store(neo4j_url) as store:
        films_graph().put_into(store)
    with Neo4jStore(neo4j_url, read_only=True) as store:
        with pytest.raises(GraphError) as caught:
            store.upsert_nodes(films_graph().nodes)
        assert str(caught.value) == (
            "GraphError: the store was opened read-only.\n"
            f"  where     {neo4j_url}\n"
            "  next      open it without read_only"
        )
        with pytest.raises(GraphError) as caught:  # and the server itself would not take it
            store._read("CREATE (n:Film {uid: 'new'}) RETURN 1 AS x", {}, None)
        assert caught.value.summary == "the server does not let this user write there."
        assert caught.value.found == "'Writing in read access mode not allowed. Attempted write to neo4j'"
        assert store.counts().nodes["Film"] == 5


def store_that_says(code: str, message: str, monkeypatch: pytest.MonkeyPatch) -> GraphError:
    monkeypatch.setattr(Neo4jStore, "_remembered", lambda self: None)
    with Neo4jStore("neo4j://h:1/films") as store:
        return store._ours(Neo4jError._hydrate_neo4j(code=code, message=message))


@pytest.mark.parametrize(
    "code",
    [
        "Neo.ClientError.Security.Forbidden",
        "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
        "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    ],
)
def test_a_user_who_may_only_read(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Community servers have no such users, so this is what another server says."""
    error = store_that_says(code, "Create node with labels 'Film' on database 'films' is not allowed.", monkeypatch)
    assert type(error) is GraphError
    assert str(error) == (
        "GraphError: the server does not let this user write there.\n"
        "  where     neo4j://h:1/films\n"
        "  found     \"Create node with labels 'Film' on database 'films' is not allowed.\"\n"
        "  expected  a user and a database that take writes\n"
        "  next      use another user or database, or only read"
    )


@pytest.mark.parametrize(
    ("code", "kind", "summary"),
    [
        ("Neo.ClientError.Security.CredentialsExpired", GraphError, "the server refused the login."),
        ("Neo.ClientError.Security.AuthenticationRateLimit", GraphError, "the server refused the login."),
        ("Neo.TransientError.General.DatabaseUnavailable", StoreUnavailableError, "the server cannot be reached."),
        ("Neo.TransientError.Transaction.DeadlockDetected", StoreUnavailableError, "the server was too busy."),
        ("Neo.ClientError.Cluster.NotALeader", StoreUnavailableError, "the server cannot be reached."),
        (
            "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
            QueryTimeoutError,
            "a query took longer than it may.",
        ),
        ("Neo.ClientError.Statement.SyntaxError", GraphError, "the graph store refused a statement."),
    ],
)
def test_other_codes(code: str, kind: type[GraphError], summary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = store_that_says(code, "what the server says", monkeypatch)
    assert (type(error), error.summary) == (kind, summary)
    assert "what the server says" in str(error.found) or error.found == "no user and no password"


def test_a_server_that_is_too_old() -> None:
    for agent in ("Neo4j/5.26.0", "Neo4j/5.27-aura", "Neo4j/2025.10.1", "Memgraph/3"):
        _check_version(agent, "neo4j://h")
    with pytest.raises(GraphError) as caught:
        _check_version("Neo4j/5.12.0", "neo4j://h")
    assert str(caught.value) == (
        "GraphError: the server is too old.\n"
        "  where     neo4j://h\n"
        "  found     Neo4j/5.12.0\n"
        "  expected  Neo4j 5.26 or newer\n"
        "  next      upgrade the server, or use the embedded store kglite:PATH"
    )


@pytest.mark.neo4j
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"KGREC_NEO4J_USER": "nobody"}, 4, "GraphError: the server refused the login."),
        ({"KGREC_STORE": "neo4j://127.0.0.1:1/neo4j"}, 4, "StoreUnavailableError: the server cannot be reached."),
        ({"KGREC_STORE": f"neo4j://ann:{PASSWORD}@h/x"}, 2, "ConfigError: the store's URL holds a user or a password"),
    ],
)
def test_on_the_command_line(
    neo4j_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    code: int,
    said: str,
) -> None:
    for name, value in ({"KGREC_STORE": neo4j_url} | change).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as left:
        main(("inspect",))
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (code, "")
    assert said in err
    assert PASSWORD not in err
    assert "Traceback" not in err


@pytest.mark.neo4j
@pytest.mark.slow
def test_a_database_that_is_read_only(neo4j_managed: Neo4jServer, neo4j_url: str) -> None:
    if not isinstance(neo4j_managed, JarServer):
        pytest.skip("the configuration of a container cannot be changed")
    with open_store(neo4j_url) as store:
        films_graph().put_into(store)
    conf = neo4j_managed.home / "conf" / "neo4j.conf"
    before = conf.read_text()
    try:
        conf.write_text(f"{before}server.databases.read_only=neo4j\n")
        neo4j_managed.restart()
        with Neo4jStore(neo4j_url, read_only=True) as store:
            assert store.counts().nodes["Film"] == 5
        with pytest.raises(GraphError) as caught, open_store(neo4j_url) as store:
            films_graph().put_into(store)
    finally:
        conf.write_text(before)
        neo4j_managed.restart()
    assert type(caught.value) is GraphError
    assert caught.value.summary == "the server does not let this user write there."
    assert caught.value.expected == "a user and a database that take writes"
