"""The best that are retrieved are the best of all scores, whoever asks, whatever is left out; parts add up to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.context import Context
from kgrec.data.context_columns import Contexts
from kgrec.data.dataset import IntArray, Interactions
from kgrec.scoring import item_blocks, path_matrix, retrieval, retrieved
from kgrec.scoring.compacting import CompactableModel
from kgrec.scoring.context_bias import ContextBias
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.retrieved import Retrieved
from kgrec.scoring.scored import Scored
from kgrec.scoring.top_k import mask_of, top_k
from tests.support.bundles import random_interactions, random_model
from tests.support.trends import START, with_random_trend

N = 60


@pytest.fixture(autouse=True)
def of_small_catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retrieve from small ones, too: blocks of four items, looked at one after the other."""
    for module, name, value in (
        (retrieval, "RETRIEVED_FROM", 0),
        (retrieval, "_MOST_TERMS", 1e9),
        (retrieved, "_FIRST", 2),
        (retrieved, "_FEW", 3),
        (retrieved, "_BLOCKS", 1),
        (retrieved, "_MOST_READ", 2.0),
        (item_blocks, "_ITEMS", 4),
        (path_matrix, "_REACHED", 12),
    ):
        monkeypatch.setattr(module, name, value)


def world(seed: int) -> tuple[AdditiveModel, Interactions]:
    """A random model, in every other world with a trend; in half of them items are like others, so that they tie.

    Of every seven worlds three have a model that is compacted.
    """
    rng = np.random.default_rng(seed)
    model = random_model(rng, N)
    if seed % 2:
        model = with_random_trend(rng, model)
    if seed % 4 < 2:
        alike = rng.integers(0, 6, N)
        matrices = [
            LowRankMatrix(one.source, one.target[alike]) if isinstance(one, LowRankMatrix) else one
            for one in (channel.matrix for channel in model.channels)
        ]
        model = replace(model.with_matrices(matrices), prior=model.prior[alike])
    if seed % 7 < 3:
        model = CompactableModel.of(model).with_shares({})
    if seed % 5 < 3:
        counts = rng.integers(0, 9, (2, N)).astype(np.float32)
        model = replace(model, contexts=(ContextBias("weather", ("rain", "sun"), counts, 1.0, 0.8),))
    past = random_interactions(rng, 1, N, int(rng.choice([0, 1, 3, 12])))
    return model, past


def both(model: AdditiveModel, past: Interactions, asked: Contexts | None = None) -> tuple[Scored, np.ndarray]:
    """Scored by retrieval, and all scores."""
    everything = model.scores(model.histories(replace(past, user=np.zeros(len(past), np.int64)), 1, asked))[0]
    return model.scored(past, asked), everything


def candidates(rng: np.random.Generator, model: AdditiveModel, past: Interactions) -> dict[str, np.ndarray]:
    """Which items may be in a list."""
    return {
        "all": np.ones(N, np.bool_),
        "not taken": ~mask_of(past.item, N),
        "half": rng.random(N) < 0.5,
        "cold": model.is_cold.copy(),
        "known": ~model.is_cold,
        "three": mask_of(rng.choice(N, 3, replace=False), N),
        "none": np.zeros(N, np.bool_),
    }


@pytest.mark.parametrize("seed", range(60))
def test_the_list_is_that_of_all_scores(seed: int) -> None:
    model, past = world(seed)
    for weather in ("rain", "sun", "fog"):
        at = float(START + 1e5 * seed) if seed % 3 else None
        check_lists(seed, model, past, Context(at=at, values={"weather": weather}).contexts)


def check_lists(seed: int, model: AdditiveModel, past: Interactions, asked: Contexts) -> None:
    """Lists of one and of three of all kinds of candidates, and the one of all items."""
    scored, everything = both(model, past, asked)
    assert isinstance(scored.mix, Retrieved)
    for name, among in candidates(np.random.default_rng(seed), model, past).items():
        rows = np.flatnonzero(among)
        for k in (1, 3):
            expected = top_k(np.round(everything, 9), rows, k)
            np.testing.assert_array_equal(scored.best(among, k), expected, err_msg=f"{name}, {k}")
    assert "total" not in vars(scored.mix), "a short list need not have all scores"
    assert scored.best(np.ones(N, np.bool_), N + 5).tolist() == top_k(everything, np.arange(N), N).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_scores_of_items_are_the_same_and_their_parts_add_up(seed: int) -> None:
    model, past = world(seed)
    scored, everything = both(model, past, Context(at=START + 1e6, values={"weather": "sun"}).contexts)
    items = np.random.default_rng(seed).permutation(N)[:20]
    np.testing.assert_allclose(scored.of_items(items), everything[items], atol=1e-9)
    parts = scored.contributions(items)
    np.testing.assert_allclose(parts.scores, everything[items], atol=1e-9)
    np.testing.assert_allclose(parts.base + parts.values.sum(axis=(0, 1)), everything[items], atol=1e-9)
    np.testing.assert_array_equal(scored.scores, everything)


@pytest.mark.parametrize("seed", range(12))
def test_where_bounds_tell_too_little_all_items_are_scored(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieved, "_MOST_READ", 0.0)
    model, past = world(seed)
    scored, everything = both(model, past)
    best = scored.best(np.ones(N, np.bool_), 3)
    assert best.tolist() == top_k(np.round(everything, 9), np.arange(N), 3).tolist()
    nobody = model.scored(Interactions.of_pairs([], []))
    nobody.best(np.ones(N, np.bool_), 3)
    assert "total" in vars(nobody.mix), "nothing is reached, so that blocks have to be looked at"


def test_few_blocks_are_looked_at_where_popularity_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty items without a history: the best two are in the first block, and no other can have one of them."""
    model, _ = world(0)
    model = replace(model, prior=np.arange(N, dtype=np.float32), is_cold=np.zeros(N, np.bool_))
    looked_at: list[int] = []
    places = item_blocks.ItemBlocks.places

    def noted(self: item_blocks.ItemBlocks, blocks: IntArray) -> tuple[IntArray, IntArray]:
        looked_at.extend(blocks)
        return places(self, blocks)

    monkeypatch.setattr(item_blocks.ItemBlocks, "places", noted)
    nobody = Interactions.of_pairs([], [])
    assert model.scored(nobody).best(np.ones(N, np.bool_), 2).tolist() == [59, 58]
    assert looked_at == [0]
