"""Records: checked rows, ready for the graph. A row is unchecked, a record is checked.

The three kinds are what a graph of recommendations is made of: nodes (users, items, entities), edges between them
(facts) and interactions (observed behaviour of a user towards an item).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

from kgrec.data.row_numbers import RowNumbers
from kgrec.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

Value = str | int | float | bool | list[str] | list[float]
"""What a property may hold: what both Neo4j and the embedded store can keep."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node. ``(type, uid)`` identifies it; equal identities merge, later properties win.

    Attributes:
        type: node type, a name of the schema.
        uid: identity within the type.
        properties: by name; ``name`` is what people read. None is not allowed: leave the property out.
        platform: where the record came from.
        aliases: ``platform:id`` of every platform record that was aligned into this node.
    """

    type: str
    uid: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    platform: str = ""
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class EdgeRecord:
    """One fact: a directed edge. Identified by its type, its end nodes and its ``relation``.

    Attributes:
        type: edge type, a name of the schema.
        relation: finer name within the type where the source has one (a Freebase predicate), else the type itself.
    """

    type: str
    source_type: str
    source: str
    target_type: str
    target: str
    relation: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction. Identified by type, user, item, kind, platform, time and ``repeat``.

    Attributes:
        type: interaction type, a name of the schema.
        kind: view, cart, buy, rate ...
        time: unix seconds, or a position in the user's sequence; None where unknown.
        weight: strength as the source gives it (stars, play count); 1.0 where it gives none.
        repeat: number among interactions that are the same but for it, where each of them counts; else 0.
        context: what else is known of the circumstances, as :func:`kgrec.data.context_columns.context_text` writes it.
    """

    type: str
    user: str
    item: str
    kind: str
    platform: str = ""
    time: float | None = None
    weight: float = 1.0
    repeat: int = 0
    context: str = ""

    @property
    def key(self) -> str:
        """Identity between the same user and item, so that importing twice is importing once."""
        time = "" if self.time is None else repr(float(self.time))
        return f"{key_start(self.kind, self.platform)}{time}{f'|{self.repeat}' if self.repeat else ''}"


@lru_cache(maxsize=1024)  # an import asks for the same few a million times
def key_start(kind: str, platform: str) -> str:
    """What the keys of all interactions of a kind on a platform start with; the time follows."""
    kind, platform = (text.replace("\\", "\\\\").replace("|", "\\|") for text in (kind, platform))
    return f"{kind}|{platform}|"


Record = NodeRecord | EdgeRecord | Interaction
Kind = Literal["nodes", "edges", "interactions"]


@dataclass(frozen=True)
class Batch:
    """Records of one kind from one table, as the graph takes them in at once.

    Attributes:
        kind: which of the three record classes all of ``records`` are.
        table: the table they were read from, for reports.
    """

    kind: Kind
    table: str
    records: Sequence[Record]


@dataclass
class BadRow:
    """Rows of a source that cannot be read for the same reason.

    Attributes:
        what: the sentence, 'a row has too few cells.'
        where: the source in words.
        row, found: number and content of the first such row.
        rows: how many there are.
    """

    what: str
    where: str
    row: int
    found: str
    expected: str
    next: str
    rows: int = 1

    def error(self) -> SourceError:
        """The same as an exception."""
        where = f"{self.where}, row {self.row}"
        return SourceError(self.what, where=where, found=self.found, expected=self.expected, next=self.next)


class ReadingLog:
    """What a loader has to say of a table beside its rows; it fills while the rows are read.

    A row that cannot be read is raised. Whoever calls :meth:`collect` before reading gets the rows after it as well,
    and the bad ones listed here.

    Attributes:
        notes: what the reader should know of how the table was read, each said once.
        passed_over: names of files beside the table that no table was made of.
        bad_rows: rows that were left out, by reason.
        row_numbers: where those stand that are yielded.
    """

    def __init__(self, passed_over: Sequence[str] = ()) -> None:
        self.notes: list[str] = []
        self.passed_over = tuple(passed_over)
        self.row_numbers = RowNumbers()
        self._collecting = False
        self._bad: dict[str, BadRow] = {}

    def __repr__(self) -> str:
        return f"ReadingLog({len(self.notes)} notes, {self.left_out} rows left out)"

    @property
    def bad_rows(self) -> list[BadRow]:
        return list(self._bad.values())

    @property
    def left_out(self) -> int:
        """How many rows could not be read."""
        return sum(bad.rows for bad in self._bad.values())

    def collect(self) -> None:
        """From now on leave bad rows out and list them."""
        self._collecting = True

    def for_a_first_look(self) -> ReadingLog:
        """A log for reading the same rows beforehand: it refuses or leaves out as this one does, and is then lost."""
        log = ReadingLog()
        log._collecting = self._collecting
        return log

    def leave_out(self, bad: BadRow) -> None:
        """Note rows that cannot be read.

        Raises:
            SourceError: nobody collects them.
        """
        if not self._collecting:
            raise bad.error()
        known = self._bad.setdefault(bad.what, bad)
        if known is not bad:
            known.rows += bad.rows

    def leave_out_for(self, error: SourceError, where: str, row: int) -> None:
        """Note one row that cannot be read, for the reason that an error gives.

        Raises:
            SourceError: the error itself, where nobody collects.
        """
        if not self._collecting:
            raise error
        found, expected, next = error.found or "", error.expected or "", error.next or ""
        self.leave_out(BadRow(error.summary, where, row, found, expected, next))

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True)
class Table:
    """Plain rows as a loader yields them: unchecked, columns named as in the source.

    Attributes:
        name: what a schema calls this table by.
        batches: Arrow record batches, read lazily; can be iterated once per call of the loader's ``tables``.
        where: the source in words, for error messages (``csv:data/ratings.csv``).
        rows: total number of rows where the source knows it, for progress.
        log: what the loader has to say beside the rows.
        source: name of the source that it belongs to, which an import fills in.
        restates: names of tables whose rows it says again in another form: whoever reads it need not read them.
    """

    name: str
    batches: Iterable[pa.RecordBatch]
    where: str
    rows: int | None = None
    log: ReadingLog = field(default_factory=ReadingLog, compare=False, repr=False)
    source: str = ""
    restates: tuple[str, ...] = ()


class Loader(Protocol):
    """How a source is read. Found by entry point ``kgrec.loaders``; built as ``Loader(location)``."""

    def tables(self) -> Iterator[Table]:
        """Yield every table of the source.

        Raises:
            SourceError: the source is missing, empty or not of the expected form.
        """
        ...
