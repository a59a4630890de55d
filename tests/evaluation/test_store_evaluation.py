"""Measuring on a store's own behaviour: every way to split it, and what cannot be measured."""

from __future__ import annotations

import pytest

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.splits import Split
from kgrec.errors import ConfigError, KgrecError
from kgrec.evaluation import store_evaluation
from kgrec.evaluation.store_evaluation import SPLITS, SplitEvaluation, evaluate_store
from kgrec.graph import open_store
from kgrec.graph.store import GraphStore
from kgrec.parallel.executor import Executor
from kgrec.pipeline import ingest
from kgrec.progress import Progress
from kgrec.schema.load import load_schema
from tests.support import SHOP

pytestmark = pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")

QUICK = TrainConfig(text_encoder="hashing", embedding_dim=8, epochs=4, num_layers=1, num_threads=1, ensemble=1)


@pytest.fixture(scope="module")
def store() -> GraphStore:
    store = open_store("kglite::memory:")
    ingest(load_schema("triples"), [f"tables:{SHOP}"], store)
    return store


@pytest.mark.parametrize("split", SPLITS)
def test_evaluation_puts_three_baselines_beside_us(store: GraphStore, split: str) -> None:
    found = evaluate_store(store, QUICK, split=split, folds=2)
    assert list(found["rows"]) == ["kgrec", "popularity", "itemknn", "ease"]
    for part in ("rows", "rows_whole_catalogue"):
        for row in found[part].values():
            assert 0.0 <= row["recall@10"] <= 1.0
            assert {"ndcg@10", "mrr@10", "hit_rate@10", "precision@10", "coverage@10", "novelty@10"} <= row.keys()
    # Fewer candidates can only help a system that ranks.
    assert found["rows"]["popularity"]["recall@10"] >= found["rows_whole_catalogue"]["popularity"]["recall@10"]
    assert found["split"]["folds"] == (2 if split == "k-fold" else 1)


def test_a_split_without_a_test_set_is_refused_before_anything_is_learned(store: GraphStore) -> None:
    told: list[str] = []
    with pytest.raises(KgrecError, match="there is nothing to measure") as caught:
        evaluate_store(store, QUICK, test=0.0, progress=Progress(lambda event: told.append(event.stage)))
    assert caught.value.found == "an empty test set"
    assert told == ["Read"]


def test_an_unknown_split_is_refused(store: GraphStore) -> None:
    with pytest.raises(ConfigError) as caught:
        evaluate_store(store, QUICK, split="sideways")
    assert str(caught.value) == (
        "ConfigError: there is no such split.\n"
        "  where     split\n"
        "  found     sideways\n"
        "  expected  time, random, leave-one-out, k-fold\n"
        "  next      choose one of them"
    )


def test_a_kind_that_is_named_alone_is_asked_for(store: GraphStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else was done with the items is known, as far as it was done before."""
    asked: list[Split] = []
    original = store_evaluation.evaluate_split

    def spied(
        dataset: Dataset, split: Split, config: TrainConfig, progress: Progress, executor: Executor
    ) -> SplitEvaluation:
        asked.append(split)
        return original(dataset, split, config, progress, executor)

    monkeypatch.setattr(store_evaluation, "evaluate_split", spied)
    found = evaluate_store(store, QUICK.model_copy(update={"predict": "buy"}))
    assert found["rows"].keys() == {"kgrec", "popularity", "itemknn", "ease"}
    (split,) = asked
    assert split.valid.kinds_present == split.test.kinds_present == {"buy"}
    assert split.known.kinds_present == {"buy", "view"}
    with pytest.raises(ConfigError, match="there is nothing of this kind to predict"):
        evaluate_store(store, QUICK.model_copy(update={"predict": "rent"}))
