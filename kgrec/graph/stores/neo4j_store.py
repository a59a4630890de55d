"""Neo4jStore: the property graph on a Neo4j server 5.26 or newer, a cluster, or Aura, through the official driver.

Every write is one managed transaction: the driver runs it again where the server says that this may help (a deadlock, a
change of leader, a lost connection). A connection that is lost during a commit leaves open whether it happened; every
statement merges on keys, so it is run again, which changes nothing.
"""

from __future__ import annotations

import logging
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    Driver,
    GraphDatabase,
    ManagedTransaction,
    Result,
    Session,
    unit_of_work,
)
from neo4j.exceptions import AuthError, ConfigurationError, DriverError, IncompleteCommit, Neo4jError, TransientError

from kgrec.errors import ConfigError, GraphError, QueryTimeoutError, StoreUnavailableError, shorten
from kgrec.graph.stores.cypher_store import CypherStore, Rows
from kgrec.graph.stores.neo4j_settings import PASSWORD, USER, Neo4jSettings
from kgrec.schema.model import GraphSchema

READ_RETRY_S, WRITE_RETRY_S = 1.0, 120.0
"""How long a transaction is tried again: an answer must not wait for a server that restarts, an import should."""

LOOKUP_TIMEOUT_S, WRITE_TIMEOUT_S, EXPORT_TIMEOUT_S = 60.0, 600.0, 3600.0
"""Server-side limits of a read without one of its own, of a batch, and of reading a whole type."""

OLDEST_SERVER = (5, 26)
"""The long-term support version that the contract suite runs on."""

MOST_ROWS = 1_000_000
"""Rows that a look-up may return; exports are streamed and have no such bound."""

_FETCH_RECORDS = 200
"""Records that the server sends at a time; in an export each is a node with all its edges."""

_CONNECT_S = 5.0

# A constraint's index is made and committed before the constraint is: a server that dies in between keeps it alone.
_INDEX_IN_THE_WAY = tuple(f"Neo.ClientError.Schema.Index{how}AlreadyExists" for how in ("", "WithName"))
_INDEXES_LEFT_OVER = (
    "SHOW INDEXES YIELD name, owningConstraint "
    "WHERE name STARTS WITH 'kgrec_' AND name ENDS WITH '_uid' AND owningConstraint IS NULL RETURN name"
)

# What the driver logs about retries and hints of the planner is no news to whoever asked for a recommendation.
logging.getLogger("neo4j").addHandler(logging.NullHandler())


class Neo4jStore(CypherStore):
    """A graph in one database of a Neo4j server.

    Args:
        url: ``neo4j://HOST:PORT/DATABASE``; see :class:`Neo4jSettings` for the login.
        read_only: sessions are opened for reading, and writes are refused before they reach the server.
        create: nothing is made before something is written, whatever it says.

    Raises:
        StoreUnavailableError: the server cannot be reached.
        GraphError: it refuses the login, has no such database, or is too old.
        ConfigError: the URL or the environment is not as expected.
        SchemaMismatchError: the graph was written by another version of kgrec.
    """

    def __init__(self, url: str, *, read_only: bool = False, create: bool = True) -> None:
        self._settings = Neo4jSettings.from_url(url)
        super().__init__(self._settings.url)
        self._read_only = read_only
        self._closed = False
        self._bookmarks = GraphDatabase.bookmark_manager()  # in a cluster, reads see what was written before
        self._drivers: dict[float, Driver] = {}
        self._lock = threading.Lock()
        try:
            self._remembered()
            if self.schema is not None and not read_only:
                self._constrain(self.schema)
        except BaseException:
            self.close()
            raise

    def _remembered(self) -> None:
        super()._remembered()
        with self._session(READ_ACCESS, READ_RETRY_S):
            _check_version(self._driver(READ_RETRY_S).get_server_info().agent, self.url)

    def _constrain(self, schema: GraphSchema) -> None:
        """Make the constraints; what a server that died over one has left of it is taken away first."""
        try:
            super()._constrain(schema)
        except GraphError as error:
            if getattr(error.__cause__, "code", None) not in _INDEX_IN_THE_WAY:
                raise
            for row in self._read(_INDEXES_LEFT_OVER, {}, None):
                self._write("DROP INDEX $name IF EXISTS", row)
            super()._constrain(schema)

    def _driver(self, retry_s: float) -> Driver:
        """The driver whose transactions are tried again for so long; made when it is first needed."""
        if self._closed:
            raise StoreUnavailableError("the store is closed.", where=self.url, next="open it again")
        with self._lock:
            if retry_s not in self._drivers:
                self._drivers[retry_s] = self._connected(retry_s)
            return self._drivers[retry_s]

    def _connected(self, retry_s: float) -> Driver:
        own = self._settings
        try:
            uri, trust = own.uri, dict[str, Any]()
            if own.ca is not None:
                # The driver takes authorities of one's own only beside a scheme that says nothing about TLS.
                uri = own.uri.replace("+s:", ":", 1)
                trust = {"ssl_context": ssl.create_default_context(cafile=own.ca)}
            return GraphDatabase.driver(
                uri,
                auth=None if own.user is None else (own.user, own.password or ""),
                max_transaction_retry_time=retry_s,
                # Always the same pause: one that doubles sleeps for a minute after the server is back.
                initial_retry_delay=min(1.0, retry_s / 10),
                retry_delay_multiplier=1.0,
                retry_delay_jitter_factor=0.5,
                connection_timeout=_CONNECT_S,
                connection_acquisition_timeout=_CONNECT_S,  # bounds the handshake as well
                liveness_check_timeout=30.0,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
                **trust,
            )
        except (ConfigurationError, ValueError, OSError) as error:  # OSError: a file of certificates that holds none
            raise ConfigError(
                "the store's URL and settings do not fit together.", where=self.url, found=shorten(str(error))
            ) from error

    @contextmanager
    def _session(self, access: str, retry_s: float) -> Iterator[Session]:
        """A session whose failures become ours."""
        driver = self._driver(retry_s)
        try:
            with driver.session(
                database=self._settings.database,
                default_access_mode=access,
                fetch_size=_FETCH_RECORDS,
                bookmark_manager=self._bookmarks,
            ) as session:
                yield session
        except (Neo4jError, DriverError) as error:
            raise self._ours(error) from error

    def _read(self, text: str, parameters: dict[str, Any], timeout_s: float | None) -> Rows:
        limit = LOOKUP_TIMEOUT_S if timeout_s is None else max(timeout_s, 0.001)  # 0 would mean no limit

        @unit_of_work(timeout=limit)
        def work(transaction: ManagedTransaction) -> Rows:
            result = transaction.run(text, parameters)
            return list(islice(_rows(result), MOST_ROWS + 1))

        try:
            with self._session(READ_ACCESS, READ_RETRY_S) as session:
                found = session.execute_read(work)
        except QueryTimeoutError as error:
            error.found = f"no answer after {limit:g} s"
            raise
        if len(found) > MOST_ROWS:
            raise GraphError(
                "a look-up has more rows than it may.",
                where=self.url,
                found=f"more than {MOST_ROWS}",
                next="ask for fewer: narrow the condition, or read the whole type with an export",
            )
        return found

    def _stream(self, text: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Rows as the server sends them, so that the client holds one fetch of them at a time."""
        with (
            self._session(READ_ACCESS, READ_RETRY_S) as session,
            session.begin_transaction(timeout=EXPORT_TIMEOUT_S) as transaction,
        ):
            yield from _rows(transaction.run(text, parameters))

    def _write(self, text: str, parameters: dict[str, Any]) -> tuple[Rows, int]:
        if self._read_only:
            raise GraphError("the store was opened read-only.", where=self.url, next="open it without read_only")

        @unit_of_work(timeout=WRITE_TIMEOUT_S)
        def work(transaction: ManagedTransaction) -> tuple[Rows, int]:
            result = transaction.run(text, parameters)
            rows = list(_rows(result))
            counters = result.consume().counters
            return rows, counters.nodes_created + counters.relationships_created

        with self._session(WRITE_ACCESS, WRITE_RETRY_S) as session:
            try:
                return session.execute_write(work)
            except IncompleteCommit:
                # The driver cannot know whether it happened; for a statement that merges on keys once more is safe.
                return session.execute_write(work)

    def _ours(self, error: Neo4jError | DriverError) -> GraphError:
        """A failure of the driver or the server as one of ours; neither holds the password."""
        code = getattr(error, "code", None) or ""
        reason = shorten(_reason(error))
        where = self.url
        if "TransactionTimedOut" in code or code == "Neo.TransientError.Transaction.Terminated":
            return QueryTimeoutError(
                "a query took longer than it may.",
                where=where,
                found=reason,
                next="allow more time, or ask for shorter paths and fewer of them",
            )
        if isinstance(error, AuthError) or (code.startswith("Neo.ClientError.Security.") and "Forbidden" not in code):
            return GraphError(
                "the server refused the login.",
                where=where,
                found=f"user {self._settings.user!r}: {reason}" if self._settings.user else "no user and no password",
                expected="a user of this server and their password",
                next=f"set {USER} and {PASSWORD}",
            )
        if code == "Neo.ClientError.Database.DatabaseNotFound":
            return GraphError(
                "the server has no such database.",
                where=where,
                found=f"database {self._settings.database!r}",
                expected="one that `SHOW DATABASES` lists",
                next="name it at the end of the URL, neo4j://HOST:PORT/DATABASE, or create it",
            )
        if "Forbidden" in code or "ReadOnly" in code or code == "Neo.ClientError.Statement.AccessMode":
            return GraphError(
                "the server does not let this user write there.",
                where=where,
                found=reason,
                expected="a user and a database that take writes",
                next="use another user or database, or only read",
            )
        if code.startswith("Neo.TransientError.") and "Unavailable" not in code:
            return StoreUnavailableError(
                "the server was too busy.",
                where=where,
                found=reason,
                next="try again later; an import goes on where it stopped when it is run again",
            )
        if isinstance(error, (DriverError, TransientError)) or "DatabaseUnavailable" in code:
            return StoreUnavailableError(
                "the server cannot be reached.",
                where=where,
                found=reason,
                expected=f"a server that speaks Bolt {'with' if '+s' in self._settings.uri else 'without'} TLS there",
                next="start it, or correct the address; an import goes on where it stopped when it is run again",
            )
        return GraphError("the graph store refused a statement.", where=where, found=f"{code}: {reason}")

    def checkpoint(self) -> None:
        """The server looks after its files."""

    def close(self) -> None:
        """Close the connections; it can be called twice."""
        self._closed = True
        drivers, self._drivers = self._drivers, {}
        for driver in drivers.values():
            driver.close()


def _reason(error: BaseException) -> str:
    """What went wrong at the bottom of it: of a cluster's address the driver tells only that no member answered."""
    while isinstance(error.__cause__, ExceptionGroup):
        error = error.__cause__.exceptions[0]
    return getattr(error, "message", None) or str(error)


def _check_version(agent: str, url: str) -> None:
    """Refuse a server whose Cypher lacks what our statements are written in.

    Args:
        agent: how the server calls itself, ``Neo4j/5.26.30`` or ``Neo4j/2025.10.1``.
    """
    found = re.match(r"Neo4j/(\d+)\.(\d+)", agent)
    if found and (int(found[1]), int(found[2])) < OLDEST_SERVER:
        raise GraphError(
            "the server is too old.",
            where=url,
            found=agent,
            expected="Neo4j {}.{} or newer".format(*OLDEST_SERVER),
            next="upgrade the server, or use the embedded store kglite:PATH",
        )


def _rows(result: Result) -> Iterator[dict[str, Any]]:
    """Rows as they come. Our texts return plain values only, so the driver's own conversion has nothing to do."""
    names = result.keys()
    return (dict(zip(names, row, strict=True)) for row in result)
