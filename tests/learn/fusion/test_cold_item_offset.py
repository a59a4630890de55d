"""Spread, slope and offset of cold items: what they bring, and what known items may lose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.learn.fusion import cold_item_offset
from kgrec.learn.fusion.cold_item_offset import TopLists, refit_offset, why_no_offset
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.cold_start import N_COLD, N_HIDDEN, N_KNOWN, N_USERS, N, simulation


@pytest.mark.parametrize("metric", ["recall@20", "ndcg@10"])
@pytest.mark.parametrize("allowed", [0.0, 0.1, 0.5])
def test_known_items_lose_no_more_than_is_allowed(allowed: float, metric: str) -> None:
    """In a catalogue where only the truly cold items are cold, and the hidden ones are not there."""
    world = simulation(1.0, allowed)
    gates, _ = world.fit(0, silent)
    there = np.flatnonzero(np.diff(world.hidden.tocsc().indptr) == 0)
    whole = replace(world.model, gates=gates)
    model = whole.restricted_to(there)
    histories = whole.histories(world.train, N_USERS)
    histories = Histories(tuple(matrix[:, there] for matrix in histories.matrices), histories.pauses)
    seen, wanted = world.train.matrix(N_USERS, N)[:, there], world.known[:, there]

    class Ranker:
        def scores(self, users: Array) -> Array:
            return model.scores(histories[users], np.float32)

    served = mean_metrics(Ranker(), seen, wanted, (10, 20))[metric]
    alone = mean_metrics(Ranker(), seen, wanted, (10, 20), ~model.is_cold)[metric]
    assert served >= (1.0 - allowed) * alone


@pytest.mark.parametrize("weighed", ["channel", "prior"])
@pytest.mark.parametrize("allowed", [0.0, 0.1, 0.5])
def test_the_offset_is_as_high_as_the_chosen_model_allows(allowed: float, weighed: str) -> None:
    """Whatever the simulation gave: here its offset is far too high, or too low."""
    world = simulation(1.0, allowed)
    seen, lost = world.train.matrix(N_USERS, N), []
    histories = world.model.histories(world.train, N_USERS)
    for offset in (-50.0, 50.0):
        weights = (np.array([0.0, 0.5]), 0.0) if weighed == "channel" else (np.zeros(2), 0.5)
        gates = world.model.gates.with_cold(channels=weights[0], prior=weights[1], offset=offset)
        prior = np.random.default_rng(2).normal(size=N).astype(np.float32)
        model = replace(world.model, gates=gates, prior=prior)
        model = replace(model, gates=refit_offset(model, world.train, world.known, world.cost, 0))

        class Ranker:
            def scores(self, users: Array, model: AdditiveModel = model) -> Array:
                return model.scores(histories[users], np.float32)

        alone = mean_metrics(Ranker(), seen, world.known, (10, 20), ~model.is_cold)
        beside = mean_metrics(Ranker(), seen, world.known, (10, 20))
        lost.append([1.0 - beside[metric] / alone[metric] for metric in ("recall@20", "ndcg@10")])
    assert lost[0] == lost[1]
    assert max(lost[0]) <= allowed
    assert allowed == 0.0 or max(lost[0]) > allowed / 2


def test_users_of_short_histories_get_more_cold_items_where_only_the_others_have_something_to_lose() -> None:
    """And these may lose anything that cold items would push out of their lists: what they take is anywhere in them."""
    world = simulation(1.0, 0.0)
    rng = np.random.default_rng(1)
    long = np.arange(N_USERS) % 2 == 0
    first = np.unique(world.train.user, return_index=True)[1]
    of_short = world.train.select(first[~long])
    train = world.train.select(long[world.train.user]).joined(of_short)
    anything = sparse.csr_matrix((rng.random((N_USERS, N)) < 0.5) * long[:, None] * (np.arange(N) < N_KNOWN))
    known = (anything.astype(np.float32) - anything.multiply(train.matrix(N_USERS, N) > 0)).tocsr()
    known.eliminate_zeros()
    gates, _ = replace(world, train=train, known=known).fit(0, silent)
    assert gates.cold.slope < 0.0


def test_the_more_may_be_lost_the_more_cold_items_are_found() -> None:
    found = []
    for allowed in (0.0, 0.5):
        world = simulation(1.0, allowed)
        model = replace(world.model, gates=world.fit(0, silent)[0])
        scores = model.scores(model.histories(world.train, N_USERS))
        above = (scores[:, N_KNOWN : N_KNOWN + N_HIDDEN, None] > scores[:, None, :N_KNOWN]).mean()
        found.append(above)
    assert found[0] < found[1]


def test_cold_items_that_nothing_tells_apart_are_below_all_known_ones() -> None:
    world = simulation(1.0)
    behaviour = world.model.channels[0].matrix
    assert isinstance(behaviour, SparseMatrix)
    known = sparse.diags((np.arange(N) < N_KNOWN).astype(np.float32))
    only = Channel("behaviour", SparseMatrix((behaviour.weights @ known).tocsr()))
    model = replace(world.model, channels=(only,), gates=Gates.common(np.ones(1), 0.0))
    gates, _ = replace(world, model=model).fit(0, silent)
    assert gates.cold.channels.tolist() == [0.0]
    scores = model.scores(model.histories(world.train, N_USERS))
    assert gates.cold.offset < scores[:, :N_KNOWN].min()


def test_the_offset_of_an_empty_history_is_not_positive_and_the_slope_holds_where_it_was_measured() -> None:
    common = Gates.common(np.ones(1), 1.0)
    gates = common.with_cold(offset=5.0, slope=-1.0, length_range=(3.0, 7.0))
    found = gates.cold.offset_for(np.array([0.0, 1.0, 3.0, 5.0, 7.0, 50.0]))
    measured = 5.0 - np.log1p([3.0, 3.0, 5.0, 7.0, 7.0])
    assert found.tolist() == pytest.approx([0.0, *measured])


def test_served_scores_are_spread_times_score_plus_offset_plus_slope_times_log_of_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cold_item_offset, "_SPREADS", (0.7,))
    monkeypatch.setattr(cold_item_offset, "_SLOPES", (-0.5,))
    world = simulation(1.0)
    wide = Gates.common(np.array([2.5, 0.0]), 0.0)  # known items have a spread of 2.5
    world = replace(world, model=replace(world.model, gates=wide))
    gates, _ = world.fit(0, silent)
    cold = gates.cold
    spread = cold.channels.max()  # the mixture starts from one channel with weight 1
    unit = gates.with_cold(channels=cold.channels / spread, prior=cold.prior / spread, offset=0.0, slope=0.0)
    histories = world.model.histories(world.train, N_USERS)
    known, (s, served) = (
        np.arange(N) < N_KNOWN,
        (replace(world.model, gates=each).scores(histories) for each in (unit, gates)),
    )
    n = histories.lengths[:, None]
    np.testing.assert_allclose(served[:, ~known], spread * s[:, ~known] + cold.offset + cold.slope * np.log(1 + n))
    known_spread = s[:, known].std(axis=1).mean()
    assert cold.slope == pytest.approx(-0.5 * known_spread, rel=1e-5)
    truly_cold = np.arange(N) >= N_KNOWN + N_HIDDEN
    only = world.model.restricted_to(np.flatnonzero(known | truly_cold))
    few = Histories(tuple(matrix[:, known | truly_cold] for matrix in histories.matrices), histories.pauses)
    cold_spread = replace(only, gates=unit).scores(few)[:, N_KNOWN:].std(axis=1).mean()
    assert spread * cold_spread == pytest.approx(0.7 * known_spread, rel=1e-4)


def test_the_worked_example() -> None:
    """A user with three items in the history; b is held out; the cold items have a spread of 0.3 and become as wide."""
    scores = np.array([[0.0, 0.0, 0.0, 1.5**0.5, 0.0, -(1.5**0.5), 0.3, -0.3]])
    world = TopLists(
        is_wanted=np.array([[False, True, False, False, False]]),
        known=scores[:, 3:6],
        cold=scores[:, 6:],
        lengths=np.array([3]),
        n_wanted=np.array([1]),
    )
    gates = Gates.common(np.ones(1), 0.0).with_cold(slope=-0.5)
    spread = 1 / 0.3
    beside = gates.with_cold(offset=0.4)
    served = spread * scores[0, 6:] + beside.cold.offset_for(np.array([3]))
    assert served == pytest.approx([0.71, -1.29], abs=0.01)
    alone, lower = world.quality(spread, None), world.quality(spread, beside)
    assert 1 - lower[1] / alone[1] == pytest.approx(0.21, abs=0.005)
    offset = world.highest_offset(spread, gates, 1.0, 0.0)
    assert offset == pytest.approx(-0.31, abs=0.015)
    assert spread * 0.3 + gates.with_cold(offset=offset).cold.offset_for(np.array([3]))[0] < 0.0
    dearer = world.highest_offset(spread, gates, 1.0, 0.5)
    assert dearer is not None
    assert dearer > 0.4


def test_an_offset_that_no_price_allows_is_none() -> None:
    """Cold items above all known ones by more than the search goes down."""
    one = np.array([1])
    world = TopLists(np.array([[True, False]]), np.array([[0.0]]), np.array([[1_000.0]]), one, one)
    assert world.highest_offset(1.0, Gates.common(np.ones(1), 0.0), 1.0, 0.0) is None


def test_why_the_price_has_no_effect() -> None:
    model = simulation(1.0).model
    n_cold = N_HIDDEN + N_COLD
    assert why_no_offset(model, 5) is None
    assert why_no_offset(model, 0) == ("no user has both a history and a known item that is held out for validation")
    known = model.restricted_to(np.arange(N_KNOWN))
    assert why_no_offset(known, 5) == "every item of the catalogue has interactions"
    closed = model.gates.with_cold(channels=np.zeros(2), prior=0.0)
    assert why_no_offset(replace(model, gates=closed), 5) == (
        f"nothing that is known of the {n_cold} cold items tells them apart: they stay below all known ones"
    )
