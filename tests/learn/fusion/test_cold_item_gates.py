"""Gate weights of cold items, fitted on items that are hidden for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.learn.fusion import cold_item_gates, cold_item_offset
from kgrec.learn.fusion.catalogue import Catalogue
from kgrec.progress import Progress, silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import Channel
from tests.support.cold_start import N_KNOWN, N_USERS, N, simulation


def test_cold_items_listen_to_the_channel_that_knows_them() -> None:
    gates, found = simulation(1.0).fit(0, silent)
    assert found["cold items, knowledge"] > found["cold items, behaviour"] + 0.2
    assert found["cold items, fused"] >= max(found["cold items, knowledge"], found["cold items, prior"])
    assert gates.cold.channels[1] > gates.cold.channels[0]
    assert gates.by_history.channels.tolist() == [[[1.0, 0.0]]]  # known items keep theirs


def test_nobody_to_simulate_leaves_the_gates() -> None:
    world = simulation(1.0)
    nothing = sparse.csr_matrix(world.hidden.shape, dtype=np.float32)
    gates, found = replace(world, hidden=nothing).fit(0, silent)
    assert gates is world.model.gates
    assert found == {}


@pytest.mark.parametrize("rounding", [0.0, 1e-7], ids=["level", "level but for rounding"])
def test_channels_that_do_not_tell_cold_items_apart_are_not_chosen(rounding: float) -> None:
    """All hidden items are level there, and there are no more of them than are listed."""
    world = simulation(1.0)
    columns = np.repeat(np.arange(N_KNOWN, N_KNOWN + 4), N_USERS // 4)
    lowest = sparse.csr_matrix((np.ones(N_USERS, np.float32), (np.arange(N_USERS), columns)), shape=(N_USERS, N))
    likeness = np.random.default_rng(0).random((N, N)).astype(np.float32)
    likeness[:, N_KNOWN:] *= rounding
    silent_channel = Channel("next_item", SparseMatrix(sparse.csr_matrix(likeness)))
    model = replace(
        world.model,
        channels=(*world.model.channels[:1], silent_channel),
        gates=Gates.common(np.array([1.0, 0.0]), 0.0),
    )
    gates, found = replace(world, model=model, hidden=lowest).fit(0, silent)
    assert found["cold items, next_item"] == 0.0
    assert np.isfinite(gates.cold.channels).all()
    assert gates.cold.channels[1] == 0.0


def test_the_least_spread_of_cold_items_is_half_of_their_median_spread() -> None:
    """By channel, in spreads of its scores of known items, over the users for whom it tells cold ones apart."""
    world = simulation(1.0)
    content = world.model.channels[1].matrix
    assert isinstance(content, SparseMatrix)
    silent_groups = np.arange(N_KNOWN) % 4 < 3  # for most users it does not tell cold items apart
    weights = content.weights.toarray()
    weights[:N_KNOWN][silent_groups, N_KNOWN:] = 0.0
    mostly_silent = replace(world.model.channels[1], matrix=SparseMatrix(sparse.csr_matrix(weights)))
    model = replace(world.model, channels=(world.model.channels[0], mostly_silent))
    gates, _ = replace(world, model=model).fit(0, silent)
    hidden = np.diff(world.hidden.tocsc().indptr) > 0
    medians = []
    for channel, history in zip(model.channels, model.histories(world.train, N_USERS).matrices, strict=True):
        scores = channel.matrix.scores(history.astype(np.float32))
        ratio = scores[:, hidden].std(axis=1) / scores[:, :N_KNOWN].std(axis=1)
        medians.append(np.median(ratio[ratio > 1e-6]))
    assert gates.cold.min_spread == pytest.approx(np.array(medians) / 2, rel=1e-3)
    assert (gates.cold.min_spread > 0.01).all()


def test_what_cold_items_bring_and_what_they_cost_is_measured_in_two_catalogues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hidden are not there where they would count as known, the truly cold not where nobody can look for them."""
    world = simulation(1.0)
    hidden = np.diff(world.hidden.tocsc().indptr) > 0
    fit_beside_known = cold_item_offset.fit_beside_known
    seen = []

    def spy(
        mixture: Array,
        hidden_only: Catalogue,
        with_known: Catalogue,
        cost: float,
        progress: Progress,
    ) -> Gates:
        seen.append((hidden_only, with_known))
        return fit_beside_known(mixture, hidden_only, with_known, cost, progress)

    monkeypatch.setattr(cold_item_gates, "fit_beside_known", spy)
    world.fit(0, silent)
    ((hidden_only, with_known),) = seen
    assert (hidden_only.model.is_cold.sum(), (~hidden_only.model.is_cold).sum()) == (hidden.sum(), N_KNOWN)
    assert (with_known.model.is_cold.sum(), (~with_known.model.is_cold).sum()) == (N - N_KNOWN - hidden.sum(), N_KNOWN)
    assert hidden_only.wanted.nnz == world.hidden.nnz
    assert with_known.wanted.nnz == world.known.nnz
