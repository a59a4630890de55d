"""A real Neo4j server for tests and for developers (``make neo4j``).

Three ways, in this order: the server that ``KGREC_TEST_NEO4J_URI`` names (with ``KGREC_TEST_NEO4J_USER`` and
``KGREC_TEST_NEO4J_PASSWORD``; tests EMPTY its database ``neo4j``), a Docker container, the published jars under Java.
The last two listen on 127.0.0.1 only and are gone, data and all, when the process that started them is.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tools.neo4j.docker import DockerServer, docker_answers
from tools.neo4j.jars import JarServer
from tools.neo4j.running import Neo4jMissingError, Neo4jServer, Neo4jServerError

__all__ = ["Neo4jMissingError", "Neo4jServer", "Neo4jServerError", "start"]

_DEFAULTS = {
    "server.memory.heap.initial_size": "512m",
    "server.memory.heap.max_size": "512m",
    "server.memory.pagecache.size": "256m",
    "server.http.enabled": "false",
    "server.https.enabled": "false",
    "dbms.usage_report.enabled": "false",
    "db.tx_log.preallocate": "false",
    "db.transaction.monitor.check.interval": "10ms",
    "dbms.cypher.min_replan_interval": "1h",
}


def start(
    settings: Mapping[str, str] | None = None,
    *,
    port: int = 0,
    password: str = "",
    data: Path | None = None,
    lasting: bool = False,
) -> Neo4jServer:
    """A server that answers; use it in a ``with`` statement or close() it.

    Args:
        settings: lines of ``neo4j.conf`` beside or instead of the defaults. Whoever asks for settings, a port, a
            password or a folder gets a server of its own, also where ``KGREC_TEST_NEO4J_URI`` names one.
        port: 0 takes a free one.
        password: empty makes one up.
        data: folder that keeps the data (and, from the jars, the password) after the end.
        lasting: made to be fast in the long run instead of soon, for measuring and for people.

    Raises:
        Neo4jMissingError: none of the ways exists here; says what to install.
        Neo4jServerError: the port is taken, or the server was started and does not answer.
    """
    uri = os.environ.get("KGREC_TEST_NEO4J_URI")
    if uri and not (settings or port or password or data):
        user = os.environ.get("KGREC_TEST_NEO4J_USER", "neo4j")
        server = Neo4jServer(uri, user, os.environ.get("KGREC_TEST_NEO4J_PASSWORD", ""))
        server.wait(10)
        return server
    wanted = _DEFAULTS | dict(settings or {})
    password = password or secrets.token_hex(12)
    reasons = []
    for way in (DockerServer, JarServer) if docker_answers() else (JarServer,):
        try:
            return way(wanted, _free_port(port), password, data, lasting)
        except Neo4jMissingError as error:
            reasons.append(str(error))
    raise Neo4jMissingError("; ".join(reasons) + "; or start Docker, or set KGREC_TEST_NEO4J_URI")


def _free_port(asked: int) -> int:
    """The port asked for, or any (0); told here, because a stranger's server there would look like a wrong password."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", asked))
        except OSError as error:
            raise Neo4jServerError(f"port {asked} of 127.0.0.1 cannot be used: {error.strerror}") from error
        return int(probe.getsockname()[1])


def main() -> None:
    """Runs a server in the foreground until ctrl-c and says how to reach it."""
    parser = argparse.ArgumentParser(description="A Neo4j server on 127.0.0.1 until ctrl-c.")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--password", default="", help="default: made up, at least 8 characters")
    parser.add_argument("--data", type=Path, help="folder that keeps the data; default: gone at the end")
    parser.add_argument("--heap", default="512m", help="Java heap of the server")
    asked = parser.parse_args()
    heap = {f"server.memory.heap.{which}_size": asked.heap for which in ("initial", "max")}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with start(heap, port=asked.port, password=asked.password, data=asked.data, lasting=True) as server:
            sys.stdout.write(
                f"export KGREC_NEO4J_USER={server.user}\n"
                f"export KGREC_NEO4J_PASSWORD={server.password}\n"
                f"export STORE={server.uri}/neo4j\n"
                "# in another shell: paste the lines above, then `make demo`; ctrl-c here ends the server\n"
            )
            sys.stdout.flush()
            while server.running:
                time.sleep(1)
            sys.exit(f"the server ended by itself\n{server._log_tail()}")
    except KeyboardInterrupt:
        pass
    except (Neo4jMissingError, Neo4jServerError) as error:
        sys.exit(f"no Neo4j server: {error}")


if __name__ == "__main__":
    main()
