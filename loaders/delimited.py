"""CSV and TSV as record batches of strings: nothing is guessed, so that an id like 007 survives.

Quoting is that of RFC 4180 for both: a cell that holds the delimiter, a quote or a line break stands in double quotes,
and a quote in it is doubled. The first row names the columns; a RecBole type suffix (``user_id:token``) is taken off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from kgrec.errors import SourceError, shorten
from kgrec_loaders.source_files import BATCH_ROWS, empty_file, not_utf8, open_bytes, reading

_RECBOLE_TYPE = re.compile(r":(token|token_seq|float|float_seq)$")
_SURROGATE = re.compile("[\udc80-\udcff]")
_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


def read_delimited(parts: Sequence[Path], format: str) -> Iterator[pa.RecordBatch]:
    """Read the parts of one table as record batches of strings, at least one batch even without rows.

    Args:
        parts: files with the same header, optionally gzipped.
        format: ``csv`` or ``tsv``.

    Raises:
        SourceError: empty, damaged, not UTF-8, another delimiter, or a row that does not fit the header.
    """
    delimiter = "\t" if format == "tsv" else ","
    first: list[str] | None = None
    for path in parts:
        where = f"{format}:{path}"
        with reading(where), open_bytes(path) as content:
            # Bytes that are not UTF-8 come through as lone surrogates, so that the row of the first one can be named.
            text = io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            names = _header(_next_row(reader, where, 0), delimiter, where)
            if first is not None and names != first:
                raise SourceError(
                    "the parts of a table have different columns.",
                    where=where,
                    found=", ".join(names),
                    expected=", ".join(first) + f" (from {parts[0].name})",
                    next="put tables with other columns into a file or sub-folder of their own",
                )
            first = names
            rows: list[list[str]] = []
            done = 0
            while (row := _next_row(reader, where, done + len(rows) + 1)) is not None:
                if len(row) != len(names):
                    raise SourceError(
                        f"a row has {len(row)} cells, the header has {len(names)}.",
                        where=f"{where}, row {done + len(rows) + 1}",
                        found=shorten(delimiter.join(row)),
                        expected=f"{len(names)} cells, separated by {_DELIMITERS[delimiter]}",
                        next='put cells that hold the delimiter into double quotes: "a, b"',
                    )
                rows.append(row)
                if len(rows) == BATCH_ROWS:
                    yield _batch(rows, names, where, done)
                    done += len(rows)
                    rows = []
            if rows or not done:
                yield _batch(rows, names, where, done)


def _next_row(reader: Iterator[list[str]], where: str, row: int) -> list[str] | None:
    """The next row that is not a blank line; rows are counted from 1, the header is row 0."""
    try:
        for cells in reader:
            if cells:
                return cells
    except csv.Error as error:
        raise SourceError(
            "a row cannot be taken apart.",
            where=f"{where}, row {row}" if row else f"{where}, header",
            found=str(error),
            expected="cells as RFC 4180 writes them, of at most 131,072 characters",
            next='close every double quote and write a quote inside a cell twice: "say ""hi"""',
        ) from error
    return None


def _header(cells: list[str] | None, delimiter: str, where: str) -> list[str]:
    if cells is None:
        raise empty_file(where, "a header row")
    names = [_RECBOLE_TYPE.sub("", cell) for cell in cells]
    if any(_SURROGATE.search(name) for name in names):
        raise not_utf8(f"{where}, header", shorten(delimiter.join(names).encode("utf-8", "surrogateescape")))
    other = next((d for d in _DELIMITERS if d in names[0]), None)
    if len(names) == 1 and other:
        name = ".tsv" if other == "\t" else ".csv"
        raise SourceError(
            f"found 1 column, and {_DELIMITERS[other]} in its name.",
            where=f"{where}, header",
            found=shorten(names[0]),
            expected=f"columns separated by {_DELIMITERS[delimiter]}",
            next=f"name the file {name}" if other in ",\t" else "save the file with commas (.csv) or tabs (.tsv)",
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or "" in names:
        raise SourceError(
            "the header does not name every column once.",
            where=f"{where}, header",
            found=f"{shorten(repeated[0])} {names.count(repeated[0])} times" if repeated else "a column without a name",
            expected="one different name per column",
            next="name the columns in the first row of the file",
        )
    return names


def _batch(rows: list[list[str]], names: list[str], where: str, done: int) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    try:
        return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], names)
    except UnicodeEncodeError:
        row, cell = next((r, c) for r, cells in enumerate(rows) for c in cells if _SURROGATE.search(c))
        raise not_utf8(f"{where}, row {done + row + 1}", shorten(cell.encode("utf-8", "surrogateescape"))) from None
