"""Gates of new items, fitted on items that are hidden for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.fusion import cold_item_gates
from kgrec.learn.fusion.cold_item_gates import ColdStartSimulation
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress, silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel, Histories

N_USERS, N_WARM, N_HIDDEN, N_NEW = 120, 60, 40, 40
N = N_WARM + N_HIDDEN + N_NEW


def simulation(truth: float, cost: float = 0.018) -> ColdStartSimulation:
    """Camps of four: the first channel knows them among warm items, the second also among hidden and new ones.

    ``truth`` is how often what users took of the hidden ones was of their camp, ``cost`` what
    warm items may lose.
    """
    rng = np.random.default_rng(0)
    camp = np.arange(N) % 4
    same = (camp[:, None] == camp[None, :]).astype(np.float32)
    warm = np.arange(N) < N_WARM
    noise = rng.random((N, N)).astype(np.float32)
    known = sparse.csr_matrix(np.where(warm[None, :], same + 0.1 * noise, noise) * warm[:, None])
    content = sparse.csr_matrix((same + 0.1 * noise) * warm[:, None])
    model = AdditiveModel(
        (Channel("behaviour", SparseMatrix(known)), Channel("knowledge", SparseMatrix(content))),
        Gates.common(np.array([1.0, 0.0]), 0.0),
        np.zeros(N, np.float32),
        ~warm,
    )
    users = np.arange(N_USERS)
    taken = np.stack([rng.choice(np.arange(user % 4, N_WARM, 4), 6, replace=False) for user in users])
    of_camp = rng.random(N_USERS) < truth
    hidden = N_WARM + np.where(of_camp, users % 4, (users + 1) % 4) + 4 * rng.integers(0, N_HIDDEN // 4, N_USERS)

    def matrix(items: Array) -> sparse.csr_matrix:
        columns = items.reshape(N_USERS, -1)
        row = np.repeat(users, columns.shape[1])
        return sparse.csr_matrix((np.ones(len(row), np.float32), (row, columns.ravel())), shape=(N_USERS, N))

    train = Interactions.of_pairs(np.repeat(users, 4), taken[:, :4].ravel())
    return ColdStartSimulation(model, train, matrix(hidden), matrix(taken[:, 4:]), cost)


def test_new_items_listen_to_the_channel_that_knows_them() -> None:
    gates, found = simulation(1.0).fit(0, silent)
    assert found["cold items, knowledge"] > found["cold items, behaviour"] + 0.2
    assert found["cold items, fused"] >= max(found["cold items, knowledge"], found["cold items, prior"])
    assert gates.cold.channels[1] > gates.cold.channels[0]
    assert gates.by_history.channels.tolist() == [[[1.0, 0.0]]]  # warm items keep theirs


@pytest.mark.parametrize("metric", ["recall@20", "ndcg@10"])
@pytest.mark.parametrize("allowed", [0.0, 0.1, 0.5])
def test_warm_items_lose_no_more_than_is_allowed(allowed: float, metric: str) -> None:
    """In a catalogue where only the truly new items are new, and the hidden ones are not there."""
    world = simulation(1.0, allowed)
    gates, _ = world.fit(0, silent)
    there = np.flatnonzero(np.diff(world.hidden.tocsc().indptr) == 0)
    whole = replace(world.model, gates=gates)
    model = whole.restricted_to(there)
    histories = whole.histories(world.train, N_USERS)
    histories = Histories(tuple(matrix[:, there] for matrix in histories.matrices), histories.pauses)
    seen, wanted = world.train.matrix(N_USERS, N)[:, there], world.warm[:, there]

    class Ranker:
        def scores(self, users: Array) -> Array:
            return model.scores(histories[users], np.float32)

    served = mean_metrics(Ranker(), seen, wanted, (10, 20))[metric]
    alone = mean_metrics(Ranker(), seen, wanted, (10, 20), ~model.is_cold)[metric]
    assert served >= (1.0 - allowed) * alone


@pytest.mark.parametrize("speaks", ["channel", "prior"])
@pytest.mark.parametrize("allowed", [0.0, 0.1, 0.5])
def test_the_model_that_was_chosen_has_new_items_as_high_as_is_allowed_there(allowed: float, speaks: str) -> None:
    """Whatever the simulation said: here its height is far too high, or too low."""
    world = simulation(1.0, allowed)
    seen, lost = world.train.matrix(N_USERS, N), []
    histories = world.model.histories(world.train, N_USERS)
    for said in (-50.0, 50.0):
        weights = (np.array([0.0, 0.5]), 0.0) if speaks == "channel" else (np.zeros(2), 0.5)
        gates = world.model.gates.with_cold(channels=weights[0], prior=weights[1], offset=said)
        prior = np.random.default_rng(2).normal(size=N).astype(np.float32)
        model = replace(world.model, gates=gates, prior=prior)
        model = replace(model, gates=cold_item_gates.refit_offset(model, world.train, world.warm, world.cost, 0))

        class Ranker:
            def scores(self, users: Array, model: AdditiveModel = model) -> Array:
                return model.scores(histories[users], np.float32)

        alone = mean_metrics(Ranker(), seen, world.warm, (10, 20), ~model.is_cold)
        beside = mean_metrics(Ranker(), seen, world.warm, (10, 20))
        lost.append([1.0 - beside[metric] / alone[metric] for metric in ("recall@20", "ndcg@10")])
    assert lost[0] == lost[1]
    assert max(lost[0]) <= allowed
    assert allowed == 0.0 or max(lost[0]) > allowed / 2


def test_users_of_short_histories_get_more_new_items_where_only_the_others_have_something_to_lose() -> None:
    """And these may lose anything that new items would push out of their lists: what they take is anywhere in them."""
    world = simulation(1.0, 0.0)
    rng = np.random.default_rng(1)
    long = np.arange(N_USERS) % 2 == 0
    first = np.unique(world.train.user, return_index=True)[1]
    of_short = world.train.select(first[~long])
    train = world.train.select(long[world.train.user]).joined(of_short)
    anything = sparse.csr_matrix((rng.random((N_USERS, N)) < 0.5) * long[:, None] * (np.arange(N) < N_WARM))
    warm = (anything.astype(np.float32) - anything.multiply(train.matrix(N_USERS, N) > 0)).tocsr()
    warm.eliminate_zeros()
    gates, _ = replace(world, train=train, warm=warm).fit(0, silent)
    assert gates.cold.slope < 0.0


def test_the_more_may_be_lost_the_more_new_items_are_found() -> None:
    found = []
    for allowed in (0.0, 0.5):
        world = simulation(1.0, allowed)
        model = replace(world.model, gates=world.fit(0, silent)[0])
        scores = model.scores(model.histories(world.train, N_USERS))
        above = (scores[:, N_WARM : N_WARM + N_HIDDEN, None] > scores[:, None, :N_WARM]).mean()
        found.append(above)
    assert found[0] < found[1]


def test_nobody_to_simulate_leaves_the_gates() -> None:
    world = simulation(1.0)
    nothing = sparse.csr_matrix(world.hidden.shape, dtype=np.float32)
    gates, found = replace(world, hidden=nothing).fit(0, silent)
    assert gates is world.model.gates
    assert found == {}


def test_channels_that_say_nothing_of_new_items_are_not_chosen() -> None:
    """All hidden items are level there, and those that were taken have the lowest rows by chance."""
    world = simulation(1.0)
    columns = np.repeat(np.arange(N_WARM, N_WARM + 4), N_USERS // 4)
    lowest = sparse.csr_matrix((np.ones(N_USERS, np.float32), (np.arange(N_USERS), columns)), shape=(N_USERS, N))
    silent_channel = Channel("next_item", SparseMatrix(sparse.csr_matrix((N, N), dtype=np.float32)))
    model = replace(
        world.model,
        channels=(*world.model.channels[:1], silent_channel),
        gates=Gates.common(np.array([1.0, 0.0]), 0.0),
    )
    gates, found = replace(world, model=model, hidden=lowest).fit(0, silent)
    assert found["cold items, next_item"] == 0.0
    assert np.isfinite(gates.cold.channels).all()
    assert gates.cold.channels[1] == 0.0


def test_where_nothing_is_said_of_new_items_they_stand_below() -> None:
    world = simulation(1.0)
    known = world.model.channels[0].matrix
    assert isinstance(known, SparseMatrix)
    warm = sparse.diags((np.arange(N) < N_WARM).astype(np.float32))
    only = Channel("behaviour", SparseMatrix((known.weights @ warm).tocsr()))
    model = replace(world.model, channels=(only,), gates=Gates.common(np.ones(1), 0.0))
    gates, _ = replace(world, model=model).fit(0, silent)
    assert gates.cold.channels.tolist() == [0.0]
    scores = model.scores(model.histories(world.train, N_USERS))
    assert gates.cold.offset < scores[:, :N_WARM].min()


def test_new_items_are_measured_by_half_of_their_usual_spread() -> None:
    """By channel, in spreads of what it says of known items, over the users to whom it says anything of new ones."""
    world = simulation(1.0)
    content = world.model.channels[1].matrix
    assert isinstance(content, SparseMatrix)
    deaf = np.arange(N_WARM) % 4 < 3  # to most users it says nothing of new items
    weights = content.weights.toarray()
    weights[:N_WARM][deaf, N_WARM:] = 0.0
    half_deaf = replace(world.model.channels[1], matrix=SparseMatrix(sparse.csr_matrix(weights)))
    model = replace(world.model, channels=(world.model.channels[0], half_deaf))
    gates, _ = replace(world, model=model).fit(0, silent)
    hidden = np.diff(world.hidden.tocsc().indptr) > 0
    usual = []
    for channel, history in zip(model.channels, model.histories(world.train, N_USERS).matrices, strict=True):
        scores = channel.matrix.scores(history.astype(np.float32))
        ratio = scores[:, hidden].std(axis=1) / scores[:, :N_WARM].std(axis=1)
        usual.append(np.median(ratio[ratio > 1e-6]))
    assert gates.cold.min_spread == pytest.approx(np.array(usual) / 2, rel=1e-3)
    assert (gates.cold.min_spread > 0.01).all()


def test_what_new_items_bring_and_what_they_cost_is_measured_in_two_catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hidden are not there where they would count as known, the truly new not where nobody can look for them."""
    world = simulation(1.0)
    hidden = np.diff(world.hidden.tocsc().indptr) > 0
    beside_known = cold_item_gates._beside_known
    seen = []

    def spy(
        mixture: Array,
        hidden_only: cold_item_gates._Catalogue,
        with_known: cold_item_gates._Catalogue,
        cost: float,
        progress: Progress,
    ) -> Gates:
        seen.append((hidden_only, with_known))
        return beside_known(mixture, hidden_only, with_known, cost, progress)

    monkeypatch.setattr(cold_item_gates, "_beside_known", spy)
    world.fit(0, silent)
    ((hidden_only, with_known),) = seen
    assert (hidden_only.model.is_cold.sum(), (~hidden_only.model.is_cold).sum()) == (hidden.sum(), N_WARM)
    assert (with_known.model.is_cold.sum(), (~with_known.model.is_cold).sum()) == (N - N_WARM - hidden.sum(), N_WARM)
    assert hidden_only.wanted.nnz == world.hidden.nnz
    assert with_known.wanted.nnz == world.warm.nnz


def test_over_an_empty_history_new_items_are_not_lifted_and_the_slope_is_believed_where_it_was_measured() -> None:
    common = Gates.common(np.ones(1), 1.0)
    gates = common.with_cold(offset=5.0, slope=-1.0, length_range=(3.0, 7.0))
    found = gates.cold.offset_for(np.array([0.0, 1.0, 3.0, 5.0, 7.0, 50.0]))
    measured = 5.0 - np.log1p([3.0, 3.0, 5.0, 7.0, 7.0])
    assert found.tolist() == pytest.approx([0.0, *measured])
