"""A whole graph as files for ``neo4j-admin database import full``, the fastest way into an empty Neo4j database.

A column of an import file holds one kind of value. Where a property holds several (numbers in one node, text in
another), the rows part into several pairs of header and data; each keeps the kinds exactly.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgrec.errors import ConfigError, GraphError, shorten
from kgrec.graph.cypher import statements as cypher
from kgrec.graph.export.neo4j_admin_values import ColumnType, field_of, id_field
from kgrec.graph.store import GraphExporter, schema_of
from kgrec.graph.store_types import StoredTable
from kgrec.graph.stores.write_batches import LONGEST_UID
from kgrec.plain_text import local_path
from kgrec.progress import Progress, silent

MANIFEST = "kgrec-export.json"
"""Says that a folder is an export, what is in it and how to import it."""

SCRIPT, CONSTRAINTS = "import.sh", "constraints.cypher"
_DATABASE = re.compile(r"[A-Za-z][A-Za-z0-9.-]{2,62}")
_SMALLEST_BUFFER = 4 * 1024 * 1024  # what neo4j-admin takes by itself
_ROWS_BETWEEN_PROGRESS = 10_000


@dataclass(frozen=True)
class AdminExport:
    """An export that is complete.

    Attributes:
        folder: where it is.
        rows: nodes and relationships by label and type, the bookkeeping (``Kgrec...``) included.
        files: data files and the rows in each.
        command: ``neo4j-admin`` and its arguments, to be run in the folder.
    """

    folder: Path
    rows: Mapping[str, int]
    files: Mapping[str, int]
    command: tuple[str, ...]

    @property
    def command_line(self) -> str:
        """The command for a shell, to be run in the folder."""
        return shlex.join(self.command)

    def as_dict(self) -> dict[str, Any]:
        """The export as plain data, for ``--json``."""
        return {
            "folder": str(self.folder),
            "rows": dict(self.rows),
            "files": dict(self.files),
            "command": list(self.command),
            "command_line": self.command_line,
        }


def export_for_neo4j_admin(
    store: GraphExporter, folder: str | Path, *, database: str = "neo4j", progress: Progress = silent
) -> AdminExport:
    """A folder of files from which ``neo4j-admin`` imports the same graph, with the same identity.

    Rows are written as the store yields them. The folder appears when it is complete; an earlier export in its place
    is replaced. The store must not be written to meanwhile.

    Args:
        folder: to be made, empty, or an earlier export.
        database: Neo4j database that the command imports into.

    Raises:
        ConfigError: something else is in the folder, or the database's name cannot be one.
        GraphError: the store is empty, or holds a value that cannot be imported this way.
    """
    target = local_path(folder).absolute()
    _check(target, folder, database)
    # An export that was killed leaves a folder of this name, and the next one begins by removing it.
    fresh = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        export = _write(store, fresh, target, database, progress)
        old = target.with_name(f".{target.name}.{os.getpid()}.old")
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise ConfigError(
            "the export cannot be written here.",
            where=str(folder),
            found=error.strerror or str(error),
            expected="a folder that can be written to, and room for the graph",
            next="name another folder",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return export


def _check(target: Path, folder: str | Path, database: str) -> None:
    if not _DATABASE.fullmatch(database):
        raise ConfigError(
            "the database cannot be called that.",
            where="database",
            found=shorten(database),
            expected="3 to 63 letters, digits, dots and dashes, first a letter",
            next="choose another name",
        )
    if (target.exists() and not target.is_dir()) or (
        target.is_dir() and any(target.iterdir()) and not (target / MANIFEST).is_file()
    ):
        raise ConfigError(
            "an export cannot be written here.",
            where=str(folder),
            found="a folder that holds something else than an export" if target.is_dir() else "a file",
            expected="a new path, an empty folder or an earlier export",
            next="name another folder",
        )


def _write(store: GraphExporter, fresh: Path, target: Path, database: str, progress: Progress) -> AdminExport:
    tables, progress = _Tables(fresh, store.url), progress.named("Write")
    for table in store.stored_tables():
        tables.add(table, progress)
    command = (
        "neo4j-admin", "database", "import", "full", *tables.sources, "--id-type=string", "--array-delimiter=U+001F",
        # Texts are taken to the letter: "" is an empty text, and a backslash is a backslash.
        f"--multiline-fields={str(tables.multiline).lower()}", "--legacy-style-quoting=false", "--trim-strings=false",
        "--ignore-empty-strings=false", "--strict=true", f"--read-buffer-size={tables.buffer}", database,
    )  # fmt: skip
    export = AdminExport(target, dict(tables.rows), tables.files, command)
    statements = "".join(f"{text};\n" for text in cypher.constraints(schema_of(store)))
    (fresh / CONSTRAINTS).write_text(statements, encoding="utf-8")
    (fresh / SCRIPT).write_text(_script(export), encoding="utf-8")
    (fresh / SCRIPT).chmod(0o755)
    manifest = {"format": 1, "graph_id": store.graph_id, "database": database, **export.as_dict()}
    del manifest["folder"]  # it may be moved to the server
    (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return export


def _script(export: AdminExport) -> str:
    *arguments, database = (shlex.quote(part) for part in export.command[4:])
    lines = " \\\n  ".join(arguments)
    return (
        "#!/bin/sh\n"
        "# Written by `kgrec export neo4j-admin`. Run it as the server's user while the database is stopped or does\n"
        "# not exist yet. Further options are passed on: --overwrite-destination replaces a database that exists.\n"
        "# NEO4J_ADMIN names the program where neo4j-admin is not on the PATH.\n"
        'set -eu\ncd "$(dirname "$0")"\n'
        f'exec "${{NEO4J_ADMIN:-neo4j-admin}}" database import full \\\n  {lines} \\\n  "$@" {database}\n'
    )


class _Tables:
    """Writes tables into a folder and gathers what the command line must say about them."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        self._taken: Counter[str] = Counter()
        self.sources: list[str] = []
        self.files: dict[str, int] = {}
        self.rows: Counter[str] = Counter()
        self.multiline = False
        self._longest = 0

    @property
    def buffer(self) -> int:
        """Bytes that neo4j-admin must read at once: it takes no row that is longer."""
        return max(_SMALLEST_BUFFER, 1 << (4 * self._longest).bit_length())

    def add(self, table: StoredTable, progress: Progress) -> None:
        """Write a table; one without rows leaves no file."""
        if table.ends is None:
            part, keys, stem = "nodes", {"uid": f"uid:ID({table.type})"}, f"nodes-{table.type}"
        else:
            source, target = table.ends
            part, keys = "relationships", {"_source": f":START_ID({source})", "_target": f":END_ID({target})"}
            stem = f"relationships-{table.type}-{source}-{target}"
        writers: list[_Writer] = []
        known: dict[tuple[ColumnType | None, ...], _Writer] = {}
        with ExitStack() as stack:
            for row in table.rows:
                try:
                    ids = [id_field(row[name]) for name in keys]
                    fields = [field_of(value) for name, value in row.items() if name not in keys]
                except ValueError as error:
                    raise self._refused(table, row, error) from None
                kinds = tuple([kind for kind, _ in fields])
                writer = known.get(kinds)
                if writer is None:
                    writer = next((one for one in writers if one.takes(kinds)), None)
                    if writer is None:
                        name = self._name(stem)
                        names = [name for name in row if name not in keys]
                        writer = _Writer(self._folder, name, [*keys.values()], names)
                        stack.enter_context(writer.file)
                        writers.append(writer)
                    writer.learn(kinds)
                    known[kinds] = writer
                line = ",".join([*ids, *[text for _, text in fields]]) + "\n"
                writer.file.write(line)
                writer.rows += 1
                self._longest = max(self._longest, len(line))
                if not self.multiline:
                    self.multiline = line.count("\n") > 1 or "\r" in line
                self.rows[table.type] += 1
                if self.rows[table.type] % _ROWS_BETWEEN_PROGRESS == 0:
                    progress(f"table of {table.type}", self.rows[table.type], unit="rows")
        for writer in writers:
            writer.write_header()
            self.files[writer.name + ".csv"] = writer.rows
            self.sources.append(f"--{part}={table.type}={writer.name}.header.csv,{writer.name}.csv")
        if writers:
            progress(f"table of {table.type}", self.rows[table.type], unit="rows")

    def _name(self, stem: str) -> str:
        # Some file systems take Film and film for the same name.
        self._taken[stem.casefold()] += 1
        count = self._taken[stem.casefold()]
        return stem if count == 1 else f"{stem}-{count}"

    def _refused(self, table: StoredTable, row: Mapping[str, Any], error: ValueError) -> GraphError:
        who = [shorten(row[name], 80) for name in ("uid", "_source", "_target") if name in row]
        return GraphError(
            "a value cannot go through neo4j-admin.",
            where=f"{self._url}, {table.type} {' -> '.join(who)}",
            found=str(error),
            expected=f"a text, number, truth value or list of one kind; uids of at most {LONGEST_UID} bytes",
            next="import the sources into the server instead: kgrec ingest --store neo4j://HOST:PORT/DATABASE",
        )


class _Writer:
    """One pair of files: rows whose values are of the same kinds, where they are present."""

    def __init__(self, folder: Path, name: str, keys: list[str], names: list[str]) -> None:
        self._folder, self.name, self._keys, self._names = folder, name, keys, names
        self._kinds: list[ColumnType | None] = [None] * len(names)
        self.file = (folder / f"{name}.csv").open("w", encoding="utf-8", newline="")
        self.rows = 0

    def takes(self, kinds: tuple[ColumnType | None, ...]) -> bool:
        """Whether the columns hold such values; a column is open to any kind until the first value."""
        pairs = zip(self._kinds, kinds, strict=True)
        return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)

    def learn(self, kinds: tuple[ColumnType | None, ...]) -> None:
        """From now on the columns hold values of these kinds."""
        self._kinds = [mine or theirs for mine, theirs in zip(self._kinds, kinds, strict=True)]

    def write_header(self) -> None:
        """Write the header, whose types are known when the last row is written."""
        columns = [f"{name}:{kind or 'string'}" for name, kind in zip(self._names, self._kinds, strict=True)]
        header = ",".join([*self._keys, *columns]) + "\n"
        (self._folder / f"{self.name}.header.csv").write_text(header, encoding="utf-8")
