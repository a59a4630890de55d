"""JSON lines as record batches. The file is read twice: once to learn its columns and their types, once for the rows,
so that every batch has the same columns even when a key first appears in the last line.

A column of one JSON type keeps it (whole numbers beside fractions become fractions, lists keep their elements' type).
A column of several types, objects and nested lists become JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from kgrec.errors import SourceError, shorten
from kgrec_loaders.source_files import BATCH_ROWS, empty_file, not_utf8, open_bytes, reading

_TYPES: dict[frozenset[str], pa.DataType] = {
    frozenset({"str"}): pa.string(),
    frozenset({"bool"}): pa.bool_(),
    frozenset({"int"}): pa.int64(),
    frozenset({"float"}): pa.float64(),
    frozenset({"int", "float"}): pa.float64(),
}


def read_jsonl(parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """Read the parts of one table as record batches, at least one.

    Raises:
        SourceError: empty, damaged, not UTF-8, or a line that is not a JSON object.
    """
    kinds: dict[str, set[str]] = {}
    for row in _rows(parts):
        for key, value in row.items():
            kinds.setdefault(key, set()).update(_kinds(value))
    if not kinds:
        raise empty_file(f"jsonl:{parts[0]}", "one JSON object per line, with at least one key")
    schema = pa.schema([(key, _arrow_type(found)) for key, found in kinds.items()])
    rows: list[dict[str, Any]] = []
    for row in _rows(parts):
        rows.append(row)
        if len(rows) == BATCH_ROWS:
            yield _batch(rows, schema, kinds)
            rows = []
    if rows:
        yield _batch(rows, schema, kinds)


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
                    raise not_utf8(f"{where}, row {number}", shorten(line)) from None
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


def _kinds(value: object) -> set[str]:
    """Names of the types in a value: none for null, ``list:...`` for the elements of a list."""
    if value is None:
        return set()
    if isinstance(value, list):
        inner = set().union(*(_kinds(v) for v in value)) if None not in value else {"null"}
        return {"list"} | {f"list:{kind}" for kind in inner}
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return {"large int"}
    return {type(value).__name__}


def _arrow_type(kinds: set[str]) -> pa.DataType:
    if "list" in kinds and all(kind.startswith("list") for kind in kinds):
        inner = frozenset(kind.removeprefix("list:") for kind in kinds - {"list"})
        element = _TYPES.get(inner) if inner else pa.string()
        return pa.list_(element) if element is not None else pa.string()
    return _TYPES.get(frozenset(kinds), pa.string())


def _batch(rows: list[dict[str, Any]], schema: pa.Schema, kinds: dict[str, set[str]]) -> pa.RecordBatch:
    columns = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if field.type == pa.string() and kinds[field.name] - {"str"}:
            values = [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
        columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
