"""TLS: a server with a certificate that nobody has heard of, trusted by name, by scheme, or not at all."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgrec.errors import StoreUnavailableError
from kgrec.graph import open_store
from kgrec.testing.sample_graph import films_graph
from tools.neo4j import server as neo4j_server
from tools.neo4j.server import Neo4jMissingError, Neo4jServer

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout private.key -out public.crt -days 2 -subj /CN=test"
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *name], cwd=folder, check=True, capture_output=True)
    return folder / "public.crt"


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[Neo4jServer]:
    settings = {
        "server.bolt.tls_level": "OPTIONAL",  # whoever started it waits for it without TLS
        "dbms.ssl.policy.bolt.enabled": "true",
        "dbms.ssl.policy.bolt.base_directory": str(certificate.parent),
        "dbms.ssl.policy.bolt.private_key": "private.key",
        "dbms.ssl.policy.bolt.public_certificate": "public.crt",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neo4j_server, "docker_answers", lambda: False)  # a container would not see the certificate
        try:
            started = neo4j_server.start(settings)
        except Neo4jMissingError as error:
            pytest.skip(str(error))
    with started:
        yield started


@pytest.fixture
def address(server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("KGREC_NEO4J_PASSWORD", server.password)
    server.empty()
    return f"{server.uri.removeprefix('neo4j')}/neo4j"


@pytest.mark.parametrize("scheme", ["neo4j+ssc", "bolt+ssc", "neo4j+s", "bolt+s"])
def test_trusted(address: str, scheme: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if scheme.endswith("+s"):
        monkeypatch.setenv("KGREC_NEO4J_CA", str(certificate))
    with open_store(scheme + address) as store:
        films_graph().put_into(store)
        assert store.url == scheme + address
        assert store.counts().nodes["Film"] == 5


@pytest.mark.parametrize("scheme", ["neo4j+s", "bolt+s"])
def test_not_trusted(address: str, scheme: str) -> None:
    with pytest.raises(StoreUnavailableError) as caught:
        open_store(scheme + address)
    assert "certificate verify failed" in str(caught.value.found) or "SSLCertVerificationError" in str(
        caught.value.found
    )
    assert caught.value.expected == "a server that speaks Bolt with TLS there"
