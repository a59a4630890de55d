"""Triples by subject, on disk where they are many: what is said of a thing, wherever in the files it stands."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from kgrec.errors import SourceError
from kgrec_loaders.ntriples import Row
from kgrec_loaders.source_files import BATCH_ROWS

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TYPE = RDF + "type"

Path = tuple[str, ...]
"""Predicates from a thing to a value: one, or several where untyped blank nodes stand between."""

Values = dict[tuple[Path, str, bool], dict[str, None]]
"""What is said of one thing: distinct values, in their order, by path, language ('' for none) and whether they are
things themselves."""

_DEEPEST = 4
_CACHE_KIB = 64 * 1024


class TripleIndex:
    """Triples by subject, in a private temporary database of SQLite.

    Memory does not grow with the triples: beyond a cache of 64 MiB they are in a file of the temporary folder (TMPDIR),
    which is about as large as they are as N-Triples, and which goes when the index does.

    Args:
        rows: the triples, in any order, read once.
        where: their source in words.

    Raises:
        SourceError: the temporary folder is full; and what reading the rows raises.
    """

    def __init__(self, rows: Iterable[Row], where: str) -> None:
        self._where = where
        self._predicates: dict[str, int] = {}
        # Made in one thread and read in another, one after the other: an import reads ahead.
        self._database = sqlite3.connect("", check_same_thread=False)
        weakref.finalize(self, self._database.close)
        with self._writing():
            self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("CREATE TABLE triple (s TEXT, p INTEGER, o TEXT, kind TEXT, language TEXT)")
            coded = self._coded(rows)
            while some := list(islice(coded, BATCH_ROWS)):
                self._database.executemany("INSERT INTO triple VALUES (?, ?, ?, ?, ?)", some)
            self._database.execute("CREATE INDEX subject ON triple (s)")
            self._database.execute(
                "CREATE TABLE member AS SELECT o AS class, s, min(rowid) AS at FROM triple "
                "WHERE p = ? AND kind = 'iri' GROUP BY o, s ORDER BY at",
                [self._predicates.get(TYPE)],
            )
            self._database.execute("CREATE INDEX class ON member (class)")
            self._database.execute("CREATE INDEX thing ON member (s)")
        self._names = list(self._predicates)

    def _coded(self, rows: Iterable[Row]) -> Iterator[tuple[str, int, str, str, str]]:
        codes = self._predicates
        for subject, predicate, value, kind, _, language in rows:
            yield subject, codes.setdefault(predicate, len(codes)), value, kind, (language or "").lower()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SourceError(
                "the triples cannot be sorted by subject.",
                where=self._where,
                found=str(error),
                expected="room in the temporary folder for as much as the triples take",
                next="set TMPDIR to a folder with more room",
            ) from error

    def members(self, class_: str) -> Iterator[str]:
        """The things of a class, each once, in the order in which the sources say so."""
        yield from (s for (s,) in self._database.execute("SELECT s FROM member WHERE class = ? ORDER BY at", [class_]))

    def things(self) -> Iterator[str]:
        """Every thing that has an IRI or a class and about which something is said, or with which something is linked;
        not what is named as a class or a predicate only. By name."""
        yield from (
            thing
            for (thing,) in self._database.execute(
                "SELECT s FROM triple WHERE s NOT LIKE '\\_:%' ESCAPE '\\' UNION SELECT s FROM member "
                "UNION SELECT o FROM triple WHERE kind = 'iri' AND p != ? ORDER BY 1",
                [self._predicates.get(TYPE, -1)],
            )
            if thing != RDF + "nil"
        )

    def classes_of(self, thing: str) -> list[str]:
        """The classes of a thing, in the order in which the sources say so; none for an untyped one."""
        found = self._database.execute("SELECT class FROM member WHERE s = ? ORDER BY at", [thing])
        return [class_ for (class_,) in found]

    def said_of(self, thing: str) -> Values:
        """What is said of a thing, its classes aside.

        A blank node without a class is no thing of its own: what is said of it is said of the thing, by a longer path.
        The members of a list (rdf:first, rdf:rest) are values.
        """
        values: Values = {}
        self._collect(thing, (), values, {thing})
        return values

    def _collect(self, subject: str, path: Path, values: Values, above: set[str]) -> None:
        for predicate, value, kind, language in self._triples(subject):
            if predicate != TYPE:
                self._add((*path, predicate), value, kind, language, values, above)

    def _add(self, path: Path, value: str, kind: str, language: str, values: Values, above: set[str]) -> None:
        if kind != "blank" or self.classes_of(value):
            if value != RDF + "nil":
                values.setdefault((path, language, kind != "literal"), {})[value] = None
        elif value not in above and len(path) < _DEEPEST:
            above = above | {value}
            first = self._first(value)
            if first is None:
                self._collect(value, path, values, above)
            while first is not None:
                element, rest = first
                self._add(path, *element, values, above)
                first = None if rest in above else self._first(rest)
                above.add(rest)

    def _first(self, node: str) -> tuple[tuple[str, str, str], str] | None:
        """First member of a list with the node of the rest; None where the node is no list."""
        said = {predicate: rest for predicate, *rest in self._triples(node)}
        if RDF + "first" not in said or RDF + "rest" not in said:
            return None
        value, kind, language = said[RDF + "first"]
        return (value, kind, language), said[RDF + "rest"][0]

    def _triples(self, subject: str) -> list[tuple[str, str, str, str]]:
        found = self._database.execute("SELECT p, o, kind, language FROM triple WHERE s = ? ORDER BY rowid", [subject])
        return [(self._names[p], o, kind, language) for p, o, kind, language in found]
