"""Losses against the softmax, against hand-computed numbers, and the sample against the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kgrec.learn.neural.losses import exact_bce, gbce, info_nce, kg_loss, sampled_bce, sampled_softmax, softmax_loss


def random_batch(seed: int, users: int = 4, items: int = 7, spread: float = 2.0) -> tuple[Tensor, Tensor]:
    """Scores, and positives of one to several items per user."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(users, items, generator=generator, dtype=torch.float64) * spread
    positives = (torch.rand(users, items, generator=generator) < 0.4).double()
    positives[torch.arange(users), torch.randint(items, (users,), generator=generator)] = 1.0
    return scores.requires_grad_(), positives


def pairs(positives: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of each."""
    owner, item = positives.nonzero(as_tuple=True)
    return owner, item


def gradient(loss: Tensor, scores: Tensor) -> Tensor:
    return torch.autograd.grad(loss, scores)[0]


def sampled(scores: Tensor, positives: Tensor, drawn: Tensor, log_weight: Tensor) -> Tensor:
    owner, item = pairs(positives)
    own = positives[:, drawn] > 0
    return sampled_bce(scores[owner, item], owner, positives.sum(1), scores[:, drawn], log_weight, own)


@given(seed=st.integers(0, 10_000), spread=st.floats(0.1, 5.0))
@settings(deadline=None, max_examples=50)
def test_exact_bce_has_the_gradient_of_the_softmax(seed: int, spread: float) -> None:
    scores, positives = random_batch(seed, spread=spread)
    expected = gradient(softmax_loss(scores, *pairs(positives)), scores)
    torch.testing.assert_close(gradient(exact_bce(scores, *pairs(positives)), scores), expected, atol=1e-6, rtol=1e-4)


def test_the_sigmoid_of_exact_bce_is_the_softmax_probability() -> None:
    scores, positives = random_batch(1, users=1)
    positives[:] = 0.0
    positives[0, 2] = 1.0
    p = torch.softmax(scores, 1)[0]
    by_hand = -(p[2].log() + sum((1 - p[i]).log() for i in range(7) if i != 2))
    torch.testing.assert_close(exact_bce(scores, *pairs(positives)), by_hand)


def test_softmax_loss_by_hand() -> None:
    scores = torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0]])
    positives = torch.tensor([[0.0, 1.0], [1.0, 1.0]])
    assert softmax_loss(scores, *pairs(positives)).item() == pytest.approx((-math.log(0.75) - math.log(0.5)) / 2)


def test_a_user_without_positives_adds_nothing_to_the_gradient() -> None:
    scores, positives = random_batch(6)
    positives[1] = 0.0
    for loss in (exact_bce, softmax_loss):
        found = gradient(loss(scores, *pairs(positives)), scores)
        assert not found[1].any()
        assert torch.isfinite(found).all()


@pytest.mark.parametrize("shift", [-1000.0, 0.0, 1000.0])
def test_exact_bce_stays_finite_far_from_zero(shift: float) -> None:
    scores = (torch.tensor([[0.0, 40.0, -40.0]]) + shift).requires_grad_()
    loss = exact_bce(scores, torch.tensor([0]), torch.tensor([0]))
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient(loss, scores)).all()


@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=50)
def test_sampled_bce_of_the_whole_catalogue_is_exact_bce(seed: int) -> None:
    scores, positives = random_batch(seed)
    everything, no_weight = torch.arange(7), torch.zeros(7, dtype=torch.float64)
    loss = sampled(scores, positives, everything, no_weight)
    torch.testing.assert_close(loss, exact_bce(scores, *pairs(positives)), atol=1e-5, rtol=1e-5)
    expected = gradient(exact_bce(scores, *pairs(positives)), scores)
    torch.testing.assert_close(gradient(loss, scores), expected, atol=1e-5, rtol=1e-5)


def test_sampled_bce_of_many_draws_is_near_exact_bce() -> None:
    scores, positives = random_batch(3, spread=1.0)
    q = torch.tensor([0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1], dtype=torch.float64)
    number = 20_000
    drawn = torch.multinomial(q, number, replacement=True, generator=torch.Generator().manual_seed(0))
    found = gradient(sampled(scores, positives, drawn, -(number * q[drawn]).log()), scores)
    torch.testing.assert_close(found, gradient(exact_bce(scores, *pairs(positives)), scores), atol=5e-3, rtol=0)


def test_the_mean_gradient_of_small_samples_points_where_exact_bce_does() -> None:
    scores, positives = random_batch(4, users=3, items=40, spread=1.0)
    q = torch.full((40,), 1 / 40, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros_like(scores)
    for _ in range(400):
        drawn = torch.multinomial(q, 20, replacement=True, generator=generator)
        total += gradient(sampled(scores, positives, drawn, -(20 * q[drawn]).log()), scores)
    expected = gradient(exact_bce(scores, *pairs(positives)), scores)
    assert torch.nn.functional.cosine_similarity(total.ravel(), expected.ravel(), dim=0) > 0.98


@pytest.mark.parametrize("shift", [-500.0, 0.0, 500.0])
def test_sampled_bce_is_the_same_wherever_the_scores_lie(shift: float) -> None:
    scores, positives = random_batch(5)
    drawn, no_weight = torch.arange(7), torch.zeros(7, dtype=torch.float64)
    expected = sampled(scores, positives, drawn, no_weight)
    torch.testing.assert_close(sampled(scores + shift, positives, drawn, no_weight), expected)


def test_sampled_bce_where_only_own_positives_were_drawn() -> None:
    scores = torch.tensor([[1.0, 2.0]], requires_grad=True)
    loss = sampled(scores, torch.tensor([[1.0, 1.0]]), torch.tensor([0, 1]), torch.zeros(2))
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient(loss, scores)).all()


def test_info_nce_by_hand() -> None:
    a = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    b = torch.tensor([[3.0, 0.0], [1.0, 0.0]])
    # Cosines are [[1, 1], [0, 0]]: each row is a coin toss whatever the temperature.
    assert info_nce(a, b).item() == pytest.approx(math.log(2.0))
    aligned = -math.log(math.exp(2.0) / (math.exp(2.0) + 1.0))
    assert info_nce(a, a, temperature=0.5).item() == pytest.approx(aligned)


def test_kg_loss_by_hand() -> None:
    true, corrupted = torch.tensor([0.0, math.log(3.0)]), torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0]])
    expected = (-math.log(0.5) - math.log(0.75)) / 2 + (-3 * math.log(0.5) - math.log(0.25)) / 4
    assert kg_loss(true, corrupted).item() == pytest.approx(expected)


def test_gbce_by_hand() -> None:
    # Two users, a catalogue of 5, so 2 drawn of 4 others: a = 1/2, and with t = 1/2 beta = (1/2 (1 - 2) + 2) / 2 = 3/4.
    positive, owner = torch.tensor([0.0, math.log(3.0), 0.0]), torch.tensor([0, 0, 1])
    negative = torch.tensor([[0.0, math.log(3.0)], [0.0, 5.0]])
    own = torch.tensor([[False, False], [False, True]])
    first = 0.75 * (-math.log(0.5) - math.log(0.75)) / 2 - math.log(0.5) - math.log(0.25)
    second = 0.75 * -math.log(0.5) - math.log(0.5)
    found = gbce(positive, owner, torch.tensor([2.0, 1.0]), negative, own, n_items=5, calibration=0.5)
    assert found.item() == pytest.approx((first / 3 + second / 2) / 2)


def test_gbce_without_calibration_is_plain_bce() -> None:
    positive, negative, own = torch.tensor([0.3]), torch.tensor([[0.2, -1.0]]), torch.zeros(1, 2, dtype=torch.bool)
    found = gbce(positive, torch.tensor([0]), torch.tensor([1.0]), negative, own, n_items=100, calibration=0.0)
    scores, labels = torch.cat([positive, negative[0]]), torch.tensor([1.0, 0.0, 0.0])
    assert found.item() == pytest.approx(torch.nn.functional.binary_cross_entropy_with_logits(scores, labels).item())


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
