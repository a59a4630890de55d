"""Sequence models learn what follows what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kgrec.data.dataset import Interactions
from kgrec.evaluation.compared_system import Baseline
from kgrec_benchmarks.systems.gru4rec import fit_gru4rec
from kgrec_benchmarks.systems.sasrec import SASRec, fit_sasrec

N_ITEMS = 8


def ring() -> Interactions:
    """Everybody goes around the same ring of items, from a place of their own; nothing but order tells what is next."""
    pairs = [(user, (user + step) % N_ITEMS, step) for user in range(24) for step in range(N_ITEMS - 1)]
    return Interactions.of_pairs(*zip(*pairs, strict=True))


@pytest.mark.parametrize(("fit", "learning_rate"), [(fit_sasrec, 0.003), (fit_gru4rec, 0.01)])
def test_what_comes_next_is_on_top(fit: Any, learning_rate: float) -> None:
    setting = {"embedding_dim": 32, "learning_rate": learning_rate, "dropout": 0.0, "batch": 8, "epochs": 40}
    ranker: Baseline = fit(ring(), 24, N_ITEMS, **setting)
    assert ranker.scores(np.arange(24)).argmax(axis=1).tolist() == [(user + 7) % N_ITEMS for user in range(24)]
    one = ranker.with_history(Interactions.of_pairs([5, 5], [4, 3], [2, 1]))
    assert one.scores(np.array([5]))[0].argmax() == 5
    assert not one.scores(np.array([4])).any()


def test_events_after_one_do_not_change_what_is_known_after_it() -> None:
    torch.manual_seed(0)
    model = SASRec(N_ITEMS, 8, 10, 2, 0.5).eval()
    # Positions count from the end, so the sequences are of one length.
    first, second = (torch.tensor([[1, 2, 3, last]]) for last in (4, 5))
    with torch.no_grad():
        states = [model.states(one, torch.tensor([4])) for one in (first, second)]
    torch.testing.assert_close(states[0][:, :3], states[1][:, :3])
    assert not torch.allclose(states[0][:, 3], states[1][:, 3])
