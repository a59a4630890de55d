"""JSON lines as record batches. The file is read twice: once to learn its columns and their types, once for the rows,
so that every batch has the same columns even when a key first appears in the last line.

A column of one JSON type keeps it, one of several types keeps each cell's own; see :mod:`kgrec_loaders.mixed_columns`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from kgrec.data.records import ReadingLog
from kgrec.errors import SourceError, shorten
from kgrec_loaders.mixed_columns import column, kinds_of
from kgrec_loaders.source_files import BATCH_ROWS, empty_file, not_utf8, open_bytes, reading

_LONGEST_LINE = 2**24
"""Bytes of a line after which it is not taken for one of JSON lines."""


def read_jsonl(parts: Sequence[Path], log: ReadingLog | None = None) -> Iterator[pa.RecordBatch]:
    """Read the parts of one table as record batches, at least one.

    Args:
        log: takes up the lines that cannot be read where it collects them.

    Raises:
        SourceError: empty or damaged; a line that is not UTF-8 or not a JSON object, unless collected.
    """
    log = ReadingLog() if log is None else log
    kinds: dict[str, set[str]] = {}
    for row in _rows(parts, log.for_a_first_look()):
        for key, value in row.items():
            kinds.setdefault(key, set()).update(kinds_of(value))
    if not kinds:
        raise empty_file(f"jsonl:{parts[0]}", "one JSON object per line, with at least one key")
    rows: list[dict[str, Any]] = []
    for row in _rows(parts, log):
        rows.append(row)
        if len(rows) == BATCH_ROWS:
            yield _batch(rows, kinds)
            rows = []
    if rows:
        yield _batch(rows, kinds)


def holds_json_lines(path: Path) -> bool:
    """Whether the first two lines that are not empty are JSON objects: whole documents are written otherwise."""
    with reading(f"jsonl:{path}"), open_bytes(path) as content:
        lines = iter(partial(content.readline, _LONGEST_LINE), b"")
        first = list(islice((line for line in lines if line.strip()), 2))
    try:
        return len(first) == 2 and all(isinstance(json.loads(line), dict) for line in first)
    except ValueError:
        return False


def _rows(parts: Sequence[Path], log: ReadingLog) -> Iterator[dict[str, Any]]:
    for path in parts:
        where = f"jsonl:{path}"
        with reading(where), open_bytes(path) as lines:
            yield from log.row_numbers.tell(where, _objects(lines, where, log))


def _objects(lines: Iterable[bytes], where: str, log: ReadingLog) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of some lines, with their numbers."""
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
            log.leave_out_for(not_utf8(f"{where}, row {number}", line), where, number)
            continue
        except ValueError as error:
            log.leave_out_for(_bad_line(f"{where}, row {number}", str(error)), where, number)
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            log.leave_out_for(_bad_line(f"{where}, row {number}", shorten(text.strip())), where, number)


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
