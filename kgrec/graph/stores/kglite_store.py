"""KgliteStore: the embedded property graph, one file beside its write-ahead log, no server.

The whole graph is held in memory while open; one process at a time may write. Every write is one atomic statement
that is on disk when it returns.
"""

from __future__ import annotations

import itertools
import shutil
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kglite

from kgrec.errors import GraphError, QueryTimeoutError, StoreUnavailableError, shorten
from kgrec.graph import paths
from kgrec.graph.cypher import statements as cypher
from kgrec.graph.paths import Edge
from kgrec.graph.store import schema_of
from kgrec.graph.store_types import GraphPath
from kgrec.graph.stores.cypher_store import CypherStore, Rows
from kgrec.graph.stores.kglite_snapshot import copies_of, snapshot, temporary_folder
from kgrec.plain_text import local_path

if TYPE_CHECKING:
    from kgrec.graph.stores.import_spool import ImportSpool
    from kgrec.graph.stores.kglite_bulk import BulkImport
    from kgrec.graph.stores.relationship_files import RelationshipFiles

# The engine writes a line to stderr for every type that has no nodes yet; ours come from the schema, so it is no typo.
kglite.set_query_warning_policy("silent")

_SESSIONS = itertools.count()
"""Numbers of all sessions, so that no two stores have one version."""
_NODES_AT_ONCE = 2_000
_MOST_EDGES = 50_000
"""Edges that are known to be there, about 20 MB."""
_EMPTY_LOG_BYTES = 5
"""The engine's mark at the start of a log; a shorter one could hold no write either."""


class KgliteStore(CypherStore):
    """A graph in a file, or in memory only where the URL's path is empty or ``:memory:``.

    Args:
        url: ``kglite:PATH``; the folder of the graph's file must exist.
        read_only: take no writer's lease. While another process writes, the graph is read as it was when it was
            opened.
        create: make the file where there is none.

    Raises:
        StoreUnavailableError: no such folder or file, held by another process, or not a graph file.
        SchemaMismatchError: written by another version of kgrec.
    """

    facts_stay = True

    def __init__(self, url: str, *, read_only: bool = False, create: bool = True) -> None:
        super().__init__(url)
        name = url.removeprefix("kglite:")
        self._in_memory = name in ("", ":memory:")
        path = local_path(name)
        self._path = path
        self._read_only = read_only
        self._session: Any = None
        self._edges: set[Edge] = set()
        """Edges that were found in the graph."""
        self._session_number = next(_SESSIONS)
        self._lease: Any = None
        """Holds the file for writing while its session is the graph that was built, in memory as it was saved."""
        self._saved = False
        """Nothing was written since the graph's file was."""
        self._spool: ImportSpool | None = None
        self._temporary: str | None = None
        if self._in_memory:
            self._session = kglite.KnowledgeGraph().session()
        elif read_only:
            self._session = self._open_to_read(path)
        else:
            if not create:
                self._must_exist(path)
            self._session = self._open_to_write(path)
        try:
            self._remembered()
            if not read_only:
                self._take_up_spool()
        except BaseException:
            self.close()
            raise

    def _open_to_write(self, path: Path) -> Any:
        if not path.parent.is_dir():
            raise StoreUnavailableError(
                "the folder of the graph does not exist.",
                where=self.url,
                found=f"no folder '{path.parent}'",
                next=f"create it: mkdir -p '{path.parent}'",
            )
        if path.exists() and not path.is_file():
            raise StoreUnavailableError(
                "the graph's path is no file.",
                where=self.url,
                found="a folder" if path.is_dir() else "a device or pipe, which saving would replace",
                expected="the path of a file, or of none yet",
                next="name another path",
            )
        try:
            return kglite.open_session(str(path), durable="full")
        except kglite.WriterLeaseHeldError as error:
            pid = error.holder.get("pid")
            who = "this process, which has it open already" if error.holder.get("self") else "another process"
            raise StoreUnavailableError(
                "the graph is held for writing.",
                where=self.url,
                found=f"held by {who} (pid {'unknown' if pid is None else pid})",
                expected="one writer at a time",
                next="wait until it ends or close it there, or open the graph read-only",
            ) from error
        except kglite.KgError as error:
            raise self._not_a_graph(error) from error

    def _must_exist(self, path: Path) -> None:
        if not path.exists() and not Path(f"{path}-wal").exists():
            raise StoreUnavailableError(
                "there is no graph to read.", where=self.url, found="no such file", next="run `kgrec ingest` first"
            )

    def _open_to_read(self, path: Path) -> Any:
        self._must_exist(path)
        if self._holds_everything(path):
            return self._opened(path)
        try:
            # A crash may have left writes in the log alone: opening for writing takes them in.
            with KgliteStore(self.url) as writer:
                writer.checkpoint()
        except StoreUnavailableError:
            if not path.exists():
                raise
            try:
                return kglite.open_session(str(snapshot(path, self._temporary_folder())), durable="full")
            except kglite.KgError as error:
                raise self._not_a_graph(error) from error
        return self._opened(path)

    def _holds_everything(self, path: Path) -> bool:
        """Whether the graph's file is all there is: no writes in its log alone, nothing put down by an import."""
        log = Path(f"{path}-wal")
        logged = log.stat().st_size if log.exists() else 0
        return path.is_file() and logged <= _EMPTY_LOG_BYTES and not self._spool_folder().exists()

    def _opened(self, path: Path) -> Any:
        try:
            return kglite.open_session(str(path))
        except kglite.KgError as error:
            raise self._not_a_graph(error) from error

    def _not_a_graph(self, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(
            "the graph cannot be opened.",
            where=self.url,
            found=shorten(str(error)),
            expected="a file written by kgrec, in a folder that can be written to",
            next="name another path, or restore the file from a copy",
        )

    def _open_session(self) -> Any:
        """The session, with everything in it that an import has put down."""
        if self._session is None:
            raise StoreUnavailableError("the store is closed.", where=self.url, next="open it again")
        if self._spool is not None and self._spool.waiting:
            self._fold()
        return self._session

    # a first import: relationships wait in a folder until they are all there
    def _spool_folder(self) -> Path:
        if not self._in_memory:
            return Path(f"{self._path}-import")
        return self._temporary_folder() / "import"

    def _temporary_folder(self) -> Path:
        if self._temporary is None:
            self._temporary = temporary_folder()
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return Path(self._temporary)

    def files(self) -> list[Path]:
        """The graph's file, its log, what an import has put down, and copies that other processes read."""
        if self._in_memory:
            return []
        own = [self._path, Path(f"{self._path}-wal"), *self._spool_folder().glob("*")]
        return [path for path in (*own, *copies_of(self._path)) if path.is_file()]

    def _take_up_spool(self) -> None:
        """Look for what an interrupted import put down and is not in the graph yet."""
        from kgrec.graph.stores.import_spool import ImportSpool  # by Arrow, which no answer needs

        spool = None if self._in_memory else ImportSpool.left_in(self._spool_folder())
        if spool is not None and spool.nodes and self.finished_batches(spool.source) >= spool.batches:
            spool.remove()  # stopped between the last two steps of taking it in
        elif spool is not None:
            self._spool = spool

    def bulk_import(self, source: str) -> BulkImport | None:
        """Where the batches of a first import go, of a new one or of one that was interrupted; None for any other."""
        from kgrec.graph.stores.import_spool import ImportSpool
        from kgrec.graph.stores.kglite_bulk import BulkImport

        if self._spool is None or not self._spool.waiting:
            if self._read(cypher.ANY_RELATIONSHIP, {}, None):
                return None
            if self._spool is not None and self._spool.source != source:
                self._spool.remove()
                self._spool = None
        elif self._spool.source != source:
            return None
        self._spool = self._spool or ImportSpool(self._spool_folder(), source, lasting=not self._in_memory)
        return BulkImport(self._session, schema_of(self), self._spool, self.write, self._fold)

    def _fold(self) -> RelationshipFiles:
        """Put what an import has put down into the graph."""
        from kgrec.graph.stores.kglite_bulk import FEW, fingerprint, node_uids, write_statements
        from kgrec.graph.stores.relationship_files import RelationshipFiles

        spool, self._spool = self._spool, None
        if spool is None:
            return RelationshipFiles()
        try:
            uids = node_uids(self._session, schema_of(self))
            if spool.nodes and spool.nodes != fingerprint(uids):
                raise GraphError(
                    "what an interrupted import put down does not fit the graph.",
                    where=str(self._spool_folder()),
                    found="other nodes than when it was put down",
                    next="delete this folder and import again",
                )
            if spool.rows() <= FEW:
                files = RelationshipFiles()
                write_statements(schema_of(self), spool.read(), uids, self.write, files)
                spool.note_in(self.mark_batch)
            else:
                files = self._rebuild(spool, uids)
        except BaseException:
            self._spool = spool
            raise
        spool.remove()
        return files

    def _rebuild(self, spool: ImportSpool, uids: Mapping[str, Sequence[str]]) -> RelationshipFiles:
        """Build the graph anew from the nodes of this one and the relationships of a spool."""
        built, files = self._built(spool, uids)
        self._session_number = next(_SESSIONS)
        if self._in_memory:
            self._session = built.session()
            return files
        path = spool.folder / "built.kgl"
        with warnings.catch_warnings():  # that a file cannot be mapped into memory: it is not mapped
            warnings.simplefilter("ignore", kglite.MappedFallbackWarning)
            built.save(str(path))
        self._session.save()  # its log is empty from now on, or it would be read beside the new file
        path.replace(self._path)
        self._lease, self._session = self._session, built.session()
        self._saved = True
        return files

    def _built(self, spool: ImportSpool, uids: Mapping[str, Sequence[str]]) -> tuple[Any, RelationshipFiles]:
        """The engine's graph with everything in it, and what became of the spool's rows."""
        from kgrec.graph.stores.kglite_bulk import build, write_statements

        new, files = build(self._session, schema_of(self), uids, spool, spool.folder)
        store = KgliteStore("kglite::memory:")
        store._session, store.schema = new, self.schema
        write_statements(schema_of(self), files.left, uids, store.write, files)
        spool.note_in(store.mark_batch)
        return new.graph, files

    def version(self) -> object:
        """The session, and what it counts its writes by; one that is replaced is another."""
        return self._session_number, self._open_session().version()

    def confirm_all(self, candidates: Sequence[GraphPath], timeout_s: float = 10.0) -> list[bool]:
        """Of each path, whether every edge exists; one that was found is there until something is deleted."""
        if len(self._edges) > _MOST_EDGES:
            self._edges = set()
        return paths.confirm(self._read, schema_of(self), candidates, timeout_s, self._edges)

    def _read(self, text: str, parameters: dict[str, Any], timeout_s: float | None) -> Rows:
        session = self._open_session()
        timeout_ms = None if timeout_s is None else max(1, round(timeout_s * 1000))
        try:
            rows: Rows = session.cypher(text, params=parameters, timeout_ms=timeout_ms).to_list()
        except kglite.CypherTimeoutError as error:
            raise QueryTimeoutError(
                "a query took longer than it may.",
                where=self.url,
                found=f"no answer after {timeout_s:g} s",
                next="allow more time, or ask for shorter paths and fewer of them",
            ) from error
        except kglite.KgError as error:
            raise self._refused(error) from error
        return rows

    def _walk(self, type: str, text: str) -> Iterator[dict[str, Any]]:
        """Rows for some nodes at a time: the engine would hold a whole result in memory."""
        schema = schema_of(self)
        uids = [row["uid"] for row in self._read(f"{cypher.all_of(schema, type)} RETURN n.uid AS uid", {}, None)]
        for start in range(0, len(uids), _NODES_AT_ONCE):
            some = {"uids": uids[start : start + _NODES_AT_ONCE]}
            yield from self._read(f"{cypher.some_of(schema, type)} {text}", some, None)

    def _write(self, text: str, parameters: dict[str, Any]) -> tuple[Rows, int]:
        session = self._open_session()
        if self._read_only:
            raise GraphError("the store was opened read-only.", where=self.url, next="open it without read_only")
        if self._lease is not None:
            self._lease.close()
            self._lease = self._session = None
            session = self._session = self._open_to_write(self._path)
            self._session_number = next(_SESSIONS)
        self._saved = False
        try:
            result = session.execute(text, params=parameters)
            stats = result.stats or {}
            return result.to_list(), stats.get("nodes_created", 0) + stats.get("relationships_created", 0)
        except TypeError as error:  # a lone surrogate, which is half a character and no text
            raise ValueError(f"a value cannot be stored: {error}") from error
        except kglite.KgError as error:
            raise self._refused(error) from error
        finally:
            if "DELETE" in text:
                self._edges = set()  # another one: whoever looks edges up meanwhile puts them to the old one

    def _refused(self, error: Exception) -> GraphError:
        return GraphError("the graph store refused a statement.", where=self.url, found=shorten(str(error)))

    def checkpoint(self) -> None:
        """Fold the log into the graph's file."""
        session = self._open_session()
        if not self._in_memory and not self._read_only and not self._saved:
            session.save()
            self._saved = True

    def close(self) -> None:
        """Checkpoint and give the lease back; it can be called twice."""
        session, self._session, self._lease = self._lease or self._session, None, None
        if session is not None and not self._in_memory and not self._read_only:
            session.close()
