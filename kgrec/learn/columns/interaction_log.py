"""A log of interactions as columns on disk, a block of users at a time.

manifest.json             format, schema, numbers of rows and users of each block
items.arrow               ids of the items, sorted; an item's row is its place
block-0000/users.arrow    ids of the block's users, sorted
block-0000/item.npy ...   a column each, sorted by user and time; users are numbered within the block

Which block a user is in is decided by the id alone, so all that somebody did is in one. Users are numbered through all
blocks in their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from kgrec.data.dataset import FOR, Array, Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import SourceError, shorten
from kgrec.parallel.blocks import map_blocks
from kgrec.parallel.cached_attribute import cached_property
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress, silent

FORMAT = 1
MANIFEST, ITEMS, USERS = "manifest.json", "items.arrow", "users.arrow"
COLUMNS = {
    "user": np.int32,
    "item": np.int32,
    "time": np.float64,
    "weight": np.float32,
    "kind": np.int16,
    "platform": np.int16,
    "type": np.int16,
    "says": np.int8,
}
"""Columns of :class:`~kgrec.data.dataset.Interactions` and their types on disk."""


@dataclass(frozen=True)
class Block:
    """Numbers of a block.

    Attributes:
        folder: its name.
        rows, users: how many it has.
        first_user: row of its first user, through all blocks.
    """

    folder: str
    rows: int
    users: int
    first_user: int


@dataclass(frozen=True)
class InteractionLog:
    """A log on disk; what is read of it is mapped into memory, and a block at a time is worked on.

    Attributes:
        folder: where it is.
        manifest: what ``manifest.json`` says.
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: str | Path) -> InteractionLog:
        """The log of a folder.

        Raises:
            SourceError: none is there, or it is of another format.
        """
        place = Path(folder)
        try:
            manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SourceError(
                "there is no log of interactions.",
                where=str(folder),
                found=shorten(str(error)),
                expected="a folder that an import of a log has written",
                next="correct the path, or import the log",
            ) from error
        if manifest.get("format") != FORMAT:
            raise SourceError(
                "the log is of another format.",
                where=str(folder),
                found=f"format {manifest.get('format')}",
                expected=f"format {FORMAT}",
                next="import the log again",
            )
        return cls(place, manifest)

    def __len__(self) -> int:
        return sum(block.rows for block in self.blocks)

    def __repr__(self) -> str:
        return f"InteractionLog({len(self)} interactions, {self.n_users} users, {self.n_items} items)"

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """The blocks in their order."""
        users = np.cumsum([0, *(one["users"] for one in self.manifest["blocks"])]).tolist()
        return [Block(**one, first_user=first) for one, first in zip(self.manifest["blocks"], users[:-1], strict=True)]

    @property
    def n_users(self) -> int:
        """Number of users."""
        return sum(block.users for block in self.blocks)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.manifest["items"])

    @cached_property
    def items(self) -> Vocabulary:
        """Ids of all items."""
        return Vocabulary(read_ids(self.folder / ITEMS))

    def users_of(self, block: Block) -> list[str]:
        """Ids of a block's users."""
        return read_ids(self.folder / block.folder / USERS)

    def column(self, block: Block, name: str) -> Array:
        """A column of a block as it is on disk, mapped into memory; users are numbered within the block."""
        array: Array = np.load(self.folder / block.folder / f"{name}.npy", mmap_mode="r")
        return array

    def interactions(self, block: Block) -> Interactions:
        """What a block's users did; users are numbered through all blocks."""
        columns = {name: np.array(self.column(block, name)) for name in COLUMNS}
        columns["user"] = columns["user"].astype(np.int64) + block.first_user
        return interactions_of(columns, *(self.manifest[name] for name in ("kinds", "platforms", "types")))

    def matrix(self, executor: Executor = here, progress: Progress = silent) -> sparse.csr_matrix:
        """Users x items, 1.0 where anything speaks for the item; float32, the columns of a row in their order.

        Args:
            executor: reads blocks.
        """
        numbers = [range(number, number + 1) for number in range(len(self.blocks))]
        parts = list(map_blocks(executor, _pairs, self, numbers, progress, "matrix of users and items", "blocks"))
        lengths = np.concatenate([np.zeros(1, np.int64), *(lengths for lengths, _ in parts)])
        indices = np.concatenate([np.zeros(0, np.int32), *(items for _, items in parts)])
        data = np.ones(len(indices), np.float32)
        return sparse.csr_matrix((data, indices, np.cumsum(lengths)), shape=(self.n_users, self.n_items))

    def counts(self, executor: Executor = here, progress: Progress = silent) -> LogCounts:
        """Interactions by item and by kind, and when they were.

        Args:
            executor: counts blocks.
        """
        numbers = [range(number, number + 1) for number in range(len(self.blocks))]
        total = LogCounts.none(self.n_items, len(self.manifest["kinds"]))
        for found in map_blocks(executor, _counted, self, numbers, progress, "counts", "blocks"):
            total = total.joined(found)
        return total


@dataclass(frozen=True)
class LogCounts:
    """Counts of a log or a part of it.

    Attributes:
        by_item: interactions that speak for an item, int64 ``(items,)``.
        by_kind: interactions of a kind, int64 ``(kinds,)``.
        first, last: the times between which they were; nan where none is known.
    """

    by_item: Array
    by_kind: Array
    first: float
    last: float

    @classmethod
    def none(cls, n_items: int, n_kinds: int) -> LogCounts:
        """Counts of nothing."""
        return cls(np.zeros(n_items, np.int64), np.zeros(n_kinds, np.int64), np.nan, np.nan)

    def joined(self, other: LogCounts) -> LogCounts:
        """Counts of both."""
        by_item, by_kind = self.by_item + other.by_item, self.by_kind + other.by_kind
        return LogCounts(by_item, by_kind, np.fmin(self.first, other.first), np.fmax(self.last, other.last))


def interactions_of(
    columns: Mapping[str, Array], kinds: Sequence[str], platforms: Sequence[str], types: Sequence[str]
) -> Interactions:
    """Interactions of columns of any integer types; where nothing is said of their items, they speak for them."""
    user, item, kind, platform, type = (
        columns[name].astype(np.int64) for name in ("user", "item", "kind", "platform", "type")
    )
    says = columns.get("says", np.zeros(0, np.int8))
    names = tuple(kinds), tuple(platforms), tuple(types)
    return Interactions(user, item, columns["time"], columns["weight"], kind, platform, *names, type=type, says=says)


def _pairs(log: InteractionLog, number: range) -> tuple[Array, Array]:
    """Of each user of a block how many items they have, and which, in their order."""
    block = log.blocks[number.start]
    speaks = log.column(block, "says") == FOR
    user = log.column(block, "user")[speaks].astype(np.int64)
    pairs = np.unique(user * log.n_items + log.column(block, "item")[speaks])
    user, item = np.divmod(pairs, log.n_items)
    return np.bincount(user, minlength=block.users), item.astype(np.int32)


def _counted(log: InteractionLog, number: range) -> LogCounts:
    """Counts of a block."""
    block = log.blocks[number.start]
    item = log.column(block, "item")[log.column(block, "says") == FOR]
    by_kind = np.bincount(log.column(block, "kind"), minlength=len(log.manifest["kinds"]))
    known = (time := log.column(block, "time"))[~np.isnan(time)]
    first, last = (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)
    return LogCounts(np.bincount(item, minlength=log.n_items), by_kind, first, last)


def read_ids(path: Path) -> list[str]:
    """The ids in a file."""
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        ids: list[str] = reader.read_all()["id"].to_pylist()
    return ids


def write_ids(path: Path, ids: pa.Array) -> None:
    """Write a file of ids."""
    table = pa.table({"id": ids})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
