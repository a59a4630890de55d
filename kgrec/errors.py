"""Everything kgrec raises on purpose, as one tree.

    KgrecError                      exit code
    ├── ConfigError                     2   a setting that cannot be
    │   └── MissingExtraError           2   an optional package is needed and absent
    ├── SchemaError                     3   a graph schema with problems, all listed at once
    ├── SourceError                     3   a source that cannot be read
    │   └── RecordError                 3   a row that does not fit the schema
    ├── BundleError                     3   a damaged, newer or foreign bundle
    ├── TrainingDivergedError           3   nan or inf in training; the last good state is kept
    ├── GraphError                      4   the graph store refused
    │   ├── StoreUnavailableError       4   unreachable, or held by another process
    │   ├── SchemaMismatchError         4   the store or bundle belongs to another graph
    │   └── QueryTimeoutError           4   a bounded query ran out of its time
    └── UnknownIdError                  5   an id nobody has heard of
        ├── UnknownUserError            5
        └── UnknownItemError            5

A message says what is wrong, then where, what was found, what was expected and what to do next, one line each.
"""

from __future__ import annotations

_LONGEST_SHOWN = 200


def shorten(value: object, limit: int = _LONGEST_SHOWN) -> str:
    """Show a value as text of at most ``limit`` characters, saying how long it really is."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


class KgrecError(Exception):
    """The root of the tree: a summary and up to four lines of help.

    Args:
        summary: what is wrong, one sentence.
        where: file and row, node type, setting or address.
        found: what was there.
        expected: what should have been there, and who says so.
        next: what the reader can do about it.
    """

    exit_code = 1

    def __init__(
        self,
        summary: str,
        *,
        where: str | None = None,
        found: str | None = None,
        expected: str | None = None,
        next: str | None = None,
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.where = where
        self.found = found
        self.expected = expected
        self.next = next

    def __str__(self) -> str:
        lines = [f"{type(self).__name__}: {self.summary}"]
        for name in ("where", "found", "expected", "next"):
            value = getattr(self, name)
            if value is not None:
                lines.append(f"  {name:<9} {value}".replace("\n", "\n" + " " * 12))
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str | None]:
        """The same message as data, for ``--json`` and HTTP problem documents."""
        return {
            "error": type(self).__name__,
            "summary": self.summary,
            "where": self.where,
            "found": self.found,
            "expected": self.expected,
            "next": self.next,
        }


class ConfigError(KgrecError):
    """A setting that cannot be: unknown name, wrong type, out of range."""

    exit_code = 2


class MissingExtraError(ConfigError):
    """An optional package is needed and not installed."""


class SchemaError(KgrecError):
    """A graph schema with problems."""

    exit_code = 3


class SourceError(KgrecError):
    """A source that cannot be read at all."""

    exit_code = 3


class RecordError(SourceError):
    """A row that does not fit the schema."""


class BundleError(KgrecError):
    """A bundle that is damaged, of an unknown version, or of another graph."""

    exit_code = 3


class TrainingDivergedError(KgrecError):
    """Training met a value that is not finite; the last good state was kept."""

    exit_code = 3


class GraphError(KgrecError):
    """The graph store refused an operation."""

    exit_code = 4


class StoreUnavailableError(GraphError):
    """The store cannot be reached, or another process holds it."""


class SchemaMismatchError(GraphError):
    """Two things that should describe the same graph do not."""


class QueryTimeoutError(GraphError):
    """A bounded query ran out of its time."""


class UnknownIdError(KgrecError):
    """An id that neither the graph nor the bundle knows."""

    exit_code = 5


class UnknownUserError(UnknownIdError):
    """A user that is not in the graph."""


class UnknownItemError(UnknownIdError):
    """An item that is not in the catalogue."""
