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

_PART_ROWS = 4_000_000
"""Rows that are compared with each other at once: 16 bytes of hash and order each, and what sorting takes."""

_ROWS_AT_ONCE = 50_000
"""Rows that are written at once, so that memory that was touched once serves again."""

_EXACT_WHOLE = 1e15
"""Positive whole times below this have the same digits, whether they are written as integers or as floats."""

_PLAIN = 1e-3, 4e9
"""Fractions between these are written alike by Arrow and Python: with all digits that count, without an exponent."""

_SIMPLE = re.compile(r"[^\s\\|\x00-\x1f\x7f]([^\\|\x00-\x1f\x7f]*[^\s\\|\x00-\x1f\x7f])?")
"""Names that come through a file unchanged: not empty, no control characters, backslashes, bars or blanks at an end."""

PROPERTY_TYPES = {
    "edges": {"relation": "text", "platforms": "list"},
    "interactions": {"key": "text", "kind": "text", "platform": "text"}
    | {"time": "float", "weight": "float", "context": "text"},
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
                for written in _part(list(_rows_of(spool, group, part, parts)), group[0], files):
                    files.rows += written.num_rows
                    writer.write(written.select([column.name for column in columns]))
    pa.default_memory_pool().release_unused()  # the graph that is built next needs the room
    return files


def _sizes(spool: ImportSpool) -> dict[Group, int]:
    """Rows of each group, the groups in a fixed order."""
    sizes: Counter[Group] = Counter()
    for batch in spool.read():
        types, sources = batch.rows["type"], batch.rows["source_type"]
        names = [(type, source) for type in types.dictionary.to_pylist() for source in sources.dictionary.to_pylist()]
        counts = np.bincount(_codes(types) * len(sources.dictionary) + _codes(sources), minlength=len(names))
        for (type, source), count in zip(names, counts.tolist(), strict=True):
            sizes[batch.kind, type, source] += count
    return {group: rows for group, rows in sorted(sizes.items()) if rows}


def _rows_of(spool: ImportSpool, group: Group, part: int, parts: int) -> Iterator[SpooledBatch]:
    kind, type, source_type = group
    for batch in spool.read():
        if batch.kind != kind:
            continue
        wanted = np.ones(batch.rows.num_rows, np.bool_)
        for column, text in ((batch.rows["type"], type), (batch.rows["source_type"], source_type)):
            wanted &= _codes(column) == column.dictionary.index(text).as_py()
        if parts > 1:
            wanted &= batch.rows["source"].to_numpy() % parts == part
        if wanted.any():
            rows = batch.rows if wanted.all() else batch.rows.filter(pa.array(wanted))
            yield SpooledBatch(kind, batch.table, rows)


def _part(batches: list[SpooledBatch], kind: str, files: RelationshipFiles) -> Iterator[pa.RecordBatch]:
    """Rows of a file, each identity once, some at a time."""
    if not batches:
        return
    table = pa.Table.from_batches([batch.rows for batch in batches]).unify_dictionaries().combine_chunks()
    rows = table.to_batches()[0]
    stated = _Statements(rows, with_time=kind == "interactions")
    left = ~_plain(rows)
    if kind == "edges":
        left |= stated.several  # statements join the platforms of a fact that is stated again
    left = stated.any_of_identity(left)
    is_first = stated.is_first
    start = 0
    for batch in batches:
        some = slice(start, start + batch.rows.num_rows)
        start = some.stop
        n_left = int(left[some].sum())
        created = int((is_first[some] & ~left[some]).sum())
        files.created[batch.kind, batch.table] += created
        files.matched[batch.kind, batch.table] += batch.rows.num_rows - n_left - created
        if n_left:
            files.left.append(SpooledBatch(batch.kind, batch.table, batch.rows.filter(pa.array(left[some]))))
    kept = stated.order[stated.ends & ~left[stated.order]]
    rows = rows.select(_READ[kind])
    for start in range(0, len(kept), _ROWS_AT_ONCE):  # sorted by nodes, which the loader is quicker with
        yield _MAKERS[kind](rows.take(pa.array(kept[start : start + _ROWS_AT_ONCE])))


class _Statements:
    """Which rows state the same relationship.

    Attributes:
        order: rows by their nodes, those of an identity as they came, int64 ``(n,)``.
        begins, ends: whether the row at a place of this order is the first or the last of its identity, bool ``(n,)``.
    """

    def __init__(self, rows: pa.RecordBatch, with_time: bool) -> None:
        target = rows["target"].to_numpy()
        end = _codes(rows["target_type"]) * (target.max() + 1) + target
        pair = rows["source"].to_numpy() * (end.max() + 1) + end
        self.order = order = np.argsort(pair, kind="stable")
        alike = np.diff(pair[order]) == 0
        self.begins = np.r_[True, ~alike]
        # Few nodes have several relationships with each other: what tells those apart is compared of them only.
        places = np.flatnonzero(np.r_[alike, False] | np.r_[False, alike])
        if len(places):
            some = order[places]
            details = [pair, _codes(rows["name"])]
            if with_time:
                moments = rows["time"].to_numpy(zero_copy_only=False).view(np.int64)
                details += [_codes(rows["platform"]), moments, rows["repeat"].to_numpy()]
            details = [detail[some] for detail in details]
            finer = np.lexsort(details[::-1])
            order[places] = some[finer]
            differs = [np.diff(detail[finer]) != 0 for detail in details]
            self.begins[places] = np.r_[True, np.logical_or.reduce(differs)]
        self.ends = np.r_[self.begins[1:], True]

    @property
    def is_first(self) -> npt.NDArray[np.bool_]:
        """Whether a row is the first of its identity, bool ``(n,)``."""
        return _back(self.order, self.begins)

    @property
    def several(self) -> npt.NDArray[np.bool_]:
        """Whether the identity of a row is stated several times, bool ``(n,)``."""
        return _back(self.order, ~(self.begins & self.ends))

    def any_of_identity(self, flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Whether the flag is set for any row of a row's identity."""
        if not flags.any():
            return flags
        identity = _back(self.order, np.cumsum(self.begins) - 1)
        found: npt.NDArray[np.bool_] = np.bincount(identity, flags)[identity] > 0
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
    for name in ("name", "platform", "context"):
        column, may_be_empty = rows[name], name == "context"
        texts = column.dictionary.to_pylist()
        simple = np.array([_SIMPLE.fullmatch(text) is not None or (may_be_empty and not text) for text in texts])
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
    key = pc.binary_join_element_wise(start, _time_texts(rows["time"]), "")
    if pc.max(rows["repeat"]).as_py():
        repeat = pc.binary_join_element_wise("|", rows["repeat"].cast(pa.string()), "")
        key = pc.binary_join_element_wise(key, pc.if_else(pc.equal(rows["repeat"], 0), "", repeat), "")
    texts = [rows[name].cast(pa.string()) for name in ("name", "platform")]
    contexts = pa.array([text or None for text in rows["context"].dictionary.to_pylist()], pa.string())
    columns = [*_ends(rows), key, *texts, rows["time"], rows["weight"], contexts.take(rows["context"].indices)]
    return pa.RecordBatch.from_arrays(columns, schema=_FILE_SCHEMAS["interactions"])


def _time_texts(times: pa.Array) -> pa.Array:
    """Each time as Python writes a float, nothing for none."""
    seconds = times.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = (np.floor(seconds) == seconds) & (seconds > 0) & (seconds < _EXACT_WHOLE)
        broken = (np.floor(seconds) != seconds) & (seconds > _PLAIN[0]) & (seconds < _PLAIN[1])
    if (whole | broken).sum() + times.null_count < len(times):
        return pa.array(["" if time is None else repr(time) for time in times.to_pylist()], pa.string())
    digits = pa.array(np.where(whole, seconds, 0).astype(np.int64), mask=~whole).cast(pa.string())
    texts = pc.binary_join_element_wise(digits, ".0", "")
    return pc.fill_null(texts if not broken.any() else pc.coalesce(texts, times.cast(pa.string())), "")


_READ = {
    "edges": ["source", "target", "target_type", "name", "platform"],
    "interactions": ["source", "target", "target_type", "name", "platform", "time", "weight", "repeat", "context"],
}
"""Columns that a file is made of."""

_MAKERS = {"edges": _facts, "interactions": _events}
