"""A benchmark folder as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kgrec_benchmarks.folder_dataset import PublishedSet


def write(folder: Path, name: str, columns: Mapping[str, Sequence[Any]]) -> None:
    pq.write_table(pa.table(dict(columns)), folder / f"{name}.parquet")


def test_a_folder_may_say_which_items_are_one(tmp_path: Path) -> None:
    write(tmp_path, "items", {"item": [3, 4, 7, 0]})
    write(tmp_path, "interactions_train", {"user": [1, 1, 2], "item": [3, 4, 7]})
    write(tmp_path, "interactions_test", {"user": [1, 2], "item": [7, 0]})
    assert PublishedSet.read(tmp_path).same_items is None
    write(tmp_path, "same_items", {"item": [3, 7], "item_there": [4, 0]})
    known = PublishedSet.read(tmp_path)
    assert known.same_items is not None
    assert [[known.dataset.items[row] for row in pair] for pair in known.same_items.tolist()] == [
        ["3", "4"],
        ["7", "0"],
    ]
