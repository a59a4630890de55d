"""Gates: never worse on validation than the best channel, whatever the channels are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.fusion import candidate_scores, cold_item_offset
from kgrec.learn.fusion import gate_search as gates_module
from kgrec.learn.fusion.candidate_scores import CandidateScores, TriedMixtures
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.limits import LIMITS
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.bundles import random_interactions, random_model


class Scorer:
    """A model over fixed histories."""

    def __init__(self, model: AdditiveModel, histories: Histories) -> None:
        self.model, self.histories = model, histories

    def scores(self, users: Array) -> Array:
        return self.model.scores(self.histories[users], np.float32)


def pairs(matrix: sparse.csr_matrix) -> Interactions:
    return Interactions.of_pairs(*matrix.nonzero())


def fit_gates(
    model: AdditiveModel, seen: sparse.csr_matrix, valid: sparse.csr_matrix
) -> tuple[Gates, dict[str, float]]:
    return GateFitter(model, pairs(seen), pairs(valid), seen.shape[0], 0, silent).fit()


def flat(seen: sparse.csr_matrix, n_channels: int) -> Histories:
    return Histories((seen,) * n_channels, np.full(seen.shape[0], np.nan))


def single(n_channels: int, which: int, prior: float = 0.0) -> Gates:
    return Gates.common(np.eye(n_channels)[which], prior)


def alone(model: AdditiveModel) -> list[Array]:
    """Gates of each channel, with those beside it, and no other."""
    return [np.isin(np.arange(len(model.channels)), group).astype(np.float64) for group in model.groups]


def held_out(rng: np.random.Generator, seen: sparse.csr_matrix, share: float = 0.2) -> sparse.csr_matrix:
    return sparse.csr_matrix(((rng.random(seen.shape) < share) & (seen.toarray() == 0)).astype(np.float32))


@pytest.mark.parametrize("bags", [2, pytest.param(8, marks=pytest.mark.slow)])
@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=8)
def test_the_fused_model_is_never_worse_than_its_best_channel(bags: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_users, n_items = 12, 15
    interactions = random_interactions(rng, n_users, n_items, 60)
    seen = interactions.matrix(n_users, n_items)
    is_cold = np.diff(seen.tocsc().indptr) == 0
    model = replace(random_model(rng, n_items), is_cold=is_cold)
    histories = model.histories(interactions, n_users)
    valid = held_out(rng, seen)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gates_module, "_BAGS", bags)  # the mean of several is another point than where a search ends
        found, metrics = GateFitter(model, interactions, pairs(valid), n_users, 0, silent).fit()
    channels = [channel.name for channel in model.channels if not channel.beside]
    assert metrics["fused"] >= max(metrics[name] for name in channels)
    assert (found.by_history.channels >= 0).all()
    # What the fitter says of a model is what serving it would measure, among items with interactions.
    known = ~is_cold
    wanted = (valid @ sparse.diags(known.astype(np.float32))).tocsr()
    wanted.eliminate_zeros()
    if not (np.diff(wanted.indptr) * np.diff(seen.indptr)).any():
        return
    wanted = (sparse.diags((np.diff(seen.indptr) > 0).astype(np.float32)) @ wanted).tocsr()
    wanted.eliminate_zeros()
    served = {"fused": found} | {
        name: Gates.common(group, 0.0) for name, group in zip(channels, alone(model), strict=True)
    }
    for name, chosen in served.items():
        scorer = Scorer(replace(model, gates=chosen), histories)
        measured = mean_metrics(scorer, seen, wanted, ks=(10,), candidates=known)["ndcg@10"]
        assert measured == pytest.approx(metrics[name], abs=2e-3), name


def world_of_two_channels(n_cold: int = 0) -> tuple[AdditiveModel, sparse.csr_matrix, sparse.csr_matrix]:
    """A channel that knows each item's partner, and one of pure noise; users took one of each of some pairs."""
    rng = np.random.default_rng(5)
    n_users, n_items = 80, 40
    n_known = n_items - n_cold
    partner = np.arange(n_known) ^ 1
    truth = sparse.csr_matrix((np.ones(n_known, np.float32), (np.arange(n_known), partner)), shape=(n_items, n_items))
    noise = rng.normal(size=(n_items, 4)).astype(np.float32)
    model = AdditiveModel(
        (
            Channel("behaviour", SparseMatrix(truth)),
            Channel("noise", LowRankMatrix(noise, rng.normal(size=(n_items, 4)).astype(np.float32))),
        ),
        single(2, 0),
        rng.normal(size=n_items).astype(np.float32),
        np.arange(n_items) >= n_known,
    )
    taken = np.stack([rng.choice(n_known // 2, 5, replace=False) * 2 for _ in range(n_users)])
    users = np.repeat(np.arange(n_users), 5)
    shape = (n_users, n_items)
    seen = sparse.csr_matrix((np.ones(400, np.float32), (users, taken.ravel())), shape=shape)
    valid = sparse.csr_matrix((np.ones(400, np.float32), (users, taken.ravel() + 1)), shape=shape)
    return model, seen, valid


@pytest.mark.parametrize("kept", [12, 40])
def test_a_large_catalogue_is_judged_by_its_best_candidates(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gates, and what is said of them, are those of the whole catalogue where the best candidates of it are kept."""
    rng = np.random.default_rng(0)
    n_users, n_items = 100, 120
    interactions = random_interactions(rng, n_users, n_items, 900)
    seen = interactions.matrix(n_users, n_items)
    model = replace(random_model(rng, n_items), is_cold=np.zeros(n_items, np.bool_))
    valid = held_out(rng, seen, 0.05)
    monkeypatch.setattr(gates_module, "LIMITS", replace(LIMITS, bagged_users=0))
    whole, known = fit_gates(model, seen, valid)
    monkeypatch.setattr(candidate_scores, "LIMITS", replace(LIMITS, candidates=kept))
    found, metrics = fit_gates(model, seen, valid)
    names = [channel.name for channel in model.channels if not channel.beside]
    assert {name: metrics[name] for name in names} == pytest.approx({name: known[name] for name in names})
    assert metrics["fused"] == pytest.approx(known["fused"], abs=0.01)
    if kept == 40:
        np.testing.assert_array_equal(found.by_history.channels, whole.by_history.channels)


def test_a_channel_of_noise_is_closed() -> None:
    model, seen, valid = world_of_two_channels()
    found, metrics = fit_gates(model, seen, valid)
    assert metrics["behaviour"] == metrics["fused"] == 1.0
    assert metrics["noise"] < 0.5
    assert found.by_history.min_lengths.tolist() == [0, 1]
    assert found.by_history.channels.tolist() == [[[1.0, 0.0], [1.0, 0.0]]]
    assert found.by_history.prior.tolist() == [[1.0, 0.0]]  # closed too, but for users without a history


def halves(model: AdditiveModel) -> AdditiveModel:
    """Two channels of which each knows the partners of half the items."""
    whole = model.channels[0].matrix
    assert isinstance(whole, SparseMatrix)
    low, high = [
        SparseMatrix((sparse.diags(((np.arange(40) < 20) == first).astype(np.float32)) @ whole.weights).tocsr())
        for first in (True, False)
    ]
    return replace(model, channels=(Channel("low", low), Channel("high", high)))


def test_weights_are_the_mean_over_samples_of_few_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """One search ends on steps of its own, the mean of several between them."""
    model, seen, valid = world_of_two_channels()
    model = halves(model)
    steps = gates_module._STEPS + gates_module._COARSE
    found, _ = fit_gates(model, seen, valid)
    monkeypatch.setattr(gates_module, "LIMITS", replace(LIMITS, bagged_users=10))
    once, _ = fit_gates(model, seen, valid)
    assert np.isin(once.by_history.channels, steps).all()
    assert not np.isin(found.by_history.channels, steps).all()
    assert found.by_history.channels.sum() == pytest.approx(once.by_history.channels.sum())


def test_two_half_right_channels_are_better_together() -> None:
    model, seen, valid = world_of_two_channels()
    model = halves(model)
    found, metrics = fit_gates(model, seen, valid)
    assert metrics["fused"] > max(metrics["low"], metrics["high"]) + 0.1
    assert (found.by_history.channels > 0).all()


@pytest.mark.parametrize("cost", [0.0, 0.005, 0.3])
def test_without_a_simulation_the_offset_is_the_highest_that_the_price_allows(cost: float) -> None:
    model, seen, valid = world_of_two_channels(n_cold=8)
    model = replace(model, prior=np.where(model.is_cold, 3.0, 0.0).astype(np.float32))
    fitter = GateFitter(model, pairs(seen), pairs(valid), seen.shape[0], 0, silent)
    fitted = fitter.fit()[0].with_cold(prior=1.0)
    assert fitted.cold.offset == 0.0
    ndcg = {}
    for offset in cold_item_offset._GRID:
        ranker = Scorer(replace(model, gates=fitted.with_cold(offset=offset)), flat(seen, 2))
        ndcg[offset] = mean_metrics(ranker, seen, valid, ks=(10,))["ndcg@10"]
    affordable = [offset for offset, value in ndcg.items() if value >= (1 - cost) * max(ndcg.values())]
    assert fitter.with_cold_offset(fitted, cost).cold.offset == max(affordable)


def test_a_higher_price_gives_a_higher_offset() -> None:
    model, seen, valid = world_of_two_channels(n_cold=8)
    model = replace(model, prior=np.where(model.is_cold, 3.0, 0.0).astype(np.float32))
    fitter = GateFitter(model, pairs(seen), pairs(valid), seen.shape[0], 0, silent)
    fitted = fitter.fit()[0].with_cold(prior=1.0)
    offsets = [fitter.with_cold_offset(fitted, cost).cold.offset for cost in (0.0, 0.3, 0.999)]
    assert offsets == sorted(offsets)
    assert offsets[0] < offsets[-1]


def test_without_cold_items_or_users_there_is_no_offset() -> None:
    model, seen, valid = world_of_two_channels()
    fitter = GateFitter(model, pairs(seen), pairs(valid), seen.shape[0], 0, silent)
    fitted, _ = fitter.fit()
    assert fitter.with_cold_offset(fitted, 0.5) is fitted
    model, seen, valid = world_of_two_channels(n_cold=8)
    nothing = sparse.csr_matrix(valid.shape, dtype=np.float32)
    fitter = GateFitter(model, pairs(seen), pairs(nothing), seen.shape[0], 0, silent)
    assert fitter.with_cold_offset(fitted, 0.5) is fitted


def test_nothing_to_validate_on_leaves_the_first_channel() -> None:
    model, seen, valid = world_of_two_channels(n_cold=8)
    nothing = sparse.csr_matrix(valid.shape, dtype=np.float32)
    fitted, metrics = fit_gates(model, seen, nothing)
    assert fitted.by_history.channels.tolist() == [[[1.0, 0.0], [1.0, 0.0]]]
    assert metrics == {"behaviour": 0.0, "noise": 0.0, "prior": 0.0, "fused": 0.0}


def test_long_histories_get_gates_of_their_own_where_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates_module, "LIMITS", replace(LIMITS, history_length_users=30))
    model, seen, valid = world_of_two_channels()
    # For users of long histories the second channel, now the truth of other pairs, is right and the first wrong.
    long_users = np.arange(80) >= 40
    extra = sparse.csr_matrix((80, 40), dtype=np.float32).tolil()
    other = sparse.csr_matrix((80, 40), dtype=np.float32).tolil()
    for user in np.flatnonzero(long_users):
        for item in seen[user].indices:
            extra[user, (item + 10) % 40] = 1.0
            other[user, (item + 20) % 40] = 1.0
    mask = sparse.diags((~long_users).astype(np.float32))
    longer = ((seen + extra.tocsr()) > 0).astype(np.float32).tocsr()
    target = (mask @ valid + other.tocsr()).tocsr()
    target = target - target.multiply(longer)
    target.eliminate_zeros()
    shift = sparse.csr_matrix((np.ones(40, np.float32), (np.arange(40), (np.arange(40) + 20) % 40)), shape=(40, 40))
    model = replace(model, channels=(model.channels[0], Channel("shift", SparseMatrix(shift))))
    found, metrics = fit_gates(model, longer, target)
    no_history, short, long = found.by_history.min_lengths.tolist()
    assert (no_history, short) == (0, 1)
    assert long > 1
    scorer = Scorer(replace(model, gates=found), flat(longer, 2))
    assert mean_metrics(scorer, longer, target, ks=(10,))["ndcg@10"] >= metrics["fused"] - 1e-6


def test_who_comes_back_after_a_pause_gets_gates_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a session the next item is the neighbour of the last one; after a day the whole history decides."""
    monkeypatch.setattr(gates_module, "LIMITS", replace(LIMITS, return_visit_users=30))
    n_users, n_items, start, day = 60, 40, 1e9, 86_400.0
    rng = np.random.default_rng(0)
    to = np.arange(n_items)
    steady, quick = ((to + 20) % n_items, to ^ 1)
    matrices = [
        sparse.csr_matrix((np.ones(n_items, np.float32), (to, goal)), (n_items, n_items)) for goal in (steady, quick)
    ]
    model = AdditiveModel(
        (
            Channel("behaviour", SparseMatrix(matrices[0])),
            Channel("short_term", SparseMatrix(matrices[1]), HistoryWeights(recency=0.1)),
        ),
        single(2, 0),
        np.zeros(n_items, np.float32),
        np.zeros(n_items, np.bool_),
    )
    taken = np.array([2 * rng.choice(10, 2, replace=False) for _ in range(n_users)])
    users, first, last = np.arange(n_users), taken[:, 0], taken[:, 1]
    train = Interactions.of_pairs(np.r_[users, users], np.r_[first, last], np.repeat([start, start + 60], n_users))
    away = users % 2 == 1
    valid = Interactions.of_pairs(users, np.where(away, steady[last], quick[last]), start + np.where(away, day, 90))
    gates, metrics = GateFitter(model, train, valid, n_users, 0, silent).fit()
    assert gates.by_history.min_pauses == (0.0, 1800.0)
    served = replace(model, gates=gates)
    for pause, goal in ((30.0, quick), (day, steady)):
        scores = served.scores(served.histories(train, n_users, start + 60 + pause))
        assert (scores[users, goal[last]] >= scores.max(axis=1) - 1e-6).all()
    assert metrics["after 1800 s and more"] > 0.8  # what the first and what the last one leads to are equally good


def test_a_mixture_is_scored_once_and_its_users_get_what_they_get_in_any_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    interactions = random_interactions(rng, 40, 30, 200)
    seen = interactions.matrix(40, 30)
    model = replace(random_model(rng, 30), is_cold=np.zeros(30, np.bool_))
    found = CandidateScores.of(model, interactions, pairs(held_out(rng, seen)), 40, rng)
    mixtures = list(rng.random((3, len(found.parts))))
    sample = np.sort(rng.integers(0, len(found), 25))
    steps = [np.r_[0.5, weight, np.ones(len(found.parts) - 2)] for weight in (0.0, 0.3)]
    scored: list[int] = []
    real = CandidateScores.ndcg

    def count(self: CandidateScores, scores: Array) -> Array:
        scored.append(len(self))
        return real(self, scores)

    monkeypatch.setattr(CandidateScores, "ndcg", count)
    with TriedMixtures(found) as tried:
        for _ in range(2):
            of_mixtures, of_steps = tried.qualities(mixtures), tried.qualities_of_steps(steps, 1)
        assert len(scored) == 5
    for weights, ndcg in zip([*mixtures, *steps], [*of_mixtures, *of_steps], strict=True):
        np.testing.assert_allclose(ndcg[sample], found.of_users(sample).quality(weights), atol=1e-12)
