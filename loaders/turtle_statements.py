"""Turtle and TriG statement by statement: one that cannot be read is left out whole, and the rest is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

import rdflib
from rdflib.plugins.parsers import notation3, trig

from kgrec_loaders.ntriples import SURROGATE

_TOKEN = re.compile(
    r"<[^<>\"{}|^`\\\s]*>"
    r'|"""(?:[^"\\]|\\.|"(?!""))*"""' + r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\r\n]|\\.)*"' + r"|'(?:[^'\\\r\n]|\\.)*'"
    r"|\#[^\r\n]*|(?P<stop>\.(?=[\s#]|$))|.",
    re.DOTALL,
)
"""What may hold a full stop or a bracket that ends nothing, the full stop that ends a statement, any other letter."""

_DIRECTIVE = re.compile(r"(?:prefix|base)\b[^\r\n]*", re.IGNORECASE)
"""Directives that no full stop ends."""


class BadStatementError(Exception):
    """A statement that rdflib cannot read.

    Attributes:
        start, end: where it stands in the text; ``end`` is 0 while the parser is still in it.
        at: where in it the fault is.
        why: rdflib's reason.
    """

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.start = self.end = 0
        self.at = at
        self.why = why


def parse_statements(
    text: str,
    store: Any,
    base: str,
    graphs: bool,
    before: Callable[[int], None],
    bad: Callable[[BadStatementError], None],
) -> None:
    """Nothing; the triples go to ``store``.

    Args:
        text: the document; a statement that holds half a letter of it (a surrogate) cannot be read.
        base: what relative IRIs start from, where the document does not say.
        graphs: it is TriG.
        before: called with the place of every statement before it is read.
        bad: called with a statement that cannot be read, after the parser has left it: ``store`` may hold triples of
            it, which came since the call of ``before`` with its ``start``. What it raises ends the reading.
    """
    graph = rdflib.ConjunctiveGraph(store) if graphs else rdflib.Graph(store)
    parser = (_TriG if graphs else _Turtle)(notation3.RDFSink(graph), baseURI=base, turtle=True)
    parser.before, parser.bad, parser.halves = before, bad, SURROGATE.search(text) is not None
    parser.loadBuf(text)


class _Recovering:
    """Goes on after a statement that cannot be read; mixed into a parser of rdflib."""

    before: Callable[[int], None]
    bad: Callable[[BadStatementError], None]
    halves: bool
    _context: Any
    _parentContext: Any  # noqa: N815
    _reason2: Any

    def directiveOrStatement(self, text: str, at: int) -> int:  # noqa: N802
        """Where the statement ends that starts here; rdflib calls this for each, in graphs too."""
        start: int = self.skipSpace(text, at)  # type: ignore[attr-defined]
        if start < 0:
            return start
        self.before(start)
        state = self._context, self._parentContext, self._reason2
        try:
            end: int = super().directiveOrStatement(text, start)  # type: ignore[misc]
            if end < 0:
                self.BadSyntax(text, start, "expected directive or statement")
            half = self.halves and SURROGATE.search(text, start, end)
            if half and text[end - 1] != "}":  # of a block, the statements in it have been looked at
                self.BadSyntax(text, half.start(), "half of a letter")
            return end
        except BadStatementError as error:
            found = error
        except notation3.BadSyntax as error:
            found = BadStatementError(error._i, error._why)
        except Exception as error:  # rdflib raises whatever its walk through the document met
            found = BadStatementError(start, str(error) or type(error).__name__)
        self._context, self._parentContext, self._reason2 = state
        found.start, found.end = start, _end_of_statement(text, start, in_graph=self._context is not None)
        self.bad(found)
        return found.end

    def BadSyntax(self, text: str, at: int, why: str) -> NoReturn:  # noqa: N802
        raise BadStatementError(at if at >= 0 else len(text), why)


class _Turtle(_Recovering, notation3.SinkParser):
    pass


class _TriG(_Recovering, trig.TrigSinkParser):
    pass


def _end_of_statement(text: str, start: int, in_graph: bool) -> int:
    """Where to go on after a statement that cannot be read: behind its full stop, or its block in curly brackets."""
    directive = _DIRECTIVE.match(text, start)
    if directive:
        return directive.end()
    depth = 0
    for token in _TOKEN.finditer(text, start):
        sign = token.group()
        if token.lastgroup == "stop" and depth == 0:
            return token.end()
        if sign == "{":
            depth += 1
        elif sign == "}":
            if depth == 0 and in_graph:
                return token.start() if token.start() > start else token.end()
            depth -= 1
            if depth <= 0:
                return token.end()
    return len(text)
