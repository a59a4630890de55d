"""The share of paths in top lists against the model's own contributions, and gates that buy more of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.fusion.candidate_scores import TriedMixtures
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.fusion.path_share import PathShare, with_most_paths
from kgrec.progress import silent
from kgrec.scoring.evidence import EvidenceTable
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.learn.fusion.test_gate_search import held_out, pairs
from tests.support.bundles import random_interactions, random_model
from tests.support.paths import random_paths


@pytest.mark.parametrize("seed", range(6))
def test_the_share_is_that_of_the_contributions_to_the_top_ten(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_users, n_items = 6, 16
    base = random_model(rng, n_items)
    interactions = random_interactions(rng, n_users, n_items, 24)
    seen = interactions.matrix(n_users, n_items)
    is_cold = np.zeros(n_items, bool)
    is_cold[3] = True
    weights = np.array([0.6, 0.0, 0.4, 1.3, 0.5])  # behaviour, knowledge, semantic, paths with correction, prior
    gates = Gates.common(weights[[0, 1, 2, 3, 3]], float(weights[4]))
    model = AdditiveModel(base.channels, gates, base.prior, is_cold)
    histories = model.histories(interactions, n_users)
    share, coverage = PathShare(model, histories, seen, rng).of(weights)
    shares, enough = [], []
    for user in range(n_users):
        mine = interactions.select(interactions.user == user)
        scores = model.scores(histories[np.array([user])])[0]
        scores[seen[user].indices] = -np.inf
        scores[is_cold] = -np.inf
        top = np.argsort(-scores)[: min(10, int(np.isfinite(scores).sum()))]
        parts = model.contributions(mine, top)
        table = EvidenceTable.of(parts.channels, parts.values)
        prior = weights[4] * model.prior[top]
        positive = np.maximum(table.values, 0).sum(axis=(0, 1)) + np.maximum(prior, 0)
        of_items = table.path_shares(prior)
        shares.append((of_items * positive).sum() / positive.sum())
        enough.append((of_items >= 0.1).mean())
    assert share == pytest.approx(np.mean(shares), abs=1e-5)
    assert coverage == pytest.approx(np.mean(enough), abs=1e-9)


def paths_and_behaviour(rng: np.random.Generator, n_users: int, n_items: int) -> tuple[AdditiveModel, Interactions]:
    """Paths and behaviour say nearly the same: much of the score may flow through either."""
    interactions = random_interactions(rng, n_users, n_items, 12 * n_users)
    seen = interactions.matrix(n_users, n_items)
    paths = random_paths(rng, n_items, n_entities=8)
    dense = paths.block(np.arange(n_items), np.arange(n_items)) + 0.05 * rng.random((n_items, n_items))
    weights = HistoryWeights()
    channels = (
        Channel("behaviour", SparseMatrix(sparse.csr_matrix(dense.astype(np.float32))), weights),
        Channel("paths", paths, weights, unit=1.0),
        Channel(
            "paths_correction",
            SparseMatrix(sparse.csr_matrix((n_items, n_items), dtype=np.float32)),
            weights,
            1.0,
            "paths",
        ),
    )
    is_cold = np.diff(seen.tocsc().indptr) == 0
    return AdditiveModel(channels, Gates.common(np.ones(3), 0.0), np.zeros(n_items, np.float32), is_cold), interactions


@pytest.mark.parametrize("seed", [0, 2])
def test_a_price_for_reasons_buys_a_larger_share_of_paths_and_is_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, interactions = paths_and_behaviour(rng, 40, 20)
    valid = pairs(held_out(rng, interactions.matrix(40, 20)))
    fitters = [GateFitter(model, interactions, valid, 40, 0, silent, cost) for cost in (0.0, 0.05, 0.3)]
    found = [fitter.fit() for fitter in fitters]
    shares = [fitter.reasons["path_share"] for fitter in fitters]
    assert shares[0] < shares[2]
    assert shares == sorted(shares)
    for fitter, cost, (gates, metrics) in zip(fitters, (0.0, 0.05, 0.3), found, strict=True):
        assert metrics["fused"] == fitter.reasons["ndcg@10"]
        assert fitter.reasons["ndcg@10"] >= (1 - cost) * fitter.reasons["ndcg@10_accuracy_only"] - 1e-12
        assert (gates.by_history.channels[..., 1] == gates.by_history.channels[..., 2]).all()
    assert found[0][1]["fused"] == fitters[0].reasons["ndcg@10_accuracy_only"]


def test_paths_over_texts_are_paths_as_well() -> None:
    rng = np.random.default_rng(0)
    model, interactions = paths_and_behaviour(rng, 40, 20)
    texts = rng.normal(size=(20, 3)).astype(np.float32)
    over_texts = Channel("semantic_paths", LowRankMatrix(texts, texts), unit=1.0)
    model = replace(model, channels=(model.channels[0], over_texts), gates=Gates.common(np.ones(2), 0.0))
    valid = pairs(held_out(rng, interactions.matrix(40, 20)))
    fitter = GateFitter(model, interactions, valid, 40, 0, silent, 0.5)
    gates, _ = fitter.fit()
    assert fitter.reasons["path_share"] > 0.2
    assert gates.by_history.channels[..., 1].max() > 0
    silent_texts = replace(over_texts, name="semantic", unit=0.0)
    fitter = GateFitter(
        replace(model, channels=(model.channels[0], silent_texts)), interactions, valid, 40, 0, silent, 0.5
    )
    fitter.fit()
    assert fitter.reasons == {}


def test_a_model_without_paths_has_no_share_of_them() -> None:
    rng = np.random.default_rng(0)
    model, interactions = paths_and_behaviour(rng, 20, 12)
    only = replace(model, channels=model.channels[:1], gates=Gates.common(np.ones(1), 0.0))
    fitter = GateFitter(only, interactions, pairs(held_out(rng, interactions.matrix(20, 12))), 20, 0, silent, 0.3)
    fitter.fit()
    assert fitter.reasons == {}


@dataclass
class Known:
    """Mixtures of paths and one other part whose ndcg@10 is known; the share of paths is that of their weight."""

    ndcg: Callable[[Array], Array]

    def quality(self, weights: Array) -> Array:
        return self.ndcg(weights)

    def qualities_of_steps(self, mixtures: Sequence[Array], part: int) -> list[Array]:
        return [self.ndcg(weights) for weights in mixtures]

    def of(self, weights: Array, most: int = 0) -> tuple[float, float]:
        return float(weights[0] / weights.sum()), 1.0


def bought(ndcg: Callable[[Array], Array], cost: float, seed: int = 0) -> Array:
    """The weights that a price buys, from paths, another channel and the prior at 1, 1 and 0."""
    known = Known(ndcg)
    tried, share = cast(TriedMixtures, known), cast(PathShare, known)
    return with_most_paths(tried, np.array([1.0, 1.0, 0.0]), share, {0}, cost, np.random.default_rng(seed))[0]


def test_the_share_grows_until_the_price_is_reached() -> None:
    def ndcg(weights: Array) -> Array:
        return np.full(40, 0.5 * (1.0 - lost(weights[0], weights[1])))

    def lost(paths: float, other: float) -> float:
        return 0.4 * (paths / (paths + other) - 0.5)

    for cost in (0.02, 0.05, 0.1):
        paths, other, _ = bought(ndcg, cost)
        assert lost(paths, other) <= cost
        assert min(lost(1.2 * paths, other), lost(paths, 0.85 * other)) > cost


@pytest.mark.parametrize("seed", range(5))
def test_luck_of_one_half_of_the_users_buys_no_paths(seed: int) -> None:
    """Every step costs a tenth; what single users have of it is chance, of which some step is always lucky."""

    def ndcg(weights: Array) -> Array:
        if weights[0] == weights[1]:
            return np.full(60, 0.5)
        rng = np.random.default_rng(int(1e6 * weights.sum()) + seed)
        return np.full(60, 0.45) + rng.normal(0.0, 0.3, 60)

    assert bought(ndcg, 0.02, seed).tolist() == [1.0, 1.0, 0.0]
