"""The additive score against its formula, written out slowly here, and against itself in other ways of asking."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.scoring.block_matrix import BlockMatrix, table_or_list
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights, weighted_histories
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.path_matrix import PathMatrix
from tests.support.bundles import random_interactions, random_model

SEEDS = st.integers(0, 2**32 - 1)
MANY = settings(max_examples=40, deadline=None)
LENGTHS = st.integers(0, 12)


def slow_weights(weights: HistoryWeights, events: Interactions, n_items: int) -> Array:
    """One user's history weights, event by event."""
    n = len(events)
    mean = sum(float(weight) for weight in events.weight) / n if n else 1.0
    total, latest = np.zeros(n_items), dict[int, float]()
    for e in range(n):
        weight = weights.kinds.get(events.kinds[events.kind[e]], 1.0)
        weight *= weights.platforms.get(events.platforms[events.platform[e]], 1.0)
        weight *= min(max(float(events.weight[e]) / mean, 0.1), 10.0) ** weights.strength
        item = int(events.item[e])
        total[item] += weight
        latest[item] = max(latest.get(item, -math.inf), float(events.time[e]))
    result = np.log2(1 + total)
    if not np.isnan(events.time).any():
        for item, time in latest.items():
            result[item] *= weights.recency ** sum(other > time for other in latest.values())
    return result


def slow_scores(model: AdditiveModel, events: Interactions) -> Array:
    """The formula of ``kgrec.scoring.model`` with dense matrices and loops, for one user."""
    length = len(set(events.item.tolist()))
    table, cold = model.gates.by_history, model.gates.cold
    bucket = max(b for b, least in enumerate(table.min_lengths) if length >= least)
    score = np.where(model.is_cold, cold.prior, table.prior[0, bucket]) * model.prior
    offset = cold.offset + cold.slope * math.log(1 + min(max(length, 1), 4))
    score += np.where(model.is_cold, offset if length else min(offset, 0.0), 0.0)
    for c, channel in enumerate(model.channels):
        matrix = channel.matrix
        dense = matrix.weights.toarray() if isinstance(matrix, SparseMatrix) else None
        if isinstance(matrix, LowRankMatrix):
            dense = matrix.source.astype(np.float64) @ matrix.target.astype(np.float64).T
        if isinstance(matrix, PathMatrix):
            dense = matrix.source.toarray().astype(np.float64) @ matrix.target.toarray().astype(np.float64).T
        assert dense is not None
        dense = dense.astype(np.float64)
        np.fill_diagonal(dense, 0.0)
        raw = slow_weights(channel.history, events, model.n_items) @ dense
        if channel.unit:
            leader = next(one for one in model.channels if one.name == (channel.beside or channel.name))
            total = slow_weights(leader.history, events, model.n_items).sum()
            gate = np.where(model.is_cold, cold.channels[c], table.channels[0, bucket, c])
            score += gate * raw / channel.unit / math.sqrt(total) if total else 0.0
            continue
        least = cold.min_spread[c] * raw[~model.is_cold].std() if (~model.is_cold).any() else 0.0
        for group in (~model.is_cold, model.is_cold):
            if group.any() and raw[group].std() > 1e-6:
                spread = max(raw[group].std(), least) if group is model.is_cold else raw[group].std()
                scaled = (raw[group] - raw[group].mean()) / spread
                gate = cold.channels[c] if group is model.is_cold else table.channels[0, bucket, c]
                score[group] += gate * scaled
    return np.asarray(score)


def scores_of(model: AdditiveModel, events: Interactions) -> Array:
    one = replace(events, user=np.zeros(len(events), np.int64))
    return np.asarray(model.scores(model.histories(one, 1))[0])


@MANY
@given(SEEDS, LENGTHS, st.integers(1, 9), st.booleans())
def test_scores_follow_the_formula(seed: int, n: int, n_items: int, timed: bool) -> None:
    rng = np.random.default_rng(seed)
    model, events = random_model(rng, n_items), random_interactions(rng, 1, n_items, n, timed)
    np.testing.assert_allclose(scores_of(model, events), slow_scores(model, events), atol=1e-6)


@MANY
@given(SEEDS, LENGTHS, st.integers(1, 9), st.booleans())
def test_contributions_add_up_to_the_score(seed: int, n: int, n_items: int, timed: bool) -> None:
    rng = np.random.default_rng(seed)
    model, events = random_model(rng, n_items), random_interactions(rng, 1, n_items, n, timed)
    parts = model.contributions(events, np.arange(n_items))
    np.testing.assert_allclose(parts.scores, scores_of(model, events), atol=1e-5, rtol=0)
    for position, item in enumerate(parts.items):  # an item never speaks for itself
        assert (parts.values[:, parts.history == item, position] == 0).all()


@MANY
@given(SEEDS, st.integers(1, 12))
def test_leaving_an_item_out_is_scoring_without_it(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    model, events = random_model(rng, 7), random_interactions(rng, 1, 7, n)
    rest = events.select(events.item != events.item[0])
    np.testing.assert_allclose(scores_of(model, rest), slow_scores(model, rest), atol=1e-6)


@MANY
@given(SEEDS, st.booleans())
def test_many_users_at_once_score_as_one_by_one(seed: int, timed: bool) -> None:
    rng = np.random.default_rng(seed)
    model, events = random_model(rng, 6), random_interactions(rng, 4, 6, 20, timed)
    together = model.scores(model.histories(events, 4))
    for user in range(4):
        np.testing.assert_allclose(together[user], scores_of(model, events.select(events.user == user)), atol=1e-9)


def test_one_user_without_times_takes_recency_from_nobody_else() -> None:
    weights = HistoryWeights(recency=0.5)
    events = Interactions.of_pairs([0, 0, 1, 1], [0, 1, 0, 1], [1.0, 2.0, np.nan, 5.0])
    np.testing.assert_allclose(weights.matrix(events, 2, 2).toarray(), [[0.5, 1.0], [1.0, 1.0]])


@MANY
@given(SEEDS, st.integers(1, 12))
def test_the_order_of_the_input_does_not_matter(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    model, events = random_model(rng, 6), random_interactions(rng, 1, 6, n)
    np.testing.assert_allclose(scores_of(model, events), scores_of(model, events.select(rng.permutation(n))), atol=1e-9)


@MANY
@given(SEEDS, LENGTHS)
def test_float32_is_close_to_float64(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    model, events = random_model(rng, 8), random_interactions(rng, 3, 8, n)
    histories = model.histories(events, 3)
    exact, fast = model.scores(histories), model.scores(histories, np.float32)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, exact, atol=2e-3)


def large_model(rng: np.random.Generator, n_known: int, n_items: int, mean: float = 0.0) -> AdditiveModel:
    """Every kind of matrix over a catalogue whose first items are known; factors have a product far from 0 in common.

    Args:
        mean: of that product, in about its spreads.
    """

    def thin(rows: int, columns: int) -> sparse.csr_matrix:
        made = sparse.random(rows, columns, 0.01, "csr", np.float32, rng)
        return made if rows == n_items else sparse.vstack([made, sparse.csr_matrix((n_items - rows, columns))]).tocsr()

    source, target = (rng.normal(size=(n_items, 8)).astype(np.float32) for _ in range(2))
    source[:, 0], target[:, 0] = 1.0, mean
    side = thin(n_items, 60)
    none = np.zeros(60, np.int64)
    paths = PathMatrix(side, side, none.astype(np.int8), none.astype(np.int32), np.arange(60))
    inside = rng.normal(size=(n_known, n_known)).astype(np.float32)
    np.fill_diagonal(inside, 0.0)
    channels = (
        Channel("behaviour", BlockMatrix(np.arange(n_known), inside, thin(n_known, n_items)), HistoryWeights()),
        Channel("next_item", SparseMatrix(thin(n_known, n_items)), HistoryWeights(recency=0.9)),
        Channel("knowledge", LowRankMatrix(source, target), HistoryWeights(recency=0.9)),
        Channel("paths", paths, unit=0.5),
    )
    is_cold = np.arange(n_items) >= n_known
    gates = Gates.common(np.array([1.0, 0.5, 0.8, 0.3]), 0.2)
    prior = rng.normal(size=n_items).astype(np.float32)
    return AdditiveModel(channels, gates.with_cold(channels=np.array([0.3, 0.0, 0.5, 0.0])), prior, is_cold)


@pytest.mark.parametrize(("n_known", "mean"), [(300, 0.0), (300, 3_000.0), (5_000, 0.0)])
def test_of_a_large_catalogue_float32_says_what_float64_does(n_known: int, mean: float) -> None:
    rng = np.random.default_rng(n_known)
    model, events = large_model(rng, n_known, 5_000, mean), random_interactions(rng, 3, 300, 40)
    histories = model.histories(events, 3)
    exact = model._mixing._mix(histories, np.float64, np.float64).total
    assert model._mixing._mix(histories, np.float64, np.float32).certain == (mean == 0.0)
    fast = model.scores(histories)
    np.testing.assert_allclose(fast, exact, atol=1e-5, rtol=0)
    np.testing.assert_array_equal(np.argsort(-fast)[:, :50], np.argsort(-exact)[:, :50])


def test_what_has_faded_is_all_that_a_channel_says_where_what_is_new_says_nothing_in_it() -> None:
    """Twenty known items, then twenty new ones, of which the channel of what comes next has no rows."""
    rng, n_known = np.random.default_rng(3), 300
    model = large_model(rng, n_known, 5_000)
    fading = [replace(one, history=HistoryWeights(recency=0.5)) for one in model.channels]
    model = replace(model, channels=tuple(fading))
    events = random_interactions(rng, 1, 20, 40)
    taken = np.concatenate([rng.choice(n_known, 20, replace=False), np.arange(n_known, n_known + 20)])
    events = replace(events, item=taken, time=np.arange(40.0))
    scored = model.scored(events)
    exact = model._mixing._mix(scored.histories, np.float64, np.float64).total[0]
    np.testing.assert_allclose(scored.scores, exact, atol=1e-5, rtol=0)
    items = np.arange(0, 5_000, 50)
    np.testing.assert_allclose(scored.contributions(items).scores, scored.of_items(items), atol=1e-5, rtol=0)


def test_a_model_that_has_scored_can_be_sent_to_another_process() -> None:
    rng = np.random.default_rng(0)
    model, events = large_model(rng, 20, 60), random_interactions(rng, 1, 20, 5)
    scores = scores_of(model, events)
    np.testing.assert_array_equal(scores_of(pickle.loads(pickle.dumps(model)), events), scores)


@MANY
@given(SEEDS, LENGTHS)
def test_histories_that_are_weighted_together_are_those_weighted_alone(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    events = random_interactions(rng, 3, 6, n)
    kinds = [HistoryWeights(), HistoryWeights(recency=0.5), HistoryWeights(against=True), HistoryWeights(strength=1.0)]
    for one, together in zip(kinds, weighted_histories(kinds, events, 3, 6), strict=True):
        np.testing.assert_array_equal(together.toarray(), one.matrix(events, 3, 6).toarray())


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_an_item_says_of_itself_leaves_no_noise_to_blow_up(seed: int, dtype: type[np.floating]) -> None:
    """Item 0 speaks for itself only, so a user who took nothing else has no score to scale."""
    rng = np.random.default_rng(seed)
    source, target = rng.normal(size=(50, 16)).astype(np.float32), np.zeros((50, 16), np.float32)
    target[0] = rng.normal(size=16)
    model = AdditiveModel(
        (Channel("knowledge", LowRankMatrix(source, target)),),
        Gates.common(np.ones(1), 0.0),
        np.zeros(50, np.float32),
        np.zeros(50, np.bool_),
    )
    assert not model.scores(model.histories(Interactions.of_pairs([0], [0]), 1), dtype).any()


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (HistoryWeights(), [1.0, np.log2(3)]),
        (HistoryWeights(recency=0.5), [0.5, np.log2(3)]),
        (HistoryWeights(kinds={"buy": 3.0}), [2.0, np.log2(5)]),
        (HistoryWeights(strength=1.0), [np.log2(1.5), np.log2(3.5)]),
    ],
)
def test_history_weights_by_hand(weights: HistoryWeights, expected: list[float]) -> None:
    """Item 0 bought once at time 1; item 1 bought at time 0, viewed at time 2. Stars 1, 1, 4: mean 2."""
    events = Interactions(
        user=np.zeros(3, np.int64),
        item=np.array([0, 1, 1]),
        time=np.array([1.0, 0.0, 2.0]),
        weight=np.array([1, 1, 4], np.float32),
        kind=np.array([0, 0, 1]),
        platform=np.zeros(3, np.int64),
        kinds=("buy", "view"),
        platforms=("",),
    )
    np.testing.assert_allclose(weights.matrix(events, 1, 2).toarray()[0], expected)


@given(SEEDS, LENGTHS)
@MANY
def test_a_compact_model_gives_the_same_scores(seed: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    model = random_model(rng, 9)
    events = random_interactions(rng, 1, 9, length)
    weights = rng.normal(size=(9, 9)).astype(np.float32) * ~model.is_cold[:, None]
    full = table_or_list(SparseMatrix(sparse.csr_matrix(weights)))  # of the known items dense enough for a table
    model = replace(model, channels=(replace(model.channels[0], matrix=full), *model.channels[1:]))
    compact, items = model.compact(), np.arange(9)
    np.testing.assert_allclose(scores_of(compact, events), scores_of(model, events), atol=1e-9)
    for one, other in ((compact, model), (model, compact)):
        np.testing.assert_allclose(one.contributions(events, items).scores, scores_of(other, events), atol=1e-5)


@pytest.mark.parametrize("as_table", [True, False])
def test_what_is_closed_for_cold_items_is_not_kept_for_them(as_table: bool) -> None:
    gates = Gates.common(np.array([0.5]), 0.0, cold_items=0.0)
    is_cold = np.arange(6) >= 4
    matrix: ItemMatrix = SparseMatrix(sparse.csr_matrix(np.ones((6, 6), np.float32) * ~is_cold[:, None]))
    if as_table:
        matrix = table_or_list(matrix)
        assert isinstance(matrix, BlockMatrix)
    model = AdditiveModel((Channel("behaviour", matrix),), gates, np.zeros(6, np.float32), is_cold)
    block = model.compact().channels[0].matrix.block(np.arange(6), np.arange(6))
    assert not block[:, is_cold].any()
    assert block[:, :4].sum() == 4 * 4 - 4


def test_a_channel_whose_gate_is_closed_says_nothing() -> None:
    rng = np.random.default_rng(1)
    model = random_model(rng, 5)
    gates = model.gates.with_known(channels=np.zeros((3, 3, 5))).with_cold(channels=np.zeros(5))
    closed = replace(model, gates=gates)
    events = random_interactions(rng, 1, 5, 4)
    assert not closed.contributions(events, np.arange(5)).values.any()


def test_cold_items_are_not_stretched_to_the_top_by_a_history_that_says_little_about_them() -> None:
    weights = np.zeros((4, 104))
    weights[0, 1:3], weights[0, 4] = (1.0, 0.5), 0.01  # one cold item of a hundred is a little like item 0
    matrix = SparseMatrix(sparse.csr_matrix(np.vstack([weights, np.zeros((100, 104))]).astype(np.float32)))
    gates = Gates.common(np.ones(1), 0.0)
    model = AdditiveModel((Channel("behaviour", matrix),), gates, np.zeros(104, np.float32), np.arange(104) >= 4)
    scores = scores_of(model, Interactions.of_pairs([0], [0]))
    assert scores[4] < 0.1 < scores[1]


def test_a_model_of_some_items_scores_them_as_if_the_others_were_not_there() -> None:
    rng = np.random.default_rng(3)
    model = random_model(rng, 12)
    model = replace(model, is_cold=np.arange(12) >= 8)
    kept = np.array([0, 2, 3, 5, 8, 10, 11])
    events = Interactions.of_pairs(np.zeros(3, np.int64), np.array([0, 1, 3]))
    channels = []
    for channel in model.channels:
        matrix = channel.matrix
        few = SparseMatrix(sparse.csr_matrix(matrix.block(kept, kept).astype(np.float32)))
        channels.append(replace(channel, matrix=few))
    expected = AdditiveModel(tuple(channels), model.gates, model.prior[kept], model.is_cold[kept])
    np.testing.assert_allclose(scores_of(model.restricted_to(kept), events), scores_of(expected, events), atol=1e-5)
