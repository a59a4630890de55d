"""One batch of a table as one source of the schema reads it: columns by name, and what does not fit noted by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from kgrec.data.id_texts import BYTES, Binary, Fault, id_fault, plain_array, rows_of
from kgrec.data.record_columns import CODED, coded
from kgrec.data.records import Table, Value
from kgrec.errors import RecordError, shorten
from kgrec.extract.coded_ids import Rows, first_of_each, read_coded_ids, read_coded_parts
from kgrec.extract.times import TimeColumn, TimeRule
from kgrec.extract.values import CellRule, Column, read_column, read_ids
from kgrec.plain_text import composed
from kgrec.schema.model import EdgeSource, Endpoint, GraphSchema, InteractionSource, NodeSource, PropertySpec
from kgrec.schema.origins import Location

Phase = Literal["nodes", "edges", "interactions"]
_LABELS = {"nodes": "node type", "edges": "edge type", "interactions": "interaction type"}


@dataclass
class Problem:
    """Rows of a table that fail for the same reason.

    Attributes:
        what: the sentence, 'property 'year' must be a number.'
        about: type the rows were to become, 'node type Movie'.
        row, found: number in its file (the first row of data is 1) and cell of the first such row.
        rows: how many rows failed so; ``of`` rows were read.
    """

    what: str
    where: str
    about: str
    row: int
    found: str
    expected: str
    next: str
    rows: int = 0
    of: int = 0

    def error(self) -> RecordError:
        """The same as an exception."""
        return RecordError(
            self.what,
            where=f"{self.where}, row {self.row}, {self.about}",
            found=f"{self.found}   ({self.rows} of {self.of} rows)",
            expected=self.expected,
            next=self.next,
        )


@dataclass(frozen=True)
class SchemaSource:
    """One source of one type: what it is in the schema and where it stands there."""

    schema: GraphSchema
    phase: Phase
    type: str
    location: Location
    spec: NodeSource | EdgeSource | InteractionSource

    @property
    def about(self) -> str:
        """The type in words, 'node type Movie'."""
        return f"{_LABELS[self.phase]} {self.type}"


class TableFaults:
    """The rows of one table that do not fit, by reason; it goes on from batch to batch.

    Attributes:
        problems: one for each type and reason, in the order in which they were met.
    """

    def __init__(self) -> None:
        self._problems: dict[tuple[str, str], Problem] = {}
        self._lengths: dict[tuple[str, str], int] = {}
        self._times: dict[tuple[str, str], TimeColumn] = {}

    @property
    def problems(self) -> list[Problem]:
        return list(self._problems.values())

    def note(self, problem: Problem) -> None:
        """Count one row more; of each reason the first row is kept as the example."""
        self._problems.setdefault((problem.about, problem.what), problem).rows += 1

    def embedding_length(self, about: str, name: str, length: int) -> int:
        """Length that embeddings of a property have in this table: that of the first one asked about."""
        return self._lengths.setdefault((about, name), length)

    def times(self, about: str, name: str, rule: TimeRule) -> TimeColumn:
        """How the times of a column are read in this table: as in its first batch."""
        return self._times.setdefault((about, name), TimeColumn(rule))

    def units(self) -> Iterable[tuple[str, str, str]]:
        """Yield type, column or property, and what its times were read as, in words."""
        for (about, name), column in self._times.items():
            if column.words is not None:
                yield about, name, column.words

    def count_rows(self, rows: int) -> None:
        """Note among how many rows the faulty ones are."""
        for problem in self._problems.values():
            problem.of = rows


class Reader:
    """One batch of a table as one source of the schema reads it: columns by name, faults noted by row.

    Args:
        first_row: how manieth of the rows that the loader yields the batch's first one is, from 1.
        faults: takes up the rows that do not fit.
    """

    def __init__(
        self, source: SchemaSource, table: Table, batch: pa.RecordBatch, first_row: int, faults: TableFaults
    ) -> None:
        self.source = source
        self.batch = batch
        self._table = table
        self._faults = faults
        self._faulty: set[int] = set()
        self._rows = np.arange(first_row, first_row + batch.num_rows)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows of the batch, which may come several times each."""
        if len(rows) != self.batch.num_rows:
            taken = pa.array(rows, pa.int64())
            columns = [plain_array(column).take(taken) for column in self.batch.columns]
            self.batch = pa.RecordBatch.from_arrays(columns, self.batch.schema.names)
            self._rows = self._rows[taken.to_numpy()]
            self._faulty = {position for position, row in enumerate(rows) if row in self._faulty}

    def cells(self, column: str) -> pa.Array:
        """A column of the batch."""
        return self.batch.column(column)

    def at(self, key: Location) -> str:
        return self.source.schema.origin.at(*self.source.location, *key)

    def fail(self, row: int, what: str, found: object, expected: str, next: str | None = None) -> None:
        """Note that a row does not fit; the first reason counts."""
        if row in self._faulty:
            return
        self._faulty.add(row)
        where, number = self._table.log.row_numbers.place(int(self._rows[row]), self._table.where)
        self._faults.note(
            Problem(
                what=what,
                where=where,
                about=self.source.about,
                row=number,
                found="nothing" if found is None or found == "" else shorten(found),
                expected=expected,
                next=next or "correct the source, or run `kgrec check` for the full list",
            )
        )

    def texts(self, name: str, key: Location) -> pa.DictionaryArray:
        """A column of texts, null where there is none."""
        return coded(self._column(name, CellRule("category", several=False), key).array(pa.string()))

    def names(
        self, name: str, key: Location, required: str | None = None, binary: Binary | None = None, setting: str = ""
    ) -> pa.DictionaryArray:
        """A column of ids, null where there is none.

        Args:
            required: says what is missing then; None: it may be.
            setting: the key of the schema that says how bytes are read, where that is not ``binary``.
        """
        cells = self.cells(name)
        column = read_coded_ids(cells, binary)
        if setting:
            bytes_fault = replace(BYTES, expected=BYTES.expected.replace("binary", setting, 1))
            column.faults = {row: bytes_fault if fault == BYTES else fault for row, fault in column.faults.items()}
        self._note(column, cells, f"column '{name}'", self.at(key))
        if required:
            self._require(column, name, key, required)
        return column.array(CODED)

    def _refuse(
        self, ids: pa.DictionaryArray, faults: Sequence[Fault | None], rows: Rows | None, name: str, key: Location
    ) -> None:
        """Note the rows whose ids, each different one of which may have a fault, do not fit."""
        if not any(faults):
            return
        every = ids.dictionary.to_pylist()
        for place in rows_of(pa.array([fault is not None for fault in faults], pa.bool_()).take(ids.indices)):
            code = ids.indices[place].as_py()
            row = place if rows is None else int(rows[place])
            if fault := faults[code]:
                self.fail(row, f"column '{name}' {fault.text}.", every[code], f"{fault.expected}, from {self.at(key)}")

    def numbers(self, name: str, key: Location) -> pa.Array:
        """A column of numbers as float64, null where there is none."""
        return self._column(name, CellRule("number", several=False), key).array(pa.float64())

    def times(self, name: str, key: Location, rule: TimeRule) -> pa.Array:
        """A column of times as float64, null where there is none."""
        times = self._faults.times(self.source.about, f"column '{name}'", rule)
        return self._column(name, CellRule("time", several=False, times=times), key).array(pa.float64())

    def _column(self, name: str, rule: CellRule, key: Location) -> Column:
        cells = self.cells(name)
        column = read_column(cells, rule)
        self._note(column, cells, f"column '{name}'", self.at(key))
        return column

    def _require(self, column: Column, name: str, key: Location, required: str) -> None:
        for row in column.empty():
            if row not in column.faults:
                self.fail(row, f"column '{name}' {required}.", None, f"a value in every row, from {self.at(key)}")

    def _note(self, column: Column, cells: pa.Array, what: str, at: str, next: str | None = None) -> None:
        for row, fault in column.faults.items():
            found = _as_said(cells[row].as_py())
            advice = next.format(found=str(found)) if next and len(str(found)) < 40 else None
            self.fail(row, f"{what} {fault.text}.", found, f"{fault.expected}, from {at}", advice)

    def id(self, name: str, prefix: str, key: Location, binary: Binary | None) -> pa.DictionaryArray:
        """Ids of a column with one in every row; null where a row does not fit."""
        ids = self.names(name, key, "must hold an id", binary, f"{key[0]}_binary")
        return self._renamed(ids, prefix, {}, None, name, key)

    def end_ids(self, end: Endpoint, key: Location) -> tuple[pa.DictionaryArray, Rows | None] | None:
        """Ids of nodes, and the row of each: one of each row, null where there is none, or where cells hold several
        those of the first row before those of the next; None where cells are of several types."""
        cells = self.cells(end.column)
        kind = plain_array(cells[:0]).type
        required = None if end.optional or end.split is not None else "must hold an id"
        rows = None
        if pa.types.is_list(kind) or pa.types.is_large_list(kind) or (end.split is not None and not _is_odd(kind)):
            column, rows = read_coded_parts(cells, end.split, end.binary)
            self._note(column, cells, f"column '{end.column}'", self.at(key))
            if required:
                self._require(Column(cells, column.faults), end.column, key, required)
            ids = column.array(CODED)
        elif _is_odd(kind):
            return None
        else:
            ids = self.names(end.column, key, required, end.binary)
        ids = self._renamed(ids, end.prefix, end.rename, rows, end.column, key)
        return (ids, None) if rows is None else first_of_each(ids, rows)  # two names of a cell may have become one

    def _renamed(
        self,
        ids: pa.DictionaryArray,
        prefix: str,
        rename: Mapping[str, str],
        rows: Rows | None,
        name: str,
        key: Location,
    ) -> pa.DictionaryArray:
        """Ids by the names that the schema gives them, null where that is none, with a prefix."""
        if not prefix and not rename:
            return ids
        others = {composed(old): new for old, new in rename.items()}
        every = [others.get(uid, uid) for uid in ids.dictionary.to_pylist()]
        made = [prefix + uid if uid else None for uid in every]
        changed = pa.DictionaryArray.from_arrays(ids.indices, pa.array(made, pa.string()))
        self._refuse(changed, [id_fault(uid) if uid else None for uid in made], rows, name, key)
        return coded(changed)

    def ids(self, end: NodeSource | Endpoint, name: str, key: Location) -> list[list[tuple[str, str | None]]]:
        """Ids of each row, several where the cell is a list or split: each with its part of such a cell, else None."""
        cells = self.cells(name)
        column = read_ids(cells, end.split, end.binary)
        self._note(column, cells, f"column '{name}'", self.at(key))
        if not end.optional and end.split is None:
            self._require(column, name, key, "must hold an id")
        rename = {composed(old): new for old, new in end.rename.items()}
        result = []
        for ids in column.values:
            renamed = {rename.get(uid, uid): is_part for uid, is_part in ids or ()}
            result.append([(end.prefix + uid, uid if is_part else None) for uid, is_part in renamed.items() if uid])
        if end.prefix or rename:
            self._check([[uid for uid, _ in ids] for ids in result], name, key)
        return result

    def _check(self, ids: list[list[str]], name: str, key: Location) -> None:
        for row, uid in ((row, uid) for row, uids in enumerate(ids) for uid in uids):
            if fault := id_fault(uid):
                self.fail(row, f"column '{name}' {fault.text}.", uid, f"{fault.expected}, from {self.at(key)}")

    def properties(
        self, specs: Mapping[str, PropertySpec], columns: Mapping[str, str], separators: Mapping[str, str]
    ) -> list[dict[str, Value]]:
        """The properties of every row; what is missing is left out."""
        rows: list[dict[str, Value]] = [{} for _ in range(self.batch.num_rows)]
        for name, spec in specs.items():
            if spec.personal == "drop" or (name not in columns and name not in separators):
                continue
            cells = self.cells(columns.get(name, name))
            column = read_column(cells, self._rule(name, spec, separators.get(name)))
            at = self.source.schema.origin.at(*self.source.location[:2], "properties", name)
            if spec.type == "embedding":
                self._check_lengths(name, column.values, at)
            advice = 'add `missing: ["{found}"]` to the property, or run `kgrec check` for the full list'
            shown = pa.array(["(personal)"] * len(cells)) if spec.personal else cells
            self._note(column, shown, f"property '{name}'", at, None if spec.personal else advice)
            for row, (properties, value) in enumerate(zip(rows, column.values, strict=True)):
                if value is not None:
                    properties[name] = value
                elif spec.required:
                    found = _as_said(cells[row].as_py())
                    self.fail(row, f"property '{name}' is required.", found, f"{spec.type}, from {at}")
        return rows

    def _rule(self, name: str, spec: PropertySpec, separator: str | None) -> CellRule:
        times = None
        if spec.type == "time":
            rule = TimeRule(spec.format, spec.zone, spec.unit)
            times = self._faults.times(self.source.about, f"property '{name}'", rule)
        spec_of_source = self.source.spec
        own = isinstance(spec_of_source, NodeSource) and spec_of_source.columns.get(name) == spec_of_source.id
        several = name != "name" or separator is not None or own  # of its own id, each part is the name
        return CellRule(spec.type, frozenset(spec.missing), separator, several, spec.binary, times)

    def _check_lengths(self, name: str, embeddings: list[Any], at: str) -> None:
        """All embeddings of a property have as many numbers as the first one of the table."""
        for row, embedding in enumerate(embeddings):
            if embedding is not None:
                length = self._faults.embedding_length(self.source.about, name, len(embedding))
                if len(embedding) != length:
                    expected = f"{length} numbers as in the first row, from {at}"
                    self.fail(row, f"property '{name}' must have one length.", f"{len(embedding)} numbers", expected)

    def good(self) -> Sequence[int]:
        """Rows without a fault."""
        every = range(self.batch.num_rows)
        return [row for row in every if row not in self._faulty] if self._faulty else every


def _is_odd(kind: pa.DataType) -> bool:
    """Whether cells of a type are neither one value each nor a list each."""
    return bool(pa.types.is_nested(kind))


def _as_said(found: Any) -> Any:
    """A cell as its source has it: loaders hand objects on as their JSON text, nested so that nobody reads it."""
    return found["json"] if isinstance(found, dict) and list(found) == ["json"] else found
