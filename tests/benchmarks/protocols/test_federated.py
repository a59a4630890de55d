"""The protocol of federated sums on users who love one genre each."""

from __future__ import annotations

import numpy as np

from kgrec.data.splits import random_split
from kgrec.progress import silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.federated import ALONE, CENTRAL, SUMS, FederatedSums
from kgrec_benchmarks.runs.result_files import markdown
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import genre_world, quick


def test_joined_sums_are_those_of_all_rows_and_noise_costs() -> None:
    data = genre_world(np.random.default_rng(0), n_users=60, n_items=40, taken=5)
    split = random_split(data.interactions, valid=0.2, test=0.2, seed=0)
    world = PublishedSet("genres", data, {"train": split.train, "valid": split.valid, "test": split.test})
    plan = FederatedSums(epsilons=(1.0,), clips=(5.0,))
    found = plan.run(world, quick(), RunCache(), silent)
    quality = {row: measured["ndcg@10"] for row, measured in found.rows.items()}
    assert list(quality) == [ALONE, CENTRAL, SUMS, "epsilon 1"]
    assert quality[SUMS] == quality[CENTRAL]
    assert quality[CENTRAL] > quality[ALONE]
    assert quality["epsilon 1"] < quality[CENTRAL]
    assert found.validation is not None
    assert found.validation["largest difference of sums"] <= 1e-9
    assert found.settings["epsilon 1"]["clip"] == 5.0
    assert found.settings["epsilon 1"]["noise in clips"] > 1
    assert found.settings[SUMS]["noise in clips"] == 0
    assert "epsilon 1" in markdown(found.as_dict(), "genres")
