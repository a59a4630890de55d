"""RDF: Turtle, N-Triples and JSON-LD, and graphs of rdflib, as one table of triples.

N-Triples are read line by line in constant memory, however large the file. Turtle and JSON-LD are read by rdflib, one
file at a time in memory; convert large ones to N-Triples. Nothing is fetched: a JSON-LD context must be in the file.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import rdflib
from rdflib.plugins.parsers import jsonld, ntriples
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.plugins.stores.memory import Memory

from kgrec.data.id_texts import literal_text
from kgrec.data.records import Table
from kgrec.errors import SourceError, shorten
from kgrec_loaders.import_script import run
from kgrec_loaders.source_files import (
    BATCH_ROWS,
    empty_file,
    files_of,
    format_of,
    located,
    not_utf8,
    open_bytes,
    reading,
)

FORMATS = {".nt": "ntriples", ".ttl": "turtle", ".jsonld": "jsonld"}
"""Form by file suffix."""

COLUMNS = ("subject", "predicate", "object", "object_kind", "datatype", "language")

_EXPECTED = "a .ttl, .nt or .jsonld file (also .gz), or a folder of them"
_NODE = r"_:([A-Za-z0-9_:](?:[-A-Za-z0-9_:.·]*[-A-Za-z0-9_:])?)"
_TRIPLE = re.compile(
    rf"\s*(?:{ntriples.uriref}|{_NODE})\s*{ntriples.uriref}\s*"
    rf"(?:{ntriples.uriref}|{_NODE}|{ntriples.literal}{ntriples.litinfo})\s*\.\s*(?:#.*)?\s*"
)

Row = tuple[str, str, str, str, str | None, str | None]


class RdfLoader:
    """Reads RDF files into the table ``rdf_triples``.

    N-Triples take constant memory; a Turtle or JSON-LD file is held in memory as a whole.

    Columns: subject, predicate and object as text (numbers in their canonical form; a blank node as
    ``_:file name#label``, since its label means nothing outside its file), object_kind (``iri``, ``blank`` or
    ``literal``), datatype and language of a literal.

    Args:
        location: a file, or a folder whose files are read one after the other.
    """

    def __init__(self, location: str = "") -> None:
        self.location = location

    def tables(self) -> Iterator[Table]:
        """Yield the one table.

        Raises:
            SourceError: nothing readable at the location, or (while the batches are read) a syntax error.
        """
        path = located(self.location, _EXPECTED)
        entries = files_of(path) if path.is_dir() else [path]
        files = [p for p in entries if p.is_file() and format_of(p, FORMATS)]
        if not files:
            raise SourceError(
                "the location holds no RDF.",
                where=str(path),
                found=", ".join(p.name for p in entries[:5]) or "an empty folder",
                expected=_EXPECTED,
                next="save the data in one of these formats; the suffix says which",
            )
        yield Table("rdf_triples", _batched(_rows_of_files(files)), f"rdf:{path}")


class RdfGraphLoader:
    """Reads a graph or data set of rdflib into the table ``rdf_triples``, with the columns of :class:`RdfLoader`.

    The triples are taken one after the other, those of a data set from all its graphs, each once. No list of them is
    made here; rdflib's own store in memory copies its index of them for the time, about 35 bytes a triple.

    The order may differ next time, so an import that was interrupted starts over, which changes nothing. For one that
    goes on where it stopped, write the graph to a file: ``graph.serialize("data.nt", format="nt")``.

    Args:
        graph: what to read, each time anew.
        name: stands for the graph in messages and in the names of its blank nodes (``_:name#label``).
    """

    def __init__(self, graph: rdflib.Graph, name: str = "graph") -> None:
        self._graph = graph
        self._name = name

    def tables(self) -> Iterator[Table]:
        """Yield the one table.

        Raises:
            SourceError: while the batches are read, the graph is empty.
        """
        yield Table("rdf_triples", _batched(self._rows()), f"rdf:{self._name}")

    def _rows(self) -> Iterator[Row]:
        every = (None, None, None)
        triples: Iterator[Any] = self._graph.triples(every)
        if isinstance(self._graph, rdflib.ConjunctiveGraph):  # of itself a data set gives its default graph only
            triples = (triple for triple, _ in self._graph.store.triples(every, None))
        empty = True
        for row in _rows_of(triples, lambda node: f"_:{self._name}#{node}"):
            empty = False
            yield row
        if empty:
            raise SourceError(
                "the graph is empty.",
                where=f"rdf:{self._name}",
                found="0 triples",
                expected="at least one triple",
                next="parse or add the triples before the import",
            )


def _rows_of_files(files: list[Path]) -> Iterator[Row]:
    read: dict[str | None, Callable[[Path, str], Iterator[Row]]] = {
        "ntriples": _read_ntriples,
        "turtle": _read_turtle,
        "jsonld": _read_jsonld,
    }
    for path in files:
        format = format_of(path, FORMATS)
        where = f"{format}:{path}"
        empty = True
        with reading(where):
            for row in read[format](path, where):
                empty = False
                yield row
        if empty:
            raise empty_file(where, "at least one triple")


def _batched(rows: Iterator[Row]) -> Iterator[pa.RecordBatch]:
    while some := list(islice(rows, BATCH_ROWS)):
        columns = [pa.array(column, pa.string()) for column in zip(*some, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, list(COLUMNS))


def _read_ntriples(path: Path, where: str) -> Iterator[Row]:
    def blank(label: str) -> str:
        return f"_:{path.name}#{label}"

    with open_bytes(path) as lines:
        for number, raw in enumerate(lines, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise not_utf8(f"{where}, line {number}", shorten(raw)) from None
            triple = _TRIPLE.fullmatch(line)
            if triple is None:
                rest = line.strip()
                if not rest or rest.startswith("#"):
                    continue
                raise SourceError(
                    "a line is not a triple.",
                    where=f"{where}, line {number}",
                    found=shorten(rest),
                    expected='<subject> <predicate> <object> . with full IRIs, "literals" or _:labels',
                    next="correct or remove the line, or name the file .ttl if it is Turtle",
                )
            terms = triple.groups()
            if "\\" in line:
                terms = tuple(term and ntriples.unquote(term) for term in terms)
            subject, node, predicate, iri, end, text, language, datatype = terms
            source = subject or blank(node)
            if iri:
                yield source, predicate, iri, "iri", None, None
            elif end:
                yield source, predicate, blank(end), "blank", None, None
            else:
                yield source, predicate, literal_text(text, datatype), "literal", datatype, language


def _read_turtle(path: Path, where: str) -> Iterator[Row]:
    store = _InOrder()
    try:
        with _quiet_rdflib():
            rdflib.Graph(store).parse(data=_text(path, where), format="turtle", publicID="")
    except BadSyntax as error:
        # rdflib shows the text around the place; its reason alone is what a reader needs beside the line number.
        raise _syntax_error("Turtle", f"{where}, line {error.lines + 1}", error._why) from error
    return _rows_of_document(store, path)


def _read_jsonld(path: Path, where: str) -> Iterator[Row]:
    try:
        document = json.loads(_text(path, where))
    except json.JSONDecodeError as error:
        raise _syntax_error("JSON", f"{where}, line {error.lineno}", error.msg) from error
    remote = next(_remote_contexts(document), None)
    if remote is not None:
        raise SourceError(
            "the JSON-LD context is not in the file.",
            where=where,
            found=shorten(remote),
            expected="a context as an object: nothing is fetched while reading",
            next="put the context's content into the file in place of its address",
        )
    store = _InOrder()
    try:
        with _quiet_rdflib():
            jsonld.to_rdf(document, rdflib.Dataset(store))
    except Exception as error:  # rdflib raises whatever its walk through the document met
        raise _syntax_error("JSON-LD", where, shorten(str(error) or type(error).__name__)) from error
    return _rows_of_document(store, path)


def _remote_contexts(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for value in part:
            yield from _remote_contexts(value)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in ("@context", "@import"):
                yield from (v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))
            yield from _remote_contexts(value)


class _InOrder(Memory):
    """Keeps the triples of all graphs in the order of the document, each once; rdflib's own stores keep no order."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[object, object, object], None] = {}

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        self.kept[triple] = None


def _rows_of_document(store: _InOrder, path: Path) -> Iterator[Row]:
    # rdflib gives blank nodes a random name on every reading; numbered in document order they stay the same.
    labels: dict[rdflib.BNode, str] = {}
    return _rows_of(store.kept, lambda node: labels.setdefault(node, f"_:{path.name}#b{len(labels)}"))


def _rows_of(triples: Iterable[tuple[Any, Any, Any]], blank: Callable[[rdflib.BNode], str]) -> Iterator[Row]:
    def text(term: object) -> str:
        return blank(term) if isinstance(term, rdflib.BNode) else str(term)

    for subject, predicate, value in triples:
        if isinstance(value, rdflib.Literal):
            datatype = None if value.datatype is None else str(value.datatype)
            written = literal_text(str(value), datatype)
            yield text(subject), text(predicate), written, "literal", datatype, value.language
        else:
            kind = "blank" if isinstance(value, rdflib.BNode) else "iri"
            yield text(subject), text(predicate), text(value), kind, None, None


def _text(path: Path, where: str) -> str:
    with open_bytes(path) as content:
        raw = content.read()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise not_utf8(f"{where}, line {line}", shorten(raw[error.start : error.start + 20])) from None


def _syntax_error(format: str, where: str, found: str) -> SourceError:
    return SourceError(
        f"the {format} has a syntax error.", where=where, found=found, expected=format, next="correct it"
    )


@contextmanager
def _quiet_rdflib() -> Iterator[None]:
    """rdflib logs a traceback for every literal whose value does not suit its datatype, and warns about its own use of
    its older names; the first is kept as text, the second is nothing a reader of data can act on."""
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)


if __name__ == "__main__":
    run("rdf", default_schema="")
