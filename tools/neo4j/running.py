"""What every Neo4j test server offers, whoever runs it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import AuthError, DriverError, Neo4jError

START_TIMEOUT_S = 90.0
_NOT_OURS = "the server of KGREC_TEST_NEO4J_URI is not started by the tests, so they cannot stop or manage it"


class Neo4jMissingError(RuntimeError):
    """This machine lacks what a test server needs; the message says what to install."""


class Neo4jServerError(RuntimeError):
    """The server or its admin tool failed; the message carries the end of what it wrote."""


class Neo4jServer:
    """A server that somebody else runs, and what every test server offers.

    Attributes:
        uri: ``neo4j://127.0.0.1:PORT`` for the servers started here.
        user: name to log in with.
        password: password to log in with.
        managed: whether kill, stop, restart and admin work.
    """

    managed = False

    def __init__(self, uri: str, user: str, password: str) -> None:
        self.uri, self.user, self.password = uri, user, password

    def __enter__(self) -> Neo4jServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def driver(self) -> neo4j.Driver:
        """A new driver, to be closed by the caller."""
        return neo4j.GraphDatabase.driver(self.uri, auth=(self.user, self.password))

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Returns when the database ``neo4j`` answers.

        Raises:
            Neo4jServerError: it does not within the time, the process has ended, or the password is wrong.
        """
        deadline = time.monotonic() + timeout_s
        address = urlsplit(self.uri)
        while True:
            try:
                # Knocking first: the driver logs a warning for every refused connection.
                socket.create_connection((address.hostname or "", address.port or 7687), timeout=5).close()
                with self.driver() as driver, driver.session(database="neo4j") as session:
                    session.run("RETURN 1").consume()
                return
            except (DriverError, Neo4jError, OSError) as error:
                if isinstance(error, AuthError) or not self.running or time.monotonic() > deadline:
                    found = f"{error}\n{self._log_tail()}".rstrip()
                    raise Neo4jServerError(f"Neo4j at {self.uri} does not answer: {found}") from error
            time.sleep(0.2)

    @property
    def running(self) -> bool:
        """Whether the server's process is there (said of any server that is not managed)."""
        return True

    def kill(self) -> None:
        """Ends the server as kill -9 does; restart() brings it back."""
        raise Neo4jServerError(_NOT_OURS)

    def stop(self) -> None:
        """Ends the server in order; the data stay for admin() and restart()."""
        raise Neo4jServerError(_NOT_OURS)

    def restart(self) -> None:
        """Stops the server if it runs and starts it on the same data and port; returns when it answers."""
        raise Neo4jServerError(_NOT_OURS)

    def admin(self, *arguments: str) -> str:
        """Runs ``neo4j-admin`` on the server's home and returns what it wrote; many commands need stop() before.

        Raises:
            Neo4jServerError: the command failed; with its output.
        """
        raise Neo4jServerError(_NOT_OURS)

    def empty(self, constraints: bool = False) -> None:
        """Removes every node, relationship and index of the database ``neo4j``.

        Constraints stay unless asked for: nearly every test makes the same ones, and each that goes or comes makes
        the server plan all statements anew.
        """
        with self.driver() as driver, driver.session(database="neo4j") as session:
            session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 100 ROWS").consume()
            for name in session.run("SHOW CONSTRAINTS YIELD name").value() if constraints else ():
                session.run("DROP CONSTRAINT $name", name=name).consume()
            unowned = (
                "SHOW INDEXES YIELD name, type, owningConstraint WHERE type <> 'LOOKUP' AND owningConstraint IS NULL"
            )
            for name in session.run(f"{unowned} RETURN name").value():
                session.run("DROP INDEX $name", name=name).consume()

    def close(self) -> None:
        """Ends the server and removes its data, unless the folder was given."""

    def _log_tail(self) -> str:
        return ""


def run(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """What the command wrote.

    Raises:
        Neo4jServerError: it failed; with its output.
    """
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise Neo4jServerError(f"exit status {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout + done.stderr


def watch(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A shell that runs the script (``$1``, ``$2``... are the arguments) when this process ends, however it ends."""
    return subprocess.Popen(
        ["sh", "-c", f"trap '' INT TERM HUP; read -r _; {script}", "sh", *arguments],
        stdin=subprocess.PIPE,  # the read ends when the last holder of the other end is gone
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def dismiss(watcher: subprocess.Popen[bytes]) -> None:
    """Ends a watcher without running its script."""
    watcher.kill()
    watcher.communicate()
