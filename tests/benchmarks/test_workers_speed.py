"""Parts of the work in each way: what is timed is what is compared, and a part that comes out otherwise is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array
from kgrec.parallel.executor import Executor, here
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.workers_speed import Work, compared


@pytest.fixture
def work(tmp_path: Path) -> Work:
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, [60, 200], (1500, 2)), axis=0)
    rows = rng.permutation(len(pairs))
    for name, part in (("train", rows[100:]), ("test", rows[:100])):
        columns = {"user": pairs[part, 0], "item": pairs[part, 1]}
        pq.write_table(pa.table(columns), tmp_path / f"interactions_{name}.parquet")
    pq.write_table(pa.table({"item": np.arange(200)}), tmp_path / "items.parquet")
    known = PublishedSet.read(tmp_path)
    dataset = known.dataset.with_interactions(known.parts["train"])
    return Work(dataset, 10, TrainConfig.of({"epochs": 1}), "hash", 50, 1)


def test_parts_are_the_same_on_workers_of_which_one_is_killed(work: Work) -> None:
    for part in (work.ridge, work.imported):
        found = compared(part, ["processes:2"])["processes:2"]
        assert found["same"]
        assert found["one killed"] is not None


@pytest.mark.parametrize("part", ["co_counts", "ridge_of_all", "candidates", "ranking", "published", "embeddings"])
def test_parts_say_something(work: Work, part: str) -> None:
    found = getattr(work, part)(here)
    assert all(np.any(array) for name, array in found.items() if "padding" not in name)


def test_what_comes_out_otherwise_is_told() -> None:
    def by_executor(executor: Executor) -> dict[str, Array]:
        return {"threads": np.array([executor.threads_of_call])}

    assert not compared(by_executor, ["processes:2"])["processes:2"]["same"]
