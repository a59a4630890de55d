"""Labelled pairs: cutting, calibrating, gates that tell clicks from others, and the protocol over several seeds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.metrics.measures import auc
from kgrec.metrics.rankers import ModelRanker
from kgrec.progress import silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.clicks import (
    ClickPrediction,
    Pairs,
    fit_baselines,
    fit_click_gates,
    logistic_mixture,
    pair_scores,
    predict_clicks,
    probabilities,
    refuse_overlap,
)
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import dataset_of, quick

QUICK = quick(text_encoder="none", epochs=3)


class Table:
    """Scores given as a table."""

    def __init__(self, table: Array) -> None:
        self.table = table

    def scores(self, users: IntArray) -> Array:
        return self.table[users].copy()


def pairs(user: list[int], item: list[int], label: list[int]) -> Pairs:
    return Pairs(np.array(user), np.array(item), np.array(label))


def test_a_cut_deals_out_six_two_two_and_the_seed_decides() -> None:
    whole = pairs(list(range(10)), [0] * 10, [0, 1] * 5)
    first, again, other = whole.cut(3), whole.cut(3), whole.cut(4)
    assert [len(part) for part in first] == [6, 2, 2]
    assert sorted(np.concatenate([part.user for part in first])) == list(range(10))
    assert all((a.user == b.user).all() for a, b in zip(first, again, strict=True))
    assert any((a.user != b.user).any() for a, b in zip(first, other, strict=True))


def test_only_clicks_are_behaviour() -> None:
    clicked = pairs([0, 0, 1], [2, 3, 4], [1, 0, 1]).clicked
    assert (clicked.user.tolist(), clicked.item.tolist()) == ([0, 1], [2, 4])


def test_a_pair_in_two_parts_stops_the_run() -> None:
    with pytest.raises(KgrecError) as error:
        refuse_overlap(pairs([0, 7], [1, 5], [1, 0]), pairs([1], [1], [1]), pairs([7], [5], [1]))
    assert str(error.value) == (
        "KgrecError: labelled pairs repeat.\n"
        "  where     user row 7, item row 5\n"
        "  found     1 of 3 pairs more than once\n"
        "  expected  each pair once, in one part\n"
        "  next      keep one label per pair"
    )


def test_scores_of_pairs_are_those_of_the_whole_table() -> None:
    table = np.random.default_rng(0).random((5, 7))
    some = pairs([4, 0, 4, 2], [6, 1, 0, 3], [0, 0, 0, 0])
    assert pair_scores(Table(table), some, 7).tolist() == table[some.user, some.item].tolist()


def test_calibration_finds_the_curve_that_labels_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(200, 100))
    user, item = (part.ravel() for part in np.indices(table.shape))
    label = (rng.random(len(user)) < 1 / (1 + np.exp(-(2.0 * table.ravel() - 1.0)))).astype(np.int64)
    chance = probabilities(Table(10 * table), Pairs(user, item, label), pairs([0], [0], [0]), 100)
    assert chance == pytest.approx(1 / (1 + np.exp(-(2.0 * table[0, 0] - 1.0))), abs=0.03)


def test_a_mixture_finds_weights_and_closes_what_speaks_against() -> None:
    rng = np.random.default_rng(0)
    parts, new = rng.normal(size=(20_000, 3)), rng.random(20_000) < 0.3
    logits = 1.5 * parts[:, 0] + 0.5 * parts[:, 1] - 1.0 * parts[:, 2] - 0.7 * new + 0.2
    label = (rng.random(len(new)) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    weights, offset = logistic_mixture(parts, new, label)
    assert weights[0] / weights[1] == pytest.approx(3.0, rel=0.1)
    assert weights[2] == 0.0
    assert offset < -0.3
    assert logistic_mixture(parts, np.zeros(20_000, np.bool_), label)[1] == 0.0


@pytest.fixture(name="world")
def one_good_channel() -> tuple[AdditiveModel, Histories, Pairs]:
    """Forty users in two camps over twenty items. One channel knows the camps, one says noise; item 19 is new."""
    rng = np.random.default_rng(0)
    camp = (np.arange(20)[:, None] % 2 == np.arange(20) % 2).astype(np.float32)
    noise = rng.random((20, 20)).astype(np.float32)
    user = np.repeat(np.arange(40), 3)
    item = np.concatenate([2 * rng.permutation(9)[:3] + u % 2 for u in range(40)])
    clicks = Interactions.of_pairs(user, item)
    channels = tuple(
        Channel(name, SparseMatrix(sparse.csr_matrix(m))) for name, m in (("camp", camp), ("noise", noise))
    )
    gates = Gates.common(np.array([0.0, 1.0]), 0.0)
    model = AdditiveModel(channels, gates, np.zeros(20, np.float32), np.arange(20) == 19)
    u, i = (part.ravel() for part in np.indices((40, 20)))
    left = clicks.matrix(40, 20).toarray()[u, i] == 0
    valid = Pairs(u, i, (u % 2 == i % 2).astype(np.int64)).select(left)
    return model, model.histories(clicks, 40), valid


def test_gates_open_the_channel_that_tells_clicks(world: tuple[AdditiveModel, Histories, Pairs]) -> None:
    model, histories, valid = world
    fitted, found = fit_click_gates(model, histories, valid)
    assert found["camp"] > 0.9  # of a single cold item there is no unit spread, so nothing is said of it
    assert found["gates for lists"] < 0.7
    assert found["fused"] == max(found.values())
    ranker = ModelRanker(fitted, histories)
    assert auc(valid.label, pair_scores(ranker, valid, 20)) == pytest.approx(found["fused"], abs=1e-3)


def test_baselines_are_chosen_by_auc() -> None:
    train = Interactions.of_pairs([0, 0, 1, 1, 2, 2, 3], [0, 1, 0, 1, 2, 3, 2])
    valid = pairs([3, 3], [3, 1], [1, 0])
    rankers, settings = fit_baselines(train, 4, 4, valid)
    assert rankers.keys() == settings.keys() == {"popularity", "itemknn", "ease"}
    assert settings["popularity"] == {}
    assert auc(valid.label, pair_scores(rankers["ease"], valid, 4)) == 1.0


@pytest.fixture(name="camps")
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


def published(dataset: Dataset, parts: dict[str, Pairs]) -> PublishedSet:
    return PublishedSet(
        "camps",
        dataset,
        {name: Interactions.of_pairs(part.user, part.item) for name, part in parts.items()},
        {name: part.label for name, part in parts.items()},
    )


def test_clicks_are_told_apart_over_seeds(camps: tuple[Dataset, Pairs]) -> None:
    dataset, pairs = camps
    measured = ClickPrediction(seeds=2).run(published(dataset, {"all": pairs}), QUICK, RunCache(), silent)
    result = json.loads(json.dumps(measured.as_dict()))
    assert result["seeds"] == [0, 1]
    assert result["rows"].keys() == result["spread"].keys() == {"kgrec", "popularity", "itemknn", "ease"}
    assert result["rows"]["kgrec"].keys() == {"auc", "f1", "log_loss", "ece"}
    assert result["rows"]["kgrec"]["auc"] > 0.95
    assert result["rows"]["popularity"]["auc"] < 0.6
    assert len(result["folds"]) == 2
    assert result["validation"]["fused"] >= max(result["validation"].values())
    assert result["settings"].keys() == {"kgrec", "popularity", "itemknn", "ease"}


def test_test_labels_change_no_prediction(camps: tuple[Dataset, Pairs]) -> None:
    dataset, pairs = camps
    train, valid, test = pairs.cut(0)
    permuted = replace(test, label=np.random.default_rng(1).permutation(test.label))
    assert (permuted.label != test.label).any()
    first = predict_clicks(dataset, train, valid, test, QUICK).probabilities
    second = predict_clicks(dataset, train, valid, permuted, QUICK).probabilities
    assert all((first[name] == second[name]).all() for name in first)


def test_no_pair_of_the_test_is_behaviour(camps: tuple[Dataset, Pairs]) -> None:
    """Whether other pairs are tested too changes no prediction, nor does behaviour that came with the graph."""
    dataset, pairs = camps
    train, valid, test = pairs.cut(0)
    few = test.select(np.arange(len(test)) < 10)
    loaded = dataset.with_interactions(pairs.clicked)
    whole = predict_clicks(dataset, train, valid, test, QUICK).probabilities
    part = predict_clicks(loaded, train, valid, few, QUICK).probabilities
    assert all(part[name] == pytest.approx(whole[name][:10], abs=1e-6) for name in whole)


def test_a_cut_by_the_authors_is_kept(camps: tuple[Dataset, Pairs]) -> None:
    dataset, pairs = camps
    train, valid, test = pairs.cut(5)
    cut = published(dataset, {"train": train, "valid": valid, "test": test})
    folds = ClickPrediction(seeds=2).run(cut, QUICK, RunCache(), silent).folds
    assert folds is not None
    assert folds[0]["ease"] == folds[1]["ease"]
    overlapping = published(dataset, {"train": train, "valid": valid, "test": valid})
    with pytest.raises(KgrecError, match="labelled pairs repeat"):
        ClickPrediction(seeds=1).run(overlapping, QUICK, RunCache(), silent)


def test_a_run_that_was_stopped_goes_on(
    camps: tuple[Dataset, Pairs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks = published(camps[0], {"all": camps[1]})
    whole = ClickPrediction(seeds=2).run(clicks, QUICK, RunCache(), silent)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    ClickPrediction(seeds=1).run(clicks, QUICK, RunCache(tmp_path, "run"), silent)
    with monkeypatch.context() as patched:
        patched.setattr("kgrec_benchmarks.protocols.clicks.fit", stopped)
        with pytest.raises(KeyboardInterrupt):
            ClickPrediction(seeds=2).run(clicks, QUICK, RunCache(tmp_path, "run"), silent)
    again = RunCache(tmp_path, "run")
    resumed = ClickPrediction(seeds=2).run(clicks, QUICK, again, silent)
    assert again.resumed == ["seed 0"]
    assert (resumed.rows, resumed.spread) == (whole.rows, whole.spread)
    other = RunCache(tmp_path, "run")
    ClickPrediction(seeds=1).run(clicks, QUICK.model_copy(update={"epochs": 1}), other, silent)
    assert other.resumed == []
