"""JSON lines as record batches. The file is read twice: once to learn its columns and their types, once for the rows,
so that every batch has the same columns even when a key first appears in the last line.

A column of one JSON type keeps it, one of several types keeps each cell's own; see :mod:`kgrec_loaders.mixed_columns`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from kgrec.errors import SourceError, shorten
from kgrec_loaders.mixed_columns import column, kinds_of
from kgrec_loaders.source_files import BATCH_ROWS, empty_file, not_utf8, open_bytes, reading


def read_jsonl(parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """Read the parts of one table as record batches, at least one.

    Raises:
        SourceError: empty, damaged, not UTF-8, or a line that is not a JSON object.
    """
    kinds: dict[str, set[str]] = {}
    for row in _rows(parts):
        for key, value in row.items():
            kinds.setdefault(key, set()).update(kinds_of(value))
    if not kinds:
        raise empty_file(f"jsonl:{parts[0]}", "one JSON object per line, with at least one key")
    rows: list[dict[str, Any]] = []
    for row in _rows(parts):
        rows.append(row)
        if len(rows) == BATCH_ROWS:
            yield _batch(rows, kinds)
            rows = []
    if rows:
        yield _batch(rows, kinds)


def _rows(parts: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in parts:
        where = f"jsonl:{path}"
        with reading(where), open_bytes(path) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                    if not text.strip():
                        continue
                    row = json.loads(text, parse_constant=_refuse_constant)
                    # An escaped half of a character pair passes json, but no encoding can hold it.
                    if "\\u" in text:
                        json.dumps(row, ensure_ascii=False).encode()
                except UnicodeDecodeError:
                    raise not_utf8(f"{where}, row {number}", line) from None
                except ValueError as error:
                    raise _bad_line(f"{where}, row {number}", str(error)) from error
                if not isinstance(row, dict):
                    raise _bad_line(f"{where}, row {number}", shorten(text.strip()))
                yield row


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _bad_line(where: str, found: str) -> SourceError:
    return SourceError(
        "a line is not a JSON object.",
        where=where,
        found=found,
        expected='one JSON object per line, like {"id": "1", "title": "Heat"}',
        next="correct or remove the line",
    )


def _batch(rows: list[dict[str, Any]], kinds: dict[str, set[str]]) -> pa.RecordBatch:
    columns = [column([row.get(key) for row in rows], found) for key, found in kinds.items()]
    return pa.RecordBatch.from_arrays(columns, list(kinds))
