"""Catalogues with some of their users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.learn.fusion import catalogue
from kgrec.learn.fusion.catalogue import Catalogue
from kgrec.learn.limits import LIMITS
from tests.support.cold_start import N_KNOWN, N_USERS, N, simulation


def test_users_have_a_history_and_something_held_out() -> None:
    world = simulation(1.0)
    wanted = sparse.csr_matrix(world.hidden.toarray() * (np.arange(N_USERS) % 3 == 0)[:, None])
    train = world.train.select(world.train.user != 6)
    made = Catalogue.of(world.model, train, wanted, np.random.default_rng(0))
    expected = [user for user in range(0, N_USERS, 3) if user != 6]
    assert len(made.histories) == len(expected)
    np.testing.assert_array_equal(made.wanted.toarray(), wanted.toarray()[expected])
    np.testing.assert_array_equal(made.seen.toarray(), train.matrix(N_USERS, N).toarray()[expected])


def test_of_many_users_a_sample_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "LIMITS", replace(LIMITS, cold_item_users=110))
    world = simulation(1.0)
    samples = [Catalogue.of(world.model, world.train, world.known, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert [len(sample.histories) for sample in samples] == [110] * 3
    np.testing.assert_array_equal(samples[0].seen.toarray(), samples[1].seen.toarray())
    assert (samples[0].seen != samples[2].seen).nnz


def test_items_that_are_not_kept_are_not_there() -> None:
    world = simulation(1.0)
    kept = np.arange(N) % 2 == 0
    part = Catalogue.of(world.model, world.train, world.known, np.random.default_rng(0), kept)
    assert part.model.n_items == kept.sum()
    assert part.model.is_cold.sum() == kept[N_KNOWN:].sum()
    assert part.scores().shape == (N_USERS, kept.sum())
    np.testing.assert_array_equal(part.seen.toarray(), world.train.matrix(N_USERS, N).toarray()[:, kept])
