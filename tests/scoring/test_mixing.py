"""The best of a large catalogue are found without all of its scores, and are the best of all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.mixing import Mix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.scored import Scored
from kgrec.scoring.top_k import mask_of, top_k

N, N_KNOWN = 9_000, 4_400


def model_of_factors(cold_gate: float) -> AdditiveModel:
    """Two channels of low rank over a catalogue both of whose groups are large; ten items are like another one.

    Some targets are far longer than others, as popular items' are, so that bounds tell.
    """
    rng = np.random.default_rng(0)

    def factors() -> LowRankMatrix:
        source, target = (rng.normal(size=(N, 4)).astype(np.float32) for _ in range(2))
        target[20:30] = target[10]
        return LowRankMatrix(source, target * rng.gamma(0.3, size=(N, 1)).astype(np.float32))

    gates = Gates.common(np.array([1.0, 0.5]), 0.0).with_cold(channels=np.array([cold_gate, 0.3]), offset=0.5)
    channels = Channel("knowledge", factors()), Channel("semantic_paths", factors(), unit=0.7)
    return AdditiveModel(channels, gates, np.zeros(N, np.float32), np.arange(N) >= N_KNOWN)


def scored_anew(scored: Scored) -> Scored:
    """The same with nothing added up that was late."""
    return replace(scored, mix=replace(scored.mix))


@pytest.mark.parametrize("cold_gate", [0.0, 0.6])
@pytest.mark.parametrize("k", [1, 10, 8_998, 20_000])
def test_the_best_are_those_of_all_scores(cold_gate: float, k: int) -> None:
    scored = model_of_factors(cold_gate).scored(Interactions.of_pairs([0] * 4, [7, 10, 4_500, 8_999]))
    assert isinstance(scored.mix, Mix)
    assert len(scored.mix.late) == 3 + (cold_gate > 0)
    candidates = np.setdiff1d(np.arange(N), [7, 4_500])
    everything = scored_anew(scored).scores
    best = scored.best(mask_of(candidates, N), k)
    assert best.tolist() == top_k(everything, candidates, k).tolist()
    np.testing.assert_allclose(scored_anew(scored).of_items(best), everything[best], atol=1e-6)
    assert ("total" in vars(scored.mix)) == (k > 4_096), "a short list need not have all scores"


def test_contributions_add_up_to_what_was_late() -> None:
    scored = model_of_factors(0.6).scored(Interactions.of_pairs([0] * 3, [7, 10, 4_500]))
    items = np.array([3, 10, 25, 4_500, 8_000])
    np.testing.assert_allclose(scored.contributions(items).scores, scored.of_items(items), atol=1e-6)


def test_what_is_ready_of_matrices_that_stay_is_kept() -> None:
    model = model_of_factors(0.6)
    history = Interactions.of_pairs([0], [7])
    scores = model.scored(history).scores
    other = model.with_matrices([model.channels[0].matrix, LowRankMatrix(*[np.zeros((N, 4), np.float32)] * 2)])
    assert other._mixing._of_channel(0) is model._mixing._of_channel(0)
    assert other._mixing._of_channel(1) is not model._mixing._of_channel(1)
    alone = AdditiveModel(other.channels, other.gates, other.prior, other.is_cold)
    np.testing.assert_allclose(other.scored(history).scores, alone.scored(history).scores)
    np.testing.assert_allclose(model.without_prior.scored(history).scores, scores)
