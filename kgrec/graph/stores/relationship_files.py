"""Relationships of a spool as files that a bulk loader reads: each identity once, the last statement of it.

What a file cannot say to the letter, and facts that are stated again, are left for the statements of the store.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from kgrec.data.records import key_start
from kgrec.graph.stores.import_spool import ImportSpool, SpooledBatch

Group = tuple[str, str, str]
"""Kind of the records, their type, and the type of their source."""

_PART_ROWS = 2_000_000
"""Rows that are compared with each other at once: 16 bytes of hash and order each, and what sorting takes."""

_EXACT_WHOLE = 1e15
"""Positive whole times below this have the same digits, whether they are written as integers or as floats."""

_SIMPLE = re.compile(r"[^\s\\|\x00-\x1f\x7f]([^\\|\x00-\x1f\x7f]*[^\s\\|\x00-\x1f\x7f])?")
"""Names that come through a file unchanged: not empty, no control characters, backslashes, bars or blanks at an end."""

PROPERTY_TYPES = {
    "edges": {"relation": "text", "platforms": "list"},
    "interactions": {"key": "text", "kind": "text", "platform": "text", "time": "float", "weight": "float"},
}
"""Columns of a file beside those of its ends, with their types in the words of the loader."""

_ARROW = {"text": pa.string(), "list": pa.string(), "float": pa.float64()}
_FILE_SCHEMAS = {
    kind: pa.schema(
        {"source_id": pa.int64(), "target_id": pa.int64(), "target_type": pa.string()}
        | {name: _ARROW[type] for name, type in types.items()}
    )
    for kind, types in PROPERTY_TYPES.items()
}


@dataclass
class RelationshipFiles:
    """What became of the rows of a spool.

    Attributes:
        paths: the file of each group.
        created, matched: how many rows of each kind and table are new, or state again what a row before them did.
        left: rows that statements must write, in order.
        rows: how many the files hold.
    """

    paths: dict[Group, Path] = field(default_factory=dict)
    created: Counter[tuple[str, str]] = field(default_factory=Counter)
    matched: Counter[tuple[str, str]] = field(default_factory=Counter)
    left: list[SpooledBatch] = field(default_factory=list)
    rows: int = 0


def write_files(spool: ImportSpool, folder: Path, several_targets: Collection[str]) -> RelationshipFiles:
    """Files of the spool's relationships in a folder, one for each type and type of source.

    Args:
        several_targets: relationship types that lead to nodes of several types, which their files name.

    Rows are compared in parts, by their source, so that memory does not grow with them.
    """
    files = RelationshipFiles()
    for number, (group, rows) in enumerate(_sizes(spool).items()):
        files.paths[group] = folder / f"{number}.csv"
        columns = [c for c in _FILE_SCHEMAS[group[0]] if c.name != "target_type" or group[1] in several_targets]
        with csv.CSVWriter(str(files.paths[group]), pa.schema(columns)) as writer:
            parts = rows // _PART_ROWS + 1
            for part in range(parts):
                written = _part(list(_rows_of(spool, group, part, parts)), group[0], files)
                if written is not None:
                    files.rows += written.num_rows
                    writer.write(written.select([column.name for column in columns]))
    return files


def _sizes(spool: ImportSpool) -> dict[Group, int]:
    """Rows of each group, the groups in a fixed order."""
    types = ["type", "source_type"]
    sizes: Counter[Group] = Counter()
    for batch in spool.read():
        counted = pa.Table.from_batches([batch.rows.select(types)]).group_by(types).aggregate([([], "count_all")])
        for row in counted.to_pylist():
            sizes[batch.kind, row["type"], row["source_type"]] += row["count_all"]
    return dict(sorted(sizes.items()))


def _rows_of(spool: ImportSpool, group: Group, part: int, parts: int) -> Iterator[SpooledBatch]:
    kind, type, source_type = group
    for batch in spool.read():
        if batch.kind != kind:
            continue
        wanted = pc.and_(pc.equal(batch.rows["type"], type), pc.equal(batch.rows["source_type"], source_type))
        if parts > 1:
            wanted = pc.and_(wanted, pa.array(batch.rows["source"].to_numpy() % parts == part))
        rows = batch.rows.filter(wanted)
        if rows.num_rows:
            yield SpooledBatch(kind, batch.table, rows)


def _part(batches: list[SpooledBatch], kind: str, files: RelationshipFiles) -> pa.RecordBatch | None:
    """Rows of a file, each identity once; None where there are none."""
    if not batches:
        return None
    table = pa.Table.from_batches([batch.rows for batch in batches]).unify_dictionaries().combine_chunks()
    rows = table.to_batches()[0]
    stated = _Statements(rows, with_time=kind == "interactions")
    left = ~_plain(rows)
    if kind == "edges":
        left |= stated.times > 1  # statements join the platforms of a fact that is stated again
    left = stated.any_of_identity(left)
    start = 0
    for batch in batches:
        some = slice(start, start + batch.rows.num_rows)
        start = some.stop
        files.created[batch.kind, batch.table] += int((stated.is_first & ~left)[some].sum())
        files.matched[batch.kind, batch.table] += int((~stated.is_first & ~left)[some].sum())
        if left[some].any():
            files.left.append(SpooledBatch(batch.kind, batch.table, batch.rows.filter(pa.array(left[some]))))
    kept = (stated.is_last & ~left)[stated.order]
    return _MAKERS[kind](rows.take(pa.array(stated.order[kept])))  # the loader is twice as fast with sorted rows


class _Statements:
    """Which rows state the same relationship.

    Attributes:
        is_first, is_last: of the rows of an identity, bool ``(n,)``.
        times: how often the identity of a row is stated ``(n,)``.
        order: rows by their nodes, int64 ``(n,)``.
    """

    def __init__(self, rows: pa.RecordBatch, with_time: bool) -> None:
        target = rows["target"].to_numpy()
        end = _codes(rows["target_type"]) * (target.max() + 1) + target
        pair = rows["source"].to_numpy() * (end.max() + 1) + end
        detail = _codes(rows["name"])
        if with_time:
            moments, moment = np.unique(rows["time"].to_numpy(zero_copy_only=False), return_inverse=True)
            repeat = rows["repeat"].to_numpy()
            detail = detail * len(rows["platform"].dictionary) + _codes(rows["platform"])
            detail = (detail * len(moments) + moment) * (repeat.max() + 1) + repeat
        self.order = order = np.lexsort((detail, pair))
        new = np.r_[True, (np.diff(pair[order]) != 0) | (np.diff(detail[order]) != 0)]
        self._identity = _back(order, np.cumsum(new) - 1)
        self.is_first = _back(order, new)
        self.is_last = _back(order, np.r_[new[1:], True])
        self.times = np.bincount(self._identity)[self._identity]

    def any_of_identity(self, flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Whether the flag is set for any row of a row's identity."""
        found: npt.NDArray[np.bool_] = np.bincount(self._identity, flags)[self._identity] > 0
        return found


def _back(order: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values in sorted order, put where the rows are."""
    placed = np.empty_like(values)
    placed[order] = values
    return placed


def _codes(column: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    codes: npt.NDArray[np.int64] = column.indices.to_numpy().astype(np.int64)
    return codes


def _plain(rows: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Rows that a file says to the letter: without properties of their own, names without odd characters."""
    fine = rows["properties"].is_null().to_numpy(zero_copy_only=False)
    for column in (rows["name"], rows["platform"]):
        simple = np.array([_SIMPLE.fullmatch(text) is not None for text in column.dictionary.to_pylist()], np.bool_)
        fine = fine & simple[_codes(column)]
    plain: npt.NDArray[np.bool_] = fine
    return plain


def _ends(rows: pa.RecordBatch) -> list[pa.Array]:
    return [rows["source"], rows["target"], rows["target_type"].cast(pa.string())]


def _facts(rows: pa.RecordBatch) -> pa.RecordBatch:
    platforms = pa.array([json.dumps([name], ensure_ascii=False) for name in rows["platform"].dictionary.to_pylist()])
    columns = [*_ends(rows), rows["name"].cast(pa.string()), platforms.take(rows["platform"].indices)]
    return pa.RecordBatch.from_arrays(columns, schema=_FILE_SCHEMAS["edges"])


def _events(rows: pa.RecordBatch) -> pa.RecordBatch:
    names, platforms = rows["name"].dictionary.to_pylist(), rows["platform"].dictionary.to_pylist()
    starts = pa.array([key_start(kind, platform) for kind in names for platform in platforms])
    start = starts.take(pa.array(_codes(rows["name"]) * len(platforms) + _codes(rows["platform"])))
    repeat = pc.if_else(
        pc.equal(rows["repeat"], 0), "", pc.binary_join_element_wise("|", rows["repeat"].cast("string"), "")
    )
    key = pc.binary_join_element_wise(start, _time_texts(rows["time"]), repeat, "")
    texts = [rows[name].cast(pa.string()) for name in ("name", "platform")]
    columns = [*_ends(rows), key, *texts, rows["time"], rows["weight"]]
    return pa.RecordBatch.from_arrays(columns, schema=_FILE_SCHEMAS["interactions"])


def _time_texts(times: pa.Array) -> pa.Array:
    """Each time as Python writes a float, nothing for none."""
    seconds = times.to_numpy(zero_copy_only=False)
    known = seconds[~np.isnan(seconds)]
    if ((np.floor(known) == known) & (known > 0) & (known < _EXACT_WHOLE)).all():
        whole = pc.binary_join_element_wise(times.cast(pa.int64()).cast(pa.string()), ".0", "")
        return pc.fill_null(whole, "")
    return pa.array(["" if time is None else repr(time) for time in times.to_pylist()], pa.string())


_MAKERS = {"edges": _facts, "interactions": _events}
