"""The protocol of updates on users who love one genre each."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.data.splits import time_split_per_user
from kgrec.errors import KgrecError
from kgrec.progress import silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.updates import ANEW, BEFORE, UPDATED, Updates, newest_apart
from kgrec_benchmarks.runs.result_files import markdown
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import genre_world, quick

pytestmark = pytest.mark.usefixtures("one_gate_search")


def test_the_newest_are_apart_and_random_ones_where_times_are_unknown() -> None:
    timed = Interactions.of_pairs(range(10), range(10), [5, 9, 1, 2, 8, 3, 4, 0, 6, 7])
    assert newest_apart(timed, 0.2).user.tolist() == [0, 2, 3, 5, 6, 7, 8, 9]
    untimed = Interactions.of_pairs(range(10), range(10))
    assert len(newest_apart(untimed, 0.2)) == 8
    with pytest.raises(KgrecError, match="nothing would be new"):
        newest_apart(timed, 0.05)


def test_rows_times_and_differences_of_the_three() -> None:
    data = genre_world(np.random.default_rng(0), n_users=40, n_items=40, taken=6, timed=True)
    split = time_split_per_user(data.interactions, valid=0.2, test=0.2)
    world = PublishedSet("genres", data, {"train": split.train, "valid": split.valid, "test": split.test})
    found = Updates(share=0.1).run(world, quick(epochs=1, num_layers=0), RunCache(), silent)
    assert list(found.rows) == [BEFORE, UPDATED, ANEW]
    assert all(row["users"] == found.rows[ANEW]["users"] for row in found.rows.values())
    assert list(found.timings_s) == ["training before", "update", "training anew"]
    assert found.against_best is not None
    against = found.against_best["ndcg@10"]
    assert against["difference"] == found.rows[UPDATED]["ndcg@10"] - found.rows[ANEW]["ndcg@10"]
    assert against["interval"][0] <= against["difference"] <= against["interval"][1]
    page = markdown(found.as_dict(), "genres")
    assert f"kgrec minus {ANEW}, for the row {UPDATED}" in page
    assert found.validation is not None
    assert found.validation["users"] >= 0
