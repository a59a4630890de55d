"""Turtle, TriG, RDF/XML and JSON-LD, read by rdflib: one file at a time in memory, in the order of the document.

What cannot be read is left out where that is asked for: a statement of Turtle and TriG, a triple of the others. XML and
JSON that are broken say nothing at all.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
import xml.sax
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rdflib
from rdflib.plugins.parsers import jsonld
from rdflib.plugins.stores.memory import Memory

from kgrec.data.id_texts import literal_text
from kgrec.data.records import ReadingLog
from kgrec.errors import SourceError, shorten
from kgrec_loaders.ntriples import SURROGATE, Row, check_iri, half_a_pair, relative_iri
from kgrec_loaders.source_files import not_utf8, whole_content
from kgrec_loaders.turtle_statements import BadStatementError, parse_statements

_NO_SCHEME = "relative-iri:"
_NO_BASES = {"jsonld": "http://relative-iri.invalid/"}
_NO_BASE = f"{_NO_SCHEME}//no.base/"
"""Stands where no base is stated: what starts with it, or its scheme, afterwards was relative. JSON-LD leaves out what
has a scheme that it does not know."""

_WHOLE = "correct it; unlike a line of N-Triples or a statement of Turtle, no part of it can be left out"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def read_document(
    path: Path, where: str, base: str | None, format: str, log: ReadingLog | None = None
) -> Iterator[tuple[int, Row]]:
    """The triples of a file, each once, with numbers: of their statements' lines in Turtle and TriG, else from 1 on.

    The names of graphs are read over. Blank nodes are named ``_:file name#b0``, ``b1`` ... in the order of the
    document.

    Args:
        where: the file in words.
        base: what relative IRIs start from, where the file does not say; None: they are refused.
        format: ``turtle``, ``trig``, ``xml`` or ``jsonld``.
        log: takes up what cannot be read where it collects it.

    Raises:
        SourceError: a syntax error, a relative IRI without a base, the text is not UTF-8; unless collected, which XML
            and JSON never are.
    """
    log = ReadingLog() if log is None else log
    store = _InOrder()
    start = base or _NO_BASES.get(format, _NO_BASE)
    with _quiet_rdflib(), _literals_as_written():
        if format == "jsonld":
            _parse_jsonld(store, path, where, start)
        elif format == "xml":
            _parse_xml(store, path, where, start)
        else:
            _parse_turtle(store, path, where, start, format, log)
    # rdflib gives blank nodes a random name on every reading; numbered in document order they stay the same.
    labels: dict[rdflib.BNode, str] = {}
    rows = rows_of_triples(store.kept, lambda node: labels.setdefault(node, f"_:{path.name}#b{len(labels)}"))
    for number, (line, row) in enumerate(zip(store.kept.values(), rows, strict=True), 1):
        try:
            _check(row, f"{where}, line {line}" if line else where, base, start)
        except SourceError as error:
            log.leave_out_for(error, where, line or number)
        else:
            yield line or number, row


def _check(row: Row, where: str, base: str | None, start: str) -> None:
    """Nothing, for a triple that can stand by itself.

    Raises:
        SourceError: an IRI is relative without a base or holds a sign that none may hold, half a letter is escaped.
    """
    subject, predicate, value, kind, datatype, _ = row
    if not value.isascii() and SURROGATE.search(value):
        raise half_a_pair(value.encode("utf-8", "replace").decode(), where)
    for term in (subject, predicate, value if kind == "iri" else None, datatype):
        if term is None or term.startswith("_:"):
            continue
        if base is None and term.startswith((start, _NO_SCHEME)):
            raise relative_iri(term.removeprefix(start).removeprefix(_NO_SCHEME), where)
        check_iri(term, where)


def rows_of_triples(triples: Iterable[tuple[Any, Any, Any]], blank: Callable[[rdflib.BNode], str]) -> Iterator[Row]:
    """Triples of rdflib's terms as rows of text; ``blank`` names the blank nodes."""

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


class _InOrder(Memory):
    """Keeps the triples of all graphs in the order of the document, each once; rdflib's own stores keep no order.

    Attributes:
        kept: the triples, each with the line of its statement, 0 where that is not known.
        line: of the statement that is being read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[object, object, object], int] = {}
        self.line = 0

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        self.kept.setdefault(triple, self.line)

    def keep(self, count: int) -> None:
        """Forget all triples but the first ones."""
        while len(self.kept) > count:
            self.kept.popitem()


def _parse_turtle(store: _InOrder, path: Path, where: str, base: str, format: str, log: ReadingLog) -> None:
    text = whole_content(path, where).decode("utf-8-sig", "surrogateescape")
    read = kept = 0  # up to where the lines are counted; how many triples there were before the statement
    store.line = 1

    def before(start: int) -> None:
        nonlocal read, kept
        store.line += text.count("\n", read, start)
        read, kept = start, len(store.kept)

    def bad(statement: BadStatementError) -> None:
        store.keep(kept)
        line = store.line + text.count("\n", statement.start, statement.at)
        raw = text[statement.start : statement.end]
        if not raw.isascii() and SURROGATE.search(raw):
            error = not_utf8(f"{where}, line {line}", raw.encode("utf-8", "surrogateescape"))
        else:
            error = _bad_statement(statement, text, f"{where}, line {line}", format)
        log.leave_out_for(error, where, line)

    parse_statements(text, store, base, format == "trig", before, bad)


def _bad_statement(statement: BadStatementError, text: str, where: str, format: str) -> SourceError:
    """Why a statement cannot be read, with the advice that goes with the reason."""
    advice = "correct it"
    if format == "turtle" and re.search(r"(?m)^\s*(GRAPH\b|(<[^<>\s]*>|\w*:\w*)\s*\{)", text):
        advice = "name the file .trig: it has graphs in curly brackets, as TriG has"
    elif "<<" in text:
        advice = "leave out statements about statements (RDF-star, << >>); rdflib does not read them"
    return _syntax_error("TriG" if format == "trig" else "Turtle", where, statement.why, advice)


def _parse_xml(store: _InOrder, path: Path, where: str, base: str) -> None:
    text = _text(path, where)
    if _RDF not in text:
        raise SourceError(
            "the XML is not RDF.",
            where=where,
            found=shorten(text.strip()[:200]) or "an empty file",
            expected=f"RDF/XML, with the namespace {_RDF}",
            next="save the data as Turtle or N-Triples, or take the file out of the folder",
        )
    try:
        rdflib.Graph(store).parse(data=text, format="xml", publicID=base)
    except xml.sax.SAXParseException as error:
        raise _syntax_error("RDF/XML", f"{where}, line {error.getLineNumber()}", error.getMessage()) from error
    except Exception as error:  # rdflib raises whatever its walk through the document met
        raise _syntax_error("RDF/XML", where, shorten(str(error) or type(error).__name__)) from error


def _parse_jsonld(store: _InOrder, path: Path, where: str, base: str) -> None:
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
    try:
        jsonld.to_rdf(document, rdflib.Dataset(store), base=base)
    except Exception as error:  # rdflib raises whatever its walk through the document met
        raise _syntax_error("JSON-LD", where, shorten(str(error) or type(error).__name__)) from error


def _remote_contexts(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for value in part:
            yield from _remote_contexts(value)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in ("@context", "@import"):
                yield from (v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))
            yield from _remote_contexts(value)


def _text(path: Path, where: str) -> str:
    raw = whole_content(path, where)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise not_utf8(f"{where}, line {line}", raw[error.start : error.start + 20]) from None


def _syntax_error(format: str, where: str, found: str, next: str = _WHOLE) -> SourceError:
    return SourceError(f"the {format} has a syntax error.", where=where, found=found, expected=format, next=next)


@contextmanager
def _literals_as_written() -> Iterator[None]:
    """While it lasts, rdflib keeps typed literals as they are written, so that they read as those of N-Triples."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = before


@contextmanager
def _quiet_rdflib() -> Iterator[None]:
    """rdflib logs a traceback for every literal whose value does not suit its datatype, and warns about its own use of
    its older names; the first is kept as text, the second is nothing a reader of data can act on. Unfit IRIs, about
    which it warns, are refused afterwards."""
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
