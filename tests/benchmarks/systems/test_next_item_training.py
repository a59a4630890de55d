"""Sequence models learn what follows what, from sequences that lose no event."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kgrec.data.dataset import Interactions
from kgrec.evaluation.compared_system import Baseline
from kgrec_benchmarks.systems.gru4rec import fit_gru4rec
from kgrec_benchmarks.systems.next_item_training import batches, sampled_softmax, windows
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


def test_every_event_but_the_first_is_a_next_item_once() -> None:
    begins, ends = windows(np.array([0, 7, 7, 8, 10]), 3)
    targets = [place for begin, end in zip(begins, ends, strict=True) for place in range(begin + 1, end)]
    assert sorted(targets) == [1, 2, 3, 4, 5, 6, 9]
    assert (ends - begins).max() == 4


def test_every_sequence_is_in_one_batch() -> None:
    lengths = np.random.default_rng(0).integers(2, 30, 100)
    found = batches(lengths, 6, np.random.default_rng(1))
    assert sorted(np.concatenate(found).tolist()) == list(range(100))
    assert max(map(len, found)) == 6


def test_sampled_items_that_are_the_next_one_are_left_out() -> None:
    states, table, wanted = torch.randn(3, 4), torch.randn(50, 4), torch.tensor([1, 2, 3])
    drawn = np.random.default_rng(0).integers(0, 50, 20)
    scores = (states @ table.T).numpy()
    expected = []
    for row, own in enumerate([1, 2, 3]):
        others = np.exp(scores[row, drawn[drawn != own]]).sum()
        expected.append(np.log(np.exp(scores[row, own]) + others) - scores[row, own])
    found = sampled_softmax(states, wanted, table, 20, np.random.default_rng(0))
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-5)
    whole = sampled_softmax(states, wanted, table, 50, np.random.default_rng(0))
    assert float(whole) == pytest.approx(float(torch.nn.functional.cross_entropy(states @ table.T, wanted)))
