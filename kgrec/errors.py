"""Everything kgrec raises on purpose, as one tree.

    KgrecError                      exit code
    ├── ConfigError                     2   a setting that cannot be
    │   └── MissingExtraError           2   an optional package is needed and absent
    ├── SchemaError                     3   a graph schema with problems, all listed at once
    ├── SourceError                     3   a source that cannot be read
    │   ├── RecordError                 3   a row that does not fit the schema
    │   └── DroppedRowsError            3   an import that leaves out more rows than it may
    │       └── NothingLeftError        6   an import that leaves out every row of a type
    ├── BundleError                     3   a damaged, newer or foreign bundle
    ├── TrainingDivergedError           3   nan or inf in training; the last good state is kept
    ├── UpdateRefusedError              7   an updated model that finds less than the live one
    ├── CompactionRefusedError          7   a smaller model that finds less than may be lost
    ├── GraphError                      4   the graph store refused
    │   ├── StoreUnavailableError       4   unreachable, or held by another process
    │   ├── SchemaMismatchError         4   the store or bundle belongs to another graph
    │   └── QueryTimeoutError           4   a bounded query ran out of its time
    ├── StillThereError                 4   people who were to be forgotten, of whom something is left
    ├── ExecutorError                   4   what runs the work cannot be reached
    ├── EventLogError                   4   events that cannot be kept
    │   └── TooManyEventsError          4   more wait to be kept than may
    └── UnknownIdError                  5   an id nobody has heard of
        ├── UnknownUserError            5
        └── UnknownItemError            5

A message says what is wrong, then where, what was found, what was expected and what to do next, one line each.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from importlib.util import find_spec

_LONGEST_SHOWN = 200
_HINTS_UP_TO = 5_000
"""Words that a mistyped one is compared with; more would take seconds."""
_HINT_LENGTH = 64


def shorten(value: object, limit: int = _LONGEST_SHOWN) -> str:
    """Show a value as text of at most ``limit`` characters, saying how long it really is."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def did_you_mean(word: str, known: Collection[str], most: int = 1, *, before: str = "") -> str:
    """The question ``did you mean 'year'?`` with the known words most like ``word``; empty where none is alike.

    Args:
        known: words to compare with; of more than 5,000 none is suggested.
        most: number of suggestions.
        before: text in front of the question, where there is one.
    """
    if len(known) > _HINTS_UP_TO or len(word) > _HINT_LENGTH:
        return ""
    close = difflib.get_close_matches(word, [other for other in known if other != word], n=most)
    return f"{before}did you mean {', '.join(repr(other) for other in close)}?" if close else ""


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
    """An optional package is needed and cannot be loaded."""


def missing_extra(extra: str, *packages: str, where: str, found: str, instead: str = "") -> MissingExtraError:
    """The error that an optional package is absent or broken.

    Args:
        extra: name of the optional dependencies that hold the packages: ``kgrec[extra]``.
        packages: what has to be importable.
        where: what needs them: a setting, a command or a module.
        found: what importing said.
        instead: what can be done without them.
    """
    return MissingExtraError(
        "a package that is optional is needed here and cannot be loaded.",
        where=where,
        found=found,
        expected=" and ".join(packages),
        next=f"pip install 'kgrec[{extra}]'{instead and ', or ' + instead}",
    )


def require_extra(extra: str, *packages: str, where: str, instead: str = "") -> None:
    """Make sure that optional packages can be imported, without importing them: arguments as :func:`missing_extra`.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for package in packages:
        if find_spec(package) is None:
            found = f"No module named {package!r}"
            raise missing_extra(extra, *packages, where=where, found=found, instead=instead)


class SchemaError(KgrecError):
    """A graph schema with problems."""

    exit_code = 3


class SourceError(KgrecError):
    """A source that cannot be read at all."""

    exit_code = 3


class RecordError(SourceError):
    """A row that does not fit the schema.

    Attributes:
        reason: the first thing that is wrong, in words that can be counted: they quote nothing of the row.
    """

    reason = "does not fit"


class DroppedRowsError(SourceError):
    """An import that leaves out more of a table than it may.

    Attributes:
        missing: the first nodes, by type and uid, that its rows refer to and that do not exist.
    """

    missing: tuple[tuple[str, str], ...] = ()


class NothingLeftError(DroppedRowsError):
    """An import that had to leave out every row of a type."""

    exit_code = 6


class ReplacementError(SourceError):
    """An import that would remove more than it may of what its sources stated before, or what others state."""


class BundleError(KgrecError):
    """A bundle that is damaged, of an unknown version, or of another graph."""

    exit_code = 3


class TrainingDivergedError(KgrecError):
    """Training met a value that is not finite; the last good state was kept."""

    exit_code = 3


class UpdateRefusedError(KgrecError):
    """An updated model finds less of the newest than the live one, which stays."""

    exit_code = 7


class CompactionRefusedError(KgrecError):
    """No smaller model finds as much as was asked for."""

    exit_code = 7


class GraphError(KgrecError):
    """The graph store refused an operation."""

    exit_code = 4


class StoreUnavailableError(GraphError):
    """The store cannot be reached, or another process holds it."""


class SchemaMismatchError(GraphError):
    """Two things that should describe the same graph do not."""


class QueryTimeoutError(GraphError):
    """A bounded query ran out of its time."""


class StillThereError(KgrecError):
    """Something is left of people who were to be forgotten."""

    exit_code = 4


class ExecutorError(KgrecError):
    """What runs the work cannot be reached."""

    exit_code = 4


class EventLogError(KgrecError):
    """Events cannot be kept: the log's file is missing, full or no log."""

    exit_code = 4


class TooManyEventsError(EventLogError):
    """More events wait to be kept than may; none of those given was taken in.

    Attributes:
        retry_after_s: seconds after which it is worth to try again.
    """

    retry_after_s = 1


class UnknownIdError(KgrecError):
    """An id that neither the graph nor the bundle knows."""

    exit_code = 5


class UnknownUserError(UnknownIdError):
    """A user that is not in the graph."""


class UnknownItemError(UnknownIdError):
    """An item that is not in the catalogue."""
