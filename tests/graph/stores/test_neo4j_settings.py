"""Addresses and logins: what is read, what is refused, and that no message shows a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.errors import ConfigError
from kgrec.graph import open_store
from kgrec.graph.stores.neo4j_settings import SCHEMES, Neo4jSettings
from kgrec.graph.stores.neo4j_store import Neo4jStore

LOGIN = {"KGREC_NEO4J_USER": "ann", "KGREC_NEO4J_PASSWORD": "sesame"}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("host", ["127.0.0.1:7687", "graph.example.org", "[::1]:7687"])
def test_addresses(scheme: str, host: str) -> None:
    own = Neo4jSettings.from_url(f"{scheme}://{host}/films", {})
    assert (own.uri, own.database, own.url) == (f"{scheme}://{host}", "films", f"{scheme}://{host}/films")
    assert (own.user, own.password, own.ca) == (None, None, None)


@pytest.mark.parametrize("url", ["neo4j://h:1", "neo4j://h:1/"])
def test_the_database_may_be_left_out_or_come_from_the_environment(url: str) -> None:
    assert Neo4jSettings.from_url(url, {}).database is None
    assert Neo4jSettings.from_url(url, {}).url == "neo4j://h:1"
    named = Neo4jSettings.from_url(url, {"KGREC_NEO4J_DATABASE": "films"})
    assert (named.database, named.url) == ("films", "neo4j://h:1/films")
    assert Neo4jSettings.from_url("neo4j://h:1/other", {"KGREC_NEO4J_DATABASE": "films"}).database == "other"


@pytest.mark.parametrize("name", ["films", "a b", "a%b", "x?y", "x#y", "é", "\x00"])
def test_the_url_says_the_same_when_it_is_read_again(name: str) -> None:
    own = Neo4jSettings.from_url("neo4j://h:1?region=eu", {"KGREC_NEO4J_DATABASE": name})
    again = Neo4jSettings.from_url(own.url, {})
    assert (again.database, again.uri, again.url) == (name, "neo4j://h:1?region=eu", own.url)
    assert own.url.isprintable()


def test_logins() -> None:
    assert Neo4jSettings.from_url("bolt://h", LOGIN).user == "ann"
    assert Neo4jSettings.from_url("bolt://h", LOGIN).password == "sesame"
    assert Neo4jSettings.from_url("bolt://h", {"KGREC_NEO4J_PASSWORD": "sesame"}).user == "neo4j"
    assert Neo4jSettings.from_url("bolt://h", {"KGREC_NEO4J_USER": "", "KGREC_NEO4J_PASSWORD": ""}).user is None
    assert "sesame" not in repr(Neo4jSettings.from_url("bolt://h", LOGIN))


@pytest.mark.parametrize(
    "rest",
    [
        "//ann:sesame@h:1/films",
        "//:sesame@h/films",
        "//ann:se/sesame@h/films",
        "//ann:12?sesame@h/films",
        "//ann:12#sesame@h/films",
        "//ann:se@sesame@h/films",
        "//ann:[sesame@h/films",
        "ann:sesame@h",
        "//h/films?user=ann&password=sesame",
    ],
)
def test_a_login_in_the_url_is_refused_and_not_shown(rest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(f"neo4j+s:{rest}")
    assert str(caught.value) == (
        "ConfigError: the store's URL holds a user or a password, which would end up in logs and histories.\n"
        "  where     store\n"
        "  found     neo4j+s://... with a login in it\n"
        "  expected  neo4j+s://HOST:PORT/DATABASE\n"
        "  next      take it out of the URL and set KGREC_NEO4J_USER and KGREC_NEO4J_PASSWORD"
    )
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "neo4j:", "neo4j:h", "neo4j:/h", "neo4j://", "neo4j:///films", "neo4j://:7687", "neo4j://h:0/x",
        "neo4j://h:99999/x", "neo4j://h:port/x", "neo4j://h:-1", "neo4j://h/a/b", "neo4j://[::1/x",
    ],
)  # fmt: skip
def test_no_address(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(url)
    assert str(caught.value) == (
        "ConfigError: the store's URL is no address of a Neo4j server.\n"
        "  where     store\n"
        f"  found     {url!r}\n"
        "  expected  neo4j://HOST:PORT/DATABASE\n"
        "  next      write, for example, neo4j://127.0.0.1:7687/neo4j"
    )


def test_trusted_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ca.pem"
    known = {"KGREC_NEO4J_CA": str(path)}
    with pytest.raises(ConfigError) as caught:
        Neo4jSettings.from_url("neo4j+s://h", known)
    assert str(caught.value) == (
        "ConfigError: the file of trusted certificates does not exist.\n"
        "  where     KGREC_NEO4J_CA\n"
        f"  found     {path}\n"
        "  expected  a PEM file\n"
        "  next      correct KGREC_NEO4J_CA, or leave it out to trust what the system trusts"
    )
    path.write_text("no certificate\n")
    for scheme in ("neo4j", "bolt", "neo4j+ssc", "bolt+ssc"):
        with pytest.raises(ConfigError) as caught:
            Neo4jSettings.from_url(f"{scheme}://h", known)
        assert str(caught.value) == (
            "ConfigError: trusted certificates are named, and the scheme of the store's URL checks none.\n"
            "  where     KGREC_NEO4J_CA\n"
            f"  found     {scheme}://\n"
            "  expected  neo4j+s:// or bolt+s://\n"
            "  next      change the scheme, or unset KGREC_NEO4J_CA"
        )
    assert Neo4jSettings.from_url("neo4j+s://h", known).ca == path
    monkeypatch.setenv("KGREC_NEO4J_CA", str(path))
    with pytest.raises(ConfigError, match="the store's URL and settings do not fit together") as caught:
        Neo4jStore("neo4j+s://h/films")
    assert caught.value.where == "neo4j+s://h/films"
    assert "NO_CERTIFICATE_OR_CRL_FOUND" in str(caught.value.found)


def test_a_routing_context_beside_a_scheme_that_does_not_route() -> None:
    with pytest.raises(ConfigError, match="the store's URL and settings do not fit together") as caught:
        Neo4jStore("bolt://h/films?region=eu")
    assert "Routing context" in str(caught.value.found)
