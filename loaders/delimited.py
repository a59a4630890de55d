"""CSV and TSV as record batches of strings: nothing is guessed, so that an id like 007 survives.

In CSV quoting is that of RFC 4180: a cell that holds the delimiter, a quote or a line break stands in double quotes,
and a quote in it is doubled. In TSV a quote is a letter. The first row names the columns; a RecBole type suffix
(``user_id:token``) is taken off, and a column without a name, such as the index that pandas writes, is passed over.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import compress, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from kgrec.data.records import BadRow, ReadingLog
from kgrec.errors import SourceError, shorten
from kgrec_loaders.dialect import DELIMITERS, dialect_of, open_text
from kgrec_loaders.header import check_header
from kgrec_loaders.source_files import (
    BATCH_ROWS,
    NOT_UTF8,
    UTF8,
    empty_file,
    encoding_advice,
    not_utf8,
    open_bytes,
    reading,
)

_RECBOLE_TYPE = re.compile(r":(token|token_seq|float|float_seq)$")
_SURROGATE = re.compile("[\udc80-\udcff]")
_BLOCK = 1 << 20
"""Characters that are taken apart at once."""
_QUOTES = 'close every double quote and write a quote inside a cell twice: "say ""hi"""'


def read_delimited(parts: Sequence[Path], format: str, log: ReadingLog | None = None) -> Iterator[pa.RecordBatch]:
    """Read the parts of one table as record batches of strings, at least one batch even without rows.

    Args:
        parts: files with the same header, optionally compressed.
        format: ``csv`` or ``tsv``.
        log: takes up what is odd, and the rows that cannot be read where it collects them.

    Raises:
        SourceError: empty, damaged, no text; a row that does not fit the header or is not UTF-8, unless collected.
    """
    log = ReadingLog() if log is None else log
    first: list[str] | None = None
    for path in parts:
        where = f"{format}:{path}"
        with reading(where), open_bytes(path) as content:
            text = open_text(content, where)
            try:
                file = _File(where, format, text, log)
                if first is not None and file.names != first:
                    raise SourceError(
                        "the parts of a table have different columns.",
                        where=where,
                        found=", ".join(file.names),
                        expected=", ".join(first) + f" (from {parts[0].name})",
                        next="put tables with other columns into a file or sub-folder of their own",
                    )
                first = file.names
                yield from file.batches()
            except UnicodeDecodeError as error:  # of UTF-16 and UTF-32 only
                raise SourceError(
                    f"the text is not {error.encoding.upper()}, as its first bytes say.",
                    where=where,
                    found=error.reason,
                    expected="UTF-8, or complete UTF-16",
                    next="fetch or export the file again",
                ) from error


def _is_plain(block: bytes, delimiter: str) -> bool:
    """Whether every quote of some lines opens or closes a whole cell: as many do the one as the other."""
    signs = np.frombuffer(b"\n" + block + b"\n", np.uint8)
    quotes = np.flatnonzero(signs == ord('"'))
    edges = np.array([ord(delimiter), ord("\n"), ord("\r")])
    opening = np.isin(signs[quotes - 1], edges[:2]).sum()
    closing = np.isin(signs[quotes + 1], edges).sum()
    return bool(2 * opening == 2 * closing == len(quotes))


def _longest(texts: pa.Array) -> int:
    """Bytes of the longest of some texts."""
    longest: int = pc.max(pc.binary_length(texts)).as_py()
    return longest


def _rows_in_words(number: int) -> str:
    return "a line that looks like a row" if number == 1 else f"{number} lines that look like rows"


class _Lines:
    """Physical lines of a text; those of a row that cannot be taken apart can be given back, all but the first."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        self._again.extendleft(reversed(self.taken[1:]))

    def block(self) -> str:
        """Many whole lines at once, none at the end; those that were given back come one by one first."""
        return "" if self._again else self._text.read(_BLOCK) + self._text.readline()

    def put_back(self, block: str) -> None:
        """Lines come again."""
        self._again.extendleft(reversed(list(io.StringIO(block, newline=""))))


class _File:
    """One file: its header is read at once, its rows when they are asked for."""

    def __init__(self, where: str, format: str, text: io.TextIOBase, log: ReadingLog) -> None:
        self._where = where
        self._log = log
        first_line = next((line for line in text if line.strip("\r\n")), "")
        self._dialect = dialect_of(first_line, format)
        if self._dialect.note:
            log.note(f"{where}: {self._dialect.note}")
        self._lines = _Lines(text)
        if not self._dialect.preamble:
            self._lines.put_back(first_line)
        self._reader = csv.reader(
            self._lines,
            delimiter=self._dialect.delimiter,
            quoting=csv.QUOTE_MINIMAL if self._dialect.quoted else csv.QUOTE_NONE,
            strict=True,
        )
        cells = self._header_cells()
        self.names = [name for name in cells if name.strip()]
        self._width = len(cells)
        self._number = 0
        self._kept = [position for position, name in enumerate(cells) if name.strip()]
        if unnamed := len(cells) - len(self.names):
            what = "the column without a name was" if unnamed == 1 else f"{unnamed} columns without a name were"
            log.note(f"{where}: {what} passed over")

    def _header_cells(self) -> list[str]:
        where, delimiter = f"{self._where}, header", self._dialect.delimiter
        try:
            cells = next((cells for cells in self._reader if cells), None)
        except csv.Error as error:
            raise SourceError(
                "the header cannot be taken apart.",
                where=where,
                found=str(error),
                expected="names of columns, as RFC 4180 writes cells",
                next=_QUOTES,
            ) from error
        if cells is None:
            raise empty_file(self._where, "a header row")
        names = [_RECBOLE_TYPE.sub("", cell) for cell in cells]
        if any(_SURROGATE.search(name) for name in names):
            raise not_utf8(where, delimiter.join(names).encode("utf-8", "surrogateescape"))
        if odd := check_header(names, where):
            self._log.note(f"{self._where}: {odd}")
        return names

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows; at least one batch."""
        rows = self._rows()
        empty = True
        while True:
            block = self._lines.block()
            batch = self._plain_batch(block)
            if batch is None:
                self._lines.put_back(block)
                some = list(islice(rows, BATCH_ROWS))
                if not some:
                    break
                batch = self._batch([row for _, row in some], [number for number, _ in some])
            yield batch
            empty = False
        if empty:
            yield self._batch([], [])

    def _plain_batch(self, block: str) -> pa.RecordBatch | None:
        """Lines that are a row each, taken apart at once; None where one of them asks for a closer look."""
        quoted, delimiter = self._dialect.quoted, self._dialect.delimiter
        if not block or "\0" in block or ("\r" in block and block.count("\r") != block.count("\r\n")):
            return None
        names = [str(position) for position in range(self._width)]
        try:
            content = block.encode()
            has_quotes = b'"' in content
            if quoted and has_quotes and not (delimiter.isascii() and _is_plain(content, delimiter)):
                return None
            table = arrow_csv.read_csv(
                pa.BufferReader(content),
                arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(content)),
                arrow_csv.ParseOptions(
                    delimiter=delimiter, quote_char='"' if quoted else False, newlines_in_values=quoted
                ),
                arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
            )
        except (UnicodeEncodeError, pa.ArrowInvalid, ValueError):
            return None
        columns = [column.combine_chunks() for column in table.columns]
        if not table.num_rows or any(_longest(column) > csv.field_size_limit() for column in columns):
            return None
        blank = pc.equal(columns[0], "")
        if pc.any(blank).as_py() and pc.any(reduce(pc.and_, (pc.equal(column, "") for column in columns))).as_py():
            return None
        self._log.row_numbers.come(self._where, range(self._number + 1, self._number + table.num_rows + 1))
        self._number += table.num_rows
        kept = [columns[position] for position in self._kept]
        if has_quotes:
            (self._tell_swallowed_rows if quoted else self._tell_quoted_cells)(kept)
        return pa.RecordBatch.from_arrays(kept, self.names)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that fit the header, with their numbers: the first row of data is 1, blank ones are not counted."""
        width, lines = self._width, self._lines
        while True:
            lines.taken.clear()
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._number += 1
                self._not_taken_apart(self._number, error)
                continue
            if not row or (row[0] == "" and width > 1 and not any(row)):
                continue  # spreadsheets write rows of delimiters after the last one
            self._number += 1
            if len(row) == width:
                yield self._number, row
            else:
                self._another_width(self._number, row)

    def _another_width(self, number: int, row: list[str]) -> None:
        width, delimiter = self._width, self._dialect.delimiter
        few = len(row) < width
        if few:
            advice = "write a delimiter for each cell that has nothing in it; a file that was cut short ends like this"
        elif self._dialect.quoted:
            advice = 'put cells that hold the delimiter into double quotes: "a, b"'
        else:
            advice = "take the tabs out of the cells"
        cells = f"{len(row)} {'cell' if len(row) == 1 else 'cells'}"
        separated = DELIMITERS.get(delimiter, f"the signs {delimiter!r}")
        self._log.leave_out(
            BadRow(
                f"a row has too {'few' if few else 'many'} cells.",
                where=self._where,
                row=number,
                found=f"{cells}: {shorten(delimiter.join(row))}",
                expected=f"{width} {'cell' if width == 1 else 'cells'} as in the header, separated by {separated}",
                next=advice,
            )
        )

    def _not_taken_apart(self, number: int, error: csv.Error) -> None:
        """Leave out the line in which a row begins that no rule of quoting explains; the lines after it count again."""
        taken = self._lines.taken
        swallowed = f"; it would take up {len(taken)} lines" if len(taken) > 1 else ""
        bad = BadRow(
            "a row cannot be taken apart.",
            where=self._where,
            row=number,
            found=f"{error}{swallowed}: {shorten(taken[0].rstrip() if taken else '')}",
            expected="cells as RFC 4180 writes them, of at most 131,072 characters",
            next=_QUOTES,
        )
        self._log.leave_out(bad)
        self._lines.give_back()

    def _batch(self, rows: list[list[str]], numbers: list[int]) -> pa.RecordBatch:
        try:
            columns = self._columns(rows)
        except UnicodeEncodeError:
            good = [self._is_text(row, number) for row, number in zip(rows, numbers, strict=True)]
            numbers = list(compress(numbers, good))
            columns = self._columns(list(compress(rows, good)))
        self._log.row_numbers.come(self._where, numbers)
        if self._dialect.quoted:
            self._tell_swallowed_rows(columns)
        else:
            self._tell_quoted_cells(columns)
        return pa.RecordBatch.from_arrays(columns, self.names)

    def _columns(self, rows: list[list[str]]) -> list[pa.Array]:
        columns = list(zip(*rows, strict=True)) if rows else [()] * self._width
        return [pa.array(columns[position], pa.string()) for position in self._kept]

    def _is_text(self, row: list[str], number: int) -> bool:
        """Whether a row is UTF-8; one that is not is left out."""
        cell = next((cell for cell in row if _SURROGATE.search(cell)), None)
        if cell is None:
            return True
        raw = cell.encode("utf-8", "surrogateescape")
        advice = encoding_advice(raw)
        self._log.leave_out(BadRow(NOT_UTF8, self._where, number, shorten(raw), expected=UTF8, next=advice))
        return False

    def _tell_swallowed_rows(self, columns: list[pa.Array]) -> None:
        """Note cells whose lines look like rows: a quote that was meant as a letter swallows what follows it."""
        delimiter = self._dialect.delimiter
        for column in columns if self._width > 1 else ():
            with_breaks = column.filter(pc.match_substring(column, "\n"))
            for cell in with_breaks.to_pylist() if len(with_breaks) else ():
                inner = cell.split("\n")[1:-1]
                if inner and all(line.count(delimiter) == self._width - 1 for line in inner):
                    self._log.note(
                        f"{self._where}: a cell in quotes holds {_rows_in_words(len(inner))}: "
                        f"{shorten(cell, 80)}; a quote that is a letter is written twice, inside quotes"
                    )
                    return

    def _tell_quoted_cells(self, columns: list[pa.Array]) -> None:
        """Note cells of a TSV that stand in quotes: there they are letters, but not every program writes them so."""
        for name, column in zip(self.names, columns, strict=True):
            quoted = column.filter(pc.match_substring_regex(column, '^"(?s:.*)"$'))
            if len(quoted):
                self._log.note(
                    f"{self._where}: cells of column '{name}' stand in quotes, which are letters in a TSV: "
                    f"{shorten(quoted[0].as_py(), 80)}; name the file .csv if they are not"
                )
