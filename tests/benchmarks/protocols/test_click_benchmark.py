"""Click prediction on users of two camps, who click what is of their camp and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.data.dataset import Dataset, Interactions
from kgrec.errors import KgrecError
from kgrec_benchmarks.protocols.click_benchmark import benchmark_clicks, predict_clicks
from kgrec_benchmarks.protocols.clicks import Pairs
from kgrec_benchmarks.runs.outcome import RunCache
from tests.support.datasets import dataset_of, quick

QUICK = quick(text_encoder="none", epochs=3)


@pytest.fixture(name="world")
def two_camps() -> tuple[Dataset, Pairs]:
    """Thirty users, twenty items and two entities that say which camp an item is of."""
    rng = np.random.default_rng(0)
    user, item = (part.ravel() for part in np.indices((30, 20)))
    kept = rng.random(len(user)) < 0.6
    pairs = Pairs(user[kept], item[kept], (user % 2 == item % 2).astype(np.int64)[kept])
    triples = [(n, 0, 20 + n % 2) for n in range(20)]
    nobody = Interactions.of_pairs([], [])
    dataset = dataset_of(nobody, 30, 20, triples=triples, relations=("camp",), n_entities=2)
    return dataset, pairs


def test_clicks_are_told_apart_over_seeds(world: tuple[Dataset, Pairs]) -> None:
    dataset, pairs = world
    result = json.loads(json.dumps(benchmark_clicks(dataset, {"all": pairs}, QUICK, seeds=2)))
    assert result["seeds"] == [0, 1]
    assert result["rows"].keys() == result["sd"].keys() == {"kgrec", "popularity", "itemknn", "ease"}
    assert result["rows"]["kgrec"].keys() == {"auc", "f1", "log_loss", "ece"}
    assert result["rows"]["kgrec"]["auc"] > 0.95
    assert result["rows"]["popularity"]["auc"] < 0.6
    assert len(result["folds"]) == 2
    assert result["validation"]["fused"] >= max(result["validation"].values())
    assert result["settings"].keys() == {"kgrec", "popularity", "itemknn", "ease"}


def test_test_labels_change_no_prediction(world: tuple[Dataset, Pairs]) -> None:
    dataset, pairs = world
    train, valid, test = pairs.cut(0)
    permuted = replace(test, label=np.random.default_rng(1).permutation(test.label))
    assert (permuted.label != test.label).any()
    first, _ = predict_clicks(dataset, train, valid, test, QUICK)
    second, _ = predict_clicks(dataset, train, valid, permuted, QUICK)
    assert all((first[name] == second[name]).all() for name in first)


def test_no_pair_of_the_test_is_behaviour(world: tuple[Dataset, Pairs]) -> None:
    """Whether other pairs are tested too changes no prediction, nor does behaviour that came with the graph."""
    dataset, pairs = world
    train, valid, test = pairs.cut(0)
    few = test.select(np.arange(len(test)) < 10)
    loaded = dataset.with_interactions(pairs.clicked)
    whole, _ = predict_clicks(dataset, train, valid, test, QUICK)
    part, _ = predict_clicks(loaded, train, valid, few, QUICK)
    assert all(part[name] == pytest.approx(whole[name][:10], abs=1e-6) for name in whole)


def test_a_cut_by_the_authors_is_kept(world: tuple[Dataset, Pairs]) -> None:
    dataset, pairs = world
    train, valid, test = pairs.cut(5)
    result = benchmark_clicks(dataset, {"train": train, "valid": valid, "test": test}, QUICK, seeds=2)
    assert result["folds"][0]["ease"] == result["folds"][1]["ease"]
    with pytest.raises(KgrecError, match="labelled pairs repeat"):
        benchmark_clicks(dataset, {"train": train, "valid": valid, "test": valid}, QUICK, seeds=1)


def test_a_run_that_was_stopped_goes_on(
    world: tuple[Dataset, Pairs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, pairs = world
    whole = benchmark_clicks(dataset, {"all": pairs}, QUICK, seeds=2)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    benchmark_clicks(dataset, {"all": pairs}, QUICK, seeds=1, finished=RunCache(tmp_path, "run"))
    with monkeypatch.context() as patched:
        patched.setattr("kgrec_benchmarks.protocols.click_benchmark.fit", stopped)
        with pytest.raises(KeyboardInterrupt):
            benchmark_clicks(dataset, {"all": pairs}, QUICK, seeds=2, finished=RunCache(tmp_path, "run"))
    again = RunCache(tmp_path, "run")
    found = benchmark_clicks(dataset, {"all": pairs}, QUICK, seeds=2, finished=again)
    assert again.resumed == ["seed 0"]
    assert (found["rows"], found["sd"]) == (whole["rows"], whole["sd"])
