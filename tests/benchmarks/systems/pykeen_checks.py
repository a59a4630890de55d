"""PyKEEN's models through our own measure; `test_pykeen_models.py` runs this in a process of its own."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from kgrec.data.triples import Facts
from kgrec_benchmarks.protocols.link_prediction import hold_out_facts, link_prediction
from kgrec_benchmarks.systems.pykeen_models import MODELS, PykeenScorer, PykeenSetting, fit_pykeen

QUICK = PykeenSetting(embedding_dim=8, epochs=4, check_every=2, num_negatives=4)


def ring() -> Facts:
    """Twenty nodes, each with the next one and, read back, the one before."""
    n = np.arange(20)
    return Facts.unique(
        np.tile(n, 2), np.repeat([0, 1], 20), np.concatenate([(n + 1) % 20, (n - 1) % 20]), ("next", "before")
    )


@pytest.mark.parametrize("name", MODELS)
def test_our_measure_is_pykeens(name: str) -> None:
    """Realistic ranks, filtered, over both sides: the same figures as PyKEEN's own evaluator gives its model."""
    facts = ring()
    train, held = hold_out_facts(facts, 0.2)
    scorer = fit_pykeen(name, train, 20, [QUICK], validate=lambda _: 0.0).scorer()
    evaluation = importlib.import_module("pykeen.evaluation")
    triples = [torch.from_numpy(np.stack([f.head, f.relation, f.tail], axis=1)) for f in (train, held)]
    theirs = evaluation.RankBasedEvaluator(filtered=True).evaluate(
        scorer._model, triples[1], batch_size=4, additional_filter_triples=[triples[0]], use_tqdm=False
    )
    ours = link_prediction(scorer, held, facts, 20)
    assert ours["mrr"] == pytest.approx(theirs.get_metric("both.realistic.inverse_harmonic_mean_rank"), abs=1e-4)
    assert ours["hits@3"] == pytest.approx(theirs.get_metric("both.realistic.hits_at_3"), abs=1e-4)


def test_the_best_look_at_validation_is_kept() -> None:
    qualities = iter([1.0, 3.0, 2.0, 2.5, 9.0])
    kept: list[torch.Tensor] = []

    def validate(scorer: PykeenScorer) -> float:
        kept.append(torch.from_numpy(scorer.tails(np.arange(20), np.zeros(20, np.int64))))
        return next(qualities)

    looks: list[tuple[int, float]] = []
    setting = PykeenSetting(embedding_dim=8, epochs=10, check_every=2, num_negatives=4, patience=2)
    found = fit_pykeen("DistMult", ring(), 20, [setting], validate=validate, report=lambda *look: looks.append(look))
    scorer = found.scorer()
    assert found.quality == 3.0
    assert looks == [(2, 1.0), (4, 3.0), (6, 2.0), (8, 2.5)]
    torch.testing.assert_close(torch.from_numpy(scorer.tails(np.arange(20), np.zeros(20, np.int64))), kept[1])


@pytest.mark.parametrize("winner", [0, 1])
def test_the_setting_that_is_best_in_its_trial_goes_on_from_there(winner: int) -> None:
    grid = [replace(QUICK, epochs=150, check_every=25, learning_rate=rate) for rate in (0.02, 0.01)]
    looks: list[int] = []
    states: list[torch.Tensor] = []
    qualities = [[0.1, 0.2], [0.1, 0.2]]
    qualities[winner] = [0.2, 0.3]
    told = iter([*qualities[0], *qualities[1], 0.25, 0.4, 0.1, 0.1])

    def validate(scorer: PykeenScorer) -> float:
        states.append(torch.from_numpy(scorer.tails(np.arange(20), np.zeros(20, np.int64))))
        return next(told)

    found = fit_pykeen("TransE", ring(), 20, grid, validate=validate, report=lambda done, _: looks.append(done))
    assert looks == [25, 50, 25, 50, 75, 100, 125, 150]
    assert found.setting == grid[winner]
    assert found.quality == 0.4
    # It went on from where it was: nearer to one training of 75 epochs than to one of 25.
    whole: list[torch.Tensor] = []

    def note(scorer: PykeenScorer) -> float:
        whole.append(torch.from_numpy(scorer.tails(np.arange(20), np.zeros(20, np.int64))))
        return float(len(whole))

    fit_pykeen("TransE", ring(), 20, [grid[winner]], validate=note)
    torch.testing.assert_close(states[2 * winner + 1], whole[1])
    assert (states[4] - whole[2]).abs().mean() < 0.5 * (states[4] - whole[0]).abs().mean()
