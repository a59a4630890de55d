"""Cold start on users who love one genre each: an item's genre, or a user's first item, tells the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from scipy import sparse

from kgrec.errors import KgrecError
from kgrec.learn.fit import fit
from kgrec.learn.learner import Learned
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec_benchmarks.protocols.cold_benchmark import _lifted, benchmark_cold_items, benchmark_cold_users
from kgrec_benchmarks.protocols.cold_start import POOLS
from kgrec_benchmarks.runs.outcome import RunCache
from tests.support.datasets import genre_world, quick


def test_hidden_items_are_found_by_their_content() -> None:
    dataset = genre_world(np.random.default_rng(0), taken=8)
    found = json.loads(json.dumps(benchmark_cold_items(dataset, quick(epochs=3), folds=2)))
    assert found["rows"].keys() == found["sd"].keys() == {"kgrec", "fact-knn", "text-knn"}
    ours = found["rows"]["kgrec"]
    assert ours.keys() == {
        *(f"{pool} {metric}" for pool in ("hidden", "all") for metric in ("recall@20", "ndcg@10")),
        *("warm recall@20", "warm recall@20 without hidden", "warm loss", "warm ndcg@10", "warm ndcg@10 loss"),
    }
    # Four or five items are hidden, so Recall@20 finds all of them and the order tells.
    assert ours["hidden recall@20"] == 1.0
    assert ours["hidden ndcg@10"] > 0.9
    assert found["rows"]["fact-knn"]["hidden ndcg@10"] > 0.9
    assert len(found["folds"]) == len(found["settings"]) == 2
    assert found["settings"][0].keys() == {f"{name}-knn, {pool}" for name in ("fact", "text") for pool in POOLS}
    assert found["equal_loss"]["rows"].keys() == {"kgrec at the loss of fact-knn", "kgrec at the loss of text-knn"}


def test_kgrec_is_set_beside_what_loses_more_at_the_same_loss() -> None:
    dataset = genre_world(np.random.default_rng(0), n_items=160, taken=8)
    found = benchmark_cold_items(dataset, quick(epochs=1), folds=1)
    ours = found["rows"]["kgrec"]
    for name in ("fact-knn", "text-knn"):
        equal = found["equal_loss"]["rows"][f"kgrec at the loss of {name}"]
        assert ours["warm loss"] < equal["warm loss"] <= found["rows"][name]["warm loss"]
        assert equal["all recall@20"] > ours["all recall@20"]
        assert equal["hidden recall@20"] == ours["hidden recall@20"]
        assert equal["warm recall@20 without hidden"] == ours["warm recall@20 without hidden"]


@pytest.mark.parametrize("stand", [-50.0, 0.0, 2.5, 300.0])
@pytest.mark.parametrize("most", [-40.0, 0.0, 2.0, 77.0])
def test_new_items_are_moved_to_what_is_affordable_from_wherever_they_stand(stand: float, most: float) -> None:
    gates = Gates.common(np.ones(1), 0.0, cold_offset=stand)
    channel = Channel("behaviour", SparseMatrix(sparse.csr_matrix((2, 2))))
    model = AdditiveModel((channel,), gates, np.zeros(2, np.float32), np.array([False, True]))
    found = _lifted(model, lambda tried: tried.gates.cold.offset <= most)
    assert most - 0.6 < found.gates.cold.offset <= most
    everything = _lifted(model, lambda _: True)
    assert everything.gates.cold.offset > stand + 1000


def test_hidden_users_are_known_from_their_first_items() -> None:
    dataset = genre_world(np.random.default_rng(0), n_items=120, taken=8)
    found = benchmark_cold_users(dataset, quick(epochs=3), folds=2, after=(1, 3))
    assert found["rows"].keys() == {"kgrec", "popularity", "itemknn", "ease"}
    for n in (1, 3):
        assert found["rows"]["kgrec"][f"users after {n}"] == 6
        assert found["rows"]["kgrec"][f"recall@20 after {n}"] > found["rows"]["popularity"][f"recall@20 after {n}"]
    assert found["settings"][0].keys() == {"popularity", "itemknn", "ease"}


def test_users_with_too_few_items_are_said() -> None:
    dataset = genre_world(np.random.default_rng(0), taken=4)
    with pytest.raises(KgrecError, match="nothing to measure"):
        benchmark_cold_users(dataset, quick(epochs=1), folds=1, after=(4,))


@pytest.mark.parametrize("what", [benchmark_cold_items, benchmark_cold_users])
def test_a_run_that_was_stopped_goes_on(
    what: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, config = genre_world(np.random.default_rng(0), taken=8), quick(epochs=1)
    whole = what(dataset, config, folds=2)
    learned: Iterator[Callable[..., Learned]] = iter([fit, stopped])
    with monkeypatch.context() as patched:
        patched.setattr(
            "kgrec_benchmarks.protocols.cold_benchmark.fit", lambda *args, **given: next(learned)(*args, **given)
        )
        with pytest.raises(KeyboardInterrupt):
            what(dataset, config, folds=2, finished=RunCache(tmp_path, "run"))
    again = RunCache(tmp_path, "run")
    assert what(dataset, config, folds=2, finished=again) == whole
    assert [key.split()[-1] for key in again.resumed] == ["0"]


def stopped(*_: object, **__: object) -> NoReturn:
    raise KeyboardInterrupt
