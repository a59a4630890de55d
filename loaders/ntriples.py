"""N-Triples and N-Quads, read line by line in constant memory, however large the file."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

from rdflib.compat import decodeUnicodeEscape

from kgrec.data.id_texts import literal_text
from kgrec.data.records import ReadingLog
from kgrec.errors import SourceError, shorten
from kgrec_loaders.source_files import not_utf8, open_bytes

Row = tuple[str, str, str, str, str | None, str | None]
"""Subject, predicate, object, kind of the object (``iri``, ``blank`` or ``literal``), datatype and language."""

ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
"""How an IRI starts that means the same wherever it stands."""

NOT_IN_IRIS = re.compile(r'[\x00-\x20<>"{}|^`\\]')
"""What no IRI may hold, by RFC 3987."""

_IRI = r'<([^\x00-\x20<>"{}|^`]*)>'
_BLANK = r"_:([A-Za-z0-9_:](?:[-A-Za-z0-9_:.·]*[-A-Za-z0-9_:])?)"
_ESCAPE = r"\\(?:[tbnrf\"'\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
_LITERAL = rf'"([^"\\]*(?:{_ESCAPE}[^"\\]*)*)"(?:@([a-zA-Z]+(?:-[a-zA-Z0-9]+)*)|\^\^{_IRI})?'
_OBJECT = rf"(?:{_IRI}|{_BLANK}|{_LITERAL})"
_START = rf"\s*(?:{_IRI}|{_BLANK})\s*{_IRI}\s*{_OBJECT}\s*"
_END = r"\.\s*(?:#.*)?\s*"
_TRIPLE = re.compile(_START + _END)
_QUAD = re.compile(rf"{_START}(?:<[^\x00-\x20<>]*>|{_BLANK.replace('(', '(?:', 1)})?\s*{_END}")
SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of a pair of codes, which no encoding can hold."""


def read_ntriples(
    path: Path, where: str, base: str | None, quads: bool, log: ReadingLog | None = None
) -> Iterator[Row]:
    """The triples of a file, in its order.

    Blank nodes are named ``_:file name#label``, since a label means nothing outside its file. Of N-Quads the fourth
    term, the graph's name, is read over.

    Args:
        where: the file in words.
        base: what a relative IRI starts from; None: it is refused.
        quads: the lines may have a fourth term.
        log: takes up the lines that cannot be read where it collects them.

    Raises:
        SourceError: a line is no triple, an IRI is relative without a base, the text is not UTF-8; unless collected.
    """
    log = ReadingLog() if log is None else log
    pattern = _QUAD if quads else _TRIPLE
    start = f"_:{path.name}#"

    def numbered() -> Iterator[tuple[int, Row]]:
        for number, line in enumerate(lines, 1):
            try:
                row = _row(line, pattern, start, base, f"{where}, line {number}")
            except SourceError as error:
                log.leave_out_for(error, where, number)
            else:
                if row is not None:
                    yield number, row

    # All line ends that the specification knows; what is not UTF-8 comes through, so that its line can be named.
    with io.TextIOWrapper(open_bytes(path), "utf-8-sig", errors="surrogateescape") as lines:
        yield from log.row_numbers.tell(where, numbered())


def _row(line: str, pattern: re.Pattern[str], start: str, base: str | None, where: str) -> Row | None:
    """The triple of a line; None for a blank line and a comment."""
    match = pattern.fullmatch(line)
    if match is None:
        rest = line.strip()
        if not rest or rest.startswith("#"):
            return None
        raise _no_triple(line, where, pattern is _QUAD)
    terms: tuple[str | None, ...] = match.groups()
    if "\\" in line:
        terms = tuple(term and decodeUnicodeEscape(term) for term in terms)
    subject, node, predicate, iri, end, text, language, datatype = terms[:8]
    for term in (subject, predicate, iri, datatype):
        if term is not None and (not ABSOLUTE.match(term) or "\\" in line):
            check_iri(term, where, base)
    if not line.isascii() and SURROGATE.search(line):
        raise not_utf8(where, line.encode("utf-8", "surrogateescape"))
    if "\\" in line and any(term and SURROGATE.search(term) for term in terms):
        raise half_a_pair(line.strip(), where)
    if base is not None:
        subject, predicate, iri = (_joined(base, term) for term in (subject, predicate, iri))
    source = start + node if node is not None else subject
    assert source is not None
    assert predicate is not None
    if iri is not None:
        return source, predicate, iri, "iri", None, None
    if end is not None:
        return source, predicate, start + end, "blank", None, None
    assert text is not None
    return source, predicate, literal_text(text, datatype), "literal", datatype, language


def _joined(base: str, term: str | None) -> str | None:
    return term if term is None or ABSOLUTE.match(term) else urljoin(base, term)


def check_iri(term: str, where: str, base: str | None = None) -> None:
    """Nothing, for an IRI that can stand by itself or starts from a stated base.

    Raises:
        SourceError: it is relative and there is no base, or it holds a sign that no IRI may hold.
    """
    sign = NOT_IN_IRIS.search(term)
    if sign is not None:
        raise SourceError(
            "an IRI holds a sign that no IRI may hold.",
            where=where,
            found=f"{sign.group()!r} in {shorten(f'<{term}>', 200)}",
            expected="an IRI as RFC 3987 has it: no space, quote, angle or curly bracket, bar, caret or backslash",
            next="write the sign in % notation in the source, e.g. %20 for a space",
        )
    if base is None and not ABSOLUTE.match(term):
        raise relative_iri(term, where)


def relative_iri(term: str, where: str) -> SourceError:
    """The error for an IRI that means nothing without a base."""
    return SourceError(
        "an IRI is relative, and the base that it starts from is not stated.",
        where=where,
        found=shorten(f"<{term}>", 200),
        expected="absolute IRIs, or a base: in the file (@base <http://...> . in Turtle) or in the source",
        next="write the source as rdf:FILE?base=http://...",
    )


def half_a_pair(text: str, where: str) -> SourceError:
    """The error for an escape that no encoding can hold."""
    return SourceError(
        "a letter is escaped by half of a pair of codes.",
        where=where,
        found=shorten(text),
        expected="\\u with a code of its own, or \\U with eight digits",
        next="write the letter itself, in UTF-8",
    )


def _no_triple(line: str, where: str, quads: bool) -> SourceError:
    """Why a line is not a triple, with the advice that goes with the reason."""
    rest = line.strip()
    four = not quads and _QUAD.fullmatch(line)
    for iri in re.findall(r"<([^<>]*)>", re.sub(r'"(?:[^"\\]|\\.)*"(?=\s*[@^.])', "", rest)):
        if "<<" not in rest and NOT_IN_IRIS.search(iri):
            try:
                check_iri(iri, where)
            except SourceError as error:
                return error
    if four:
        advice = "name the file .nq: it has four terms in a line, as N-Quads have"
    elif rest.startswith("<<"):
        advice = "leave out statements about statements (RDF-star), or state them as facts of a node of their own"
    elif re.search(r'"@[A-Za-z0-9-]+--(ltr|rtl)\b', rest):
        advice = "leave the writing direction (--ltr, --rtl) out of the language tag"
    else:
        advice = "correct or remove the line, or name the file .ttl if it is Turtle"
    return SourceError(
        "a line is not a triple.",
        where=where,
        found=shorten(rest),
        expected='<subject> <predicate> <object> . with full IRIs, "literals" or _:labels',
        next=advice,
    )
