"""A log in parts, checked as an import checks it and sorted into columns, in memory that does not grow with it.

Each part is read by a call of its own, and its rows are dealt to drafts by a hash of the user; then each block of users
is put together, sorted and written by a call of its own. What comes out does not depend on the order of the parts, but
where the same interaction is stated twice: then the later part holds, as in an import.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.dataset import FOR, Array
from kgrec.data.record_columns import InteractionColumns
from kgrec.errors import ConfigError, SourceError
from kgrec.extract.extraction import Extraction
from kgrec.extract.mapping import OnError
from kgrec.extract.repeats import RepeatedInteractions
from kgrec.extract.row_reader import Problem
from kgrec.graph.polarity import with_polarity
from kgrec.learn.columns.interaction_log import (
    COLUMNS,
    FORMAT,
    ITEMS,
    MANIFEST,
    USERS,
    InteractionLog,
    interactions_of,
    read_ids,
    write_ids,
)
from kgrec.parallel.blocks import map_blocks
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress, silent
from kgrec.schema.model import GraphSchema

_DRAFT = pa.schema(
    dict.fromkeys(("type", "platform", "kind", "user", "item"), pa.string())
    | dict.fromkeys(("time", "weight"), pa.float64())
)
_DRAFTS = "drafts"
_FEWEST, _MOST = 64, 512
"""Blocks, where nobody says how many; a file is open for each while a part is read, and a process may open 1,024."""
_KEY = "user", "item", "type", "kind", "platform", "time", "repeat"
"""What tells interactions apart, see :class:`kgrec.data.records.Interaction`."""


@dataclass(frozen=True)
class LogImport:
    """What an import of a log did.

    Attributes:
        log: what it wrote.
        rows: rows that were read of the parts.
        problems: rows left out, by part and reason.
    """

    log: InteractionLog
    rows: int
    problems: tuple[Problem, ...]


def import_log(
    schema: GraphSchema,
    parts: Sequence[str],
    folder: str | Path,
    *,
    n_blocks: int | None = None,
    on_error: OnError = "fail",
    executor: Executor = here,
    progress: Progress = silent,
) -> LogImport:
    """A log of interactions as columns, from parts that each fit into memory.

    What the schema says of interactions holds as in an import: kinds, weights, repeats, what speaks against an item,
    pseudonyms. Accounts are not put together to persons, and an
    item is whatever is named. The folder is written whole; an import that is stopped leaves
    what was there before.

    Args:
        parts: sources of interactions of the same tables, such as ``tables:log/part-0001.parquet``.
        n_blocks: of users: one is worked on at a time, and so many are worked on at once as there are workers. None
            takes as many as parts, so that a block is as large as a part, but 64 at least and 512 at most.
        on_error: as for an import: raise at a row that does not fit, or leave it out.
        executor: reads parts and sorts blocks.

    Raises:
        ConfigError: there is no part, or no block.
        SourceError: a part cannot be read, none has an interaction, or something else is in the folder.
        RecordError: a row does not fit and ``on_error`` is "fail".
    """
    n_blocks = min(max(len(parts), _FEWEST), _MOST) if n_blocks is None else n_blocks
    if not parts or n_blocks < 1:
        raise ConfigError(
            "there is nothing to import.",
            where="parts" if not parts else "n_blocks",
            found="no part of a log" if not parts else str(n_blocks),
            expected="one or more",
            next="name the files of the log" if not parts else "ask for one block or more",
        )
    target = Path(folder).absolute()
    if target.exists() and not (target / MANIFEST).is_file() and (target.is_file() or any(target.iterdir())):
        raise SourceError(
            "a log cannot be written here.",
            where=str(folder),
            found="something else than a log",
            expected="a new path, an empty folder or an earlier log",
            next="name another folder",
        )
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / _DRAFTS).mkdir(parents=True)
    try:
        of_parts, of_blocks = progress.parts(2, 1)
        dealing = _Dealing(schema, tuple(parts), fresh / _DRAFTS, n_blocks, on_error)
        numbers = [range(number, number + 1) for number in range(len(parts))]
        dealt = list(map_blocks(executor, _dealt, dealing, numbers, of_parts, "parts read", "parts"))
        if not any(part.rows for part in dealt):
            raise SourceError(
                "the log has no interactions.",
                where=", ".join(parts[:3]),
                found="no row that is one",
                expected=f"rows of {', '.join(schema.interactions)}",
                next="check the schema's tables and columns",
            )
        write_ids(fresh / ITEMS, _sorted_ids([part.items for part in dealt]))
        names = {name: sorted({one for part in dealt for one in part.names[name]}) for name in ("kind", "platform")}
        sorting = _Sorting(schema, fresh, names["kind"], names["platform"])
        numbers = [range(number, number + 1) for number in range(n_blocks)]
        blocks = list(map_blocks(executor, _sorted_block, sorting, numbers, of_blocks, "blocks sorted", "blocks"))
        shutil.rmtree(fresh / _DRAFTS)
        manifest = {
            "format": FORMAT,
            "schema": schema.model_dump(mode="json"),
            "items": len(read_ids(fresh / ITEMS)),
            "kinds": names["kind"],
            "platforms": names["platform"],
            "types": list(schema.interactions),
            "blocks": [{"folder": _name(n), "rows": rows, "users": users} for n, (rows, users) in enumerate(blocks)],
        }
        (fresh / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    problems = tuple(problem for part in dealt for problem in part.problems)
    return LogImport(InteractionLog.open(target), sum(part.rows for part in dealt), problems)


@dataclass(frozen=True)
class _Dealing:
    """How parts are dealt to drafts."""

    schema: GraphSchema
    parts: tuple[str, ...]
    folder: Path
    n_blocks: int
    on_error: OnError


@dataclass(frozen=True)
class _Dealt:
    """What was in a part: rows, different items, names of kinds and platforms, and rows left out."""

    rows: int
    items: pa.Array
    names: dict[str, list[str]]
    problems: tuple[Problem, ...]


def _dealt(of: _Dealing, number: range) -> _Dealt:
    """One part, checked and dealt; a worker that is killed has written files that the next one writes anew."""
    extraction = Extraction(of.schema, [of.parts[number.start]], on_error=of.on_error)
    rows, items = 0, []
    names: dict[str, set[str]] = {"kind": set(), "platform": set()}
    with ExitStack() as files:
        drafts: dict[int, pa.RecordBatchWriter] = {}
        for _, records in extraction.blocks("interactions"):
            assert isinstance(records, InteractionColumns)
            rows += len(records)
            items.append(records.columns["item"].dictionary)
            names["kind"].update(records.columns["kind"].dictionary.to_pylist())
            names["platform"].add(records.platform)
            for block, draft in _by_block(records, of.n_blocks):
                if block not in drafts:
                    path = of.folder / _name(block) / f"{number.start:06}.arrow"
                    path.parent.mkdir(exist_ok=True)
                    drafts[block] = files.enter_context(pa.ipc.new_file(str(path), _DRAFT))
                drafts[block].write_batch(draft)
    return _Dealt(
        rows, _sorted_ids(items), {name: sorted(of) for name, of in names.items()}, tuple(extraction.problems)
    )


def _by_block(records: InteractionColumns, n_blocks: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The records of each block of users, in their order."""
    user = records.columns["user"]
    of_id = np.array([zlib.crc32(uid.encode()) % n_blocks for uid in user.dictionary.to_pylist()], np.int64)
    block = of_id[user.indices.to_numpy()]
    order = np.argsort(block, kind="stable")
    texts = {"type": pa.repeat(records.type, len(records)), "platform": pa.repeat(records.platform, len(records))}
    texts |= {name: records.columns[name].cast(pa.string()) for name in ("kind", "user", "item")}
    whole = pa.RecordBatch.from_pydict(texts | {name: records.columns[name] for name in ("time", "weight")}, _DRAFT)
    whole = whole.take(pa.array(order))
    present, starts = np.unique(block[order], return_index=True)
    for number, start, end in zip(present.tolist(), starts, [*starts[1:], len(order)], strict=True):
        yield number, whole.slice(start, end - start)


@dataclass(frozen=True)
class _Sorting:
    """What blocks are sorted with; ``folder`` holds the ids of all items and the drafts."""

    schema: GraphSchema
    folder: Path
    kinds: list[str]
    platforms: list[str]


def _sorted_block(of: _Sorting, number: range) -> tuple[int, int]:
    """One block, written; how many rows and users it has."""
    drafts = sorted((of.folder / _DRAFTS / _name(number.start)).glob("*.arrow"))
    tables = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in drafts]
    rows = pa.concat_tables([_DRAFT.empty_table(), *tables])
    users = _sorted_ids([rows["user"].unique()])
    items = pa.array(read_ids(of.folder / ITEMS), pa.string())
    parts = [_put_together(of, part, users, items) for part in _of_one_type(of, rows)]
    columns = {name: np.concatenate([np.zeros(0), *(part[name] for part in parts)]) for name in (*COLUMNS, "repeat")}
    kept = _last_of_each(columns)
    columns = {name: column[kept] for name, column in columns.items()}
    seen = interactions_of(columns, of.kinds, of.platforms, list(of.schema.interactions))
    seen = with_polarity(seen, of.schema) if len(seen) else seen
    seen = seen.select(np.lexsort((seen.time, seen.user)))
    folder = of.folder / _name(number.start)
    folder.mkdir(exist_ok=True)
    write_ids(folder / USERS, users)
    for name, dtype in COLUMNS.items():
        np.save(folder / f"{name}.npy", getattr(seen, name).astype(dtype))
    return len(seen), len(users)


def _of_one_type(of: _Sorting, rows: pa.Table) -> Iterator[InteractionColumns]:
    """The rows as records, those of a type and platform together, in their order."""
    for type in of.schema.interactions:
        for platform in of.platforms:
            which = pc.and_(pc.equal(rows["type"], type), pc.equal(rows["platform"], platform))
            some = rows.filter(which).combine_chunks()
            if some.num_rows:
                arrays = {name: some[name].combine_chunks() for name in ("user", "item", "kind", "time", "weight")}
                empty = {
                    "repeat": pa.array(np.zeros(some.num_rows, np.int64)),
                    "context": pa.nulls(some.num_rows, pa.string()),
                }
                yield InteractionColumns.of_arrays(type, platform, arrays | empty)


def _put_together(of: _Sorting, records: InteractionColumns, users: pa.Array, items: pa.Array) -> dict[str, Array]:
    """Columns of records, repeats put together as the schema says."""
    records = RepeatedInteractions(of.schema).put_together(records)
    column = records.columns
    n = len(records)
    return {
        "user": _rows_in(users, column["user"]),
        "item": _rows_in(items, column["item"]),
        "time": column["time"].to_numpy(zero_copy_only=False).astype(np.float64),
        "weight": column["weight"].to_numpy(zero_copy_only=False).astype(np.float32),
        "kind": _rows_in(pa.array(of.kinds), column["kind"]),
        "platform": np.full(n, of.platforms.index(records.platform)),
        "type": np.full(n, list(of.schema.interactions).index(records.type)),
        "repeat": column["repeat"].to_numpy(),
        "says": np.full(n, FOR, np.int8),
    }


def _rows_in(ids: pa.Array, column: pa.DictionaryArray) -> Array:
    rows: Array = pc.index_in(column.dictionary, ids).to_numpy().astype(np.int64)[column.indices.to_numpy()]
    return rows


def _last_of_each(columns: dict[str, Array]) -> Array:
    """Rows of the last statement of each interaction, in their order."""
    keys = [np.nan_to_num(columns[name], nan=-np.inf) for name in _KEY]
    order = np.lexsort(keys)  # stable: of equal keys the last stated comes last
    last = np.ones(len(order), np.bool_)
    for key in keys:
        of_rows = key[order]
        changes = of_rows[1:] != of_rows[:-1]  # not by a difference: unknown times have none
        last[:-1] = changes if key is keys[0] else last[:-1] | changes
    return np.sort(order[last])


def _sorted_ids(parts: Sequence[pa.Array]) -> pa.Array:
    """Each id once, sorted."""
    ids = pa.chunked_array([pa.array([], pa.string()), *(part.cast(pa.string()) for part in parts)]).unique()
    return ids.take(pc.sort_indices(ids))


def _name(block: int) -> str:
    return f"block-{block:04}"
