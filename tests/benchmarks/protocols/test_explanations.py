"""The protocol of explanations on users who love one genre each, and what its result says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kgrec.data.splits import random_split
from kgrec.errors import ConfigError
from kgrec.progress import silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.explanations import ACCURACY_ONLY, MEASURES, OURS, Explanations
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.result_files import markdown
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import genre_world, quick


@pytest.fixture(autouse=True, scope="module")
def quick_gates(one_gate_search: None) -> None:
    """Here it counts what is given up for paths."""


@pytest.fixture(scope="module")
def result() -> Result:
    data = genre_world(np.random.default_rng(0), n_users=24, n_items=40, taken=6, timed=True)
    split = random_split(data.interactions, valid=0.2, test=0.2, seed=0)
    parts = {"train": split.train, "valid": split.valid, "test": split.test}
    world = PublishedSet("genres", data, parts)
    return Explanations(seeds=2, users=15).run(
        world, quick(epochs=1, num_layers=0, reason_cost=0.05), RunCache(), silent
    )


def test_the_measures_are_means_over_the_seeds(result: Result) -> None:
    assert result.explanations is not None
    assert result.per_seed is not None
    assert list(result.explanations) == [*MEASURES, "ndcg@10", "ndcg@10_accuracy_only"]
    measured = [of_seed["rows"]["explanations"] for of_seed in result.per_seed]
    for name in MEASURES[:-1]:
        assert result.explanations[name] == pytest.approx(np.mean([one[name] for one in measured])), name
    assert result.explanations["deletion_error"] == max(one["deletion_error"] for one in measured)
    assert {one["users"] for one in measured} == {15.0}
    assert result.seeds == [0, 1]


def test_in_a_world_of_genres_the_scores_flow_through_genres(result: Result) -> None:
    found = result.explanations
    assert found is not None
    values = {name: value for name, value in found.items() if value is not None}
    assert values.keys() == found.keys()
    assert values["path_share"] > 0.2
    assert values["fidelity"] > 0.5
    assert values["fact_share"] <= values["path_share"]
    assert 0.2 < values["best_3_entities"] <= values["fidelity"]
    assert values["etd"] in (0.0, 1.0)  # the only relation
    assert values["deletion_error"] < 1e-5


def test_accuracy_stands_beside_that_of_gates_that_go_by_accuracy(result: Result) -> None:
    assert result.explanations is not None
    assert result.explanations["ndcg@10"] == result.rows[OURS]["ndcg@10"]
    assert result.explanations["ndcg@10_accuracy_only"] == result.rows[ACCURACY_ONLY]["ndcg@10"]


def test_the_page_of_the_result_shows_every_measure(result: Result) -> None:
    text = markdown(json.loads(json.dumps({**result.as_dict(), "set": "genres"})), "genres")
    for name, value in (result.explanations or {}).items():
        assert f"| {name} | {value:.4g} |" in text
    assert "top-10 lists of 15 test users" in text


def test_a_set_without_facts_and_times_says_why_measures_are_missing() -> None:
    data = genre_world(np.random.default_rng(0), n_users=30, n_items=24, taken=6)
    data = data.__class__(**{**vars(data), "facts": data.facts.select(np.zeros(len(data.facts), bool))})
    world = PublishedSet("bare", data, {"all": data.interactions})
    result = Explanations(users=5).run(world, quick(epochs=1), RunCache(), silent)
    found = result.explanations
    assert found is not None
    assert found["fact_share"] == found["fidelity"] == 0.0
    assert found["path_share"] is not None  # over texts
    assert found["lir"] is found["sep"] is found["etd"] is found["deletion_error"] is None
    notes = " ".join(result.explanation_notes or ())
    assert "no facts" in notes
    assert "times of the interactions are not known" in notes


def test_no_seed_is_refused() -> None:
    data = genre_world(np.random.default_rng(0))
    with pytest.raises(ConfigError, match="seeds"):
        Explanations(seeds=0).run(PublishedSet("x", data, {"all": data.interactions}), quick(), RunCache(), silent)
