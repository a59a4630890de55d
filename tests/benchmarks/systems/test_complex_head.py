"""The head that completes the graph: its loss by hand, and worlds whose missing facts follow from the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kgrec.data.triples import Facts
from kgrec.errors import TrainingDivergedError
from kgrec_benchmarks.protocols.link_prediction import hold_out_facts, link_prediction
from kgrec_benchmarks.systems.complex_head import (
    FactEmbeddings,
    HeadSetting,
    KgHead,
    _QueryTable,
    complex_product,
    fit_kg_head,
)


def numbers() -> Facts:
    """Thirty nodes on a ring, with the next, the one before and the one after next: any follows from the others."""
    n = np.arange(30)
    steps = (1, -1, 2)
    head, relation = np.tile(n, 3), np.repeat(np.arange(3), 30)
    tail = np.concatenate([(n + step) % 30 for step in steps])
    return Facts.unique(head, relation, tail, ("next", "before", "after next"))


def test_products_are_those_of_complex_numbers() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 5, 3)) + 1j * rng.normal(size=(2, 5, 3))
    parts = [torch.from_numpy(np.concatenate([z.real, z.imag], -1)) for z in (left, right, left * right)]
    torch.testing.assert_close(complex_product(parts[0], parts[1]), parts[2])


def test_scores_are_those_of_complex() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4, 3)) + 1j * rng.normal(size=(4, 3))
    w = rng.normal(size=(4, 3)) + 1j * rng.normal(size=(4, 3))
    kept = FactEmbeddings(*(np.concatenate([x.real, x.imag], -1).astype(np.float32) for x in (z, w)))
    tails = kept.tails(np.array([1]), np.array([0]))[0]
    assert tails == pytest.approx(np.real((z[1] * w[0]) @ np.conj(z).T), abs=1e-5)
    heads = kept.heads(np.array([1]), np.array([2]))[0]  # relation 1 read from its tail is number 3
    assert heads == pytest.approx(np.real((z[2] * w[3]) @ np.conj(z).T), abs=1e-5)


def test_grouping_by_query_is_one_softmax_per_fact() -> None:
    facts = Facts.unique(np.array([0, 0, 0, 2]), np.array([0, 0, 1, 0]), np.array([1, 2, 3, 3]), ("a", "b"))
    torch.manual_seed(0)
    head = KgHead(4, 2, 6)
    table = _QueryTable(facts)
    assert len(table) == 7  # 0-a has two tails
    grouped = head.loss(table.batch(np.arange(len(table))), 0.3)
    rows = [(0, 0, 1), (0, 0, 2), (0, 1, 3), (2, 0, 3), (1, 2, 0), (2, 2, 0), (3, 3, 0), (3, 2, 2)]
    node, relation = head.free.detach(), head.relation.detach()
    single = 0.0
    for h, r, t in rows:
        scores = complex_product(node[h], relation[r]) @ node.T
        moduli = [sum((x[:3] ** 2 + x[3:] ** 2) ** 1.5) for x in (node[h], relation[r], node[t])]
        single += float(-torch.log_softmax(scores, 0)[t] + 0.1 * sum(moduli)) / len(rows)
    assert float(grouped.detach()) == pytest.approx(single, rel=1e-5)


def test_missing_facts_are_found() -> None:
    facts = numbers()
    train, held = hold_out_facts(facts, 0.1, seed=0)
    setting = HeadSetting(embedding_dim=16, epochs=60, batch_size=16, n3=0.01, learning_rate=0.1)
    head = fit_kg_head(train, 30, setting)
    assert link_prediction(head, held, facts, 30)["mrr"] > 0.8


def test_given_embeddings_are_used_and_the_best_epoch_is_kept() -> None:
    train, _ = hold_out_facts(numbers(), 0.1, seed=0)
    angle = 2 * np.pi * np.arange(30) / 30
    given = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    qualities = iter([1.0, 3.0, 2.0, 2.0])
    seen: list[FactEmbeddings] = []
    reports: list[tuple[int, float | None]] = []

    def validate(found: FactEmbeddings) -> float:
        seen.append(found)
        return next(qualities)

    setting = HeadSetting(embedding_dim=8, epochs=10, patience=2)

    def report(epoch: int, _: float, quality: float | None) -> None:
        reports.append((epoch, quality))

    head = fit_kg_head(train, 30, setting, given=given, validate=validate, report=report)
    assert reports == [(1, 1.0), (2, 3.0), (3, 2.0), (4, 2.0)]
    assert head is seen[1]
    assert (fit_kg_head(train, 30, setting).nodes != fit_kg_head(train, 30, setting, given=given).nodes).any()


def test_the_same_seed_gives_the_same_head() -> None:
    setting = HeadSetting(embedding_dim=8, epochs=2)
    first, second = (fit_kg_head(numbers(), 30, setting, seed=3) for _ in range(2))
    assert (first.nodes == second.nodes).all()


def test_divergence_is_said() -> None:
    with pytest.raises(TrainingDivergedError) as error:
        fit_kg_head(numbers(), 30, HeadSetting(embedding_dim=8, epochs=5, learning_rate=1e20))
    assert str(error.value) == (
        "TrainingDivergedError: the loss of the facts is not finite.\n"
        "  where     epoch 2, after 0 of 180 queries\n"
        "  found     nan\n"
        "  expected  finite numbers\n"
        "  next      lower learning_rate (now 1e+20) and train again"
    )
