"""Decoders against hand-computed numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from kgrec.learn.neural.triple_decoders import DECODERS, DecodedFacts, distmult, rotate, transe

H, R, T = torch.tensor([1.0, 2.0]), torch.tensor([0.5, -1.0]), torch.tensor([4.0, 3.0])


def test_distmult_by_hand() -> None:
    assert distmult(H, R, T).item() == pytest.approx(1 * 0.5 * 4 + 2 * -1 * 3)


def test_transe_by_hand() -> None:
    assert transe(H, R, T).item() == pytest.approx(6.0 - math.sqrt(2.5**2 + 2.0**2))


def test_rotate_is_a_rotation_of_complex_numbers() -> None:
    head, tail, phase = [1 + 2j, -1 + 0.5j], [0.3 - 1j, 2 + 2j], [0.7, -2.0]

    def halves(numbers: list[complex]) -> torch.Tensor:
        return torch.tensor([z.real for z in numbers] + [z.imag for z in numbers])

    turned = [h * complex(math.cos(p), math.sin(p)) for h, p in zip(head, phase, strict=True)]
    expected = 6.0 - sum(abs(z - t) for z, t in zip(turned, tail, strict=True))
    relation = torch.tensor([*phase, 9.0, 9.0])
    assert rotate(halves(head), relation, halves(tail)).item() == pytest.approx(expected, abs=1e-5)


def test_rotate_scores_highest_where_the_rotation_arrives_and_has_a_gradient_there() -> None:
    head, relation = torch.tensor([1.0, 0.0]), torch.tensor([math.pi / 2, 0.0])
    tail = torch.tensor([0.0, 1.0], requires_grad=True)
    score = rotate(head, relation, tail)
    assert score.item() == pytest.approx(6.0, abs=1e-3)
    score.backward()  # type: ignore[no-untyped-call]
    assert tail.grad is not None
    assert torch.isfinite(tail.grad).all()


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_every_decoder_broadcasts_over_corrupted_tails(name: str) -> None:
    head, relation, tails = torch.randn(3, 1, 4), torch.randn(3, 1, 4), torch.randn(3, 5, 4)
    found = DECODERS[name](head, relation, tails)
    assert found.shape == (3, 5)
    torch.testing.assert_close(found[2, 4], DECODERS[name](head[2, 0], relation[2, 0], tails[2, 4]))


@pytest.mark.parametrize("name", DECODERS)
def test_every_node_is_scored_as_either_end(name: str) -> None:
    rng = np.random.default_rng(0)
    nodes, relations = (rng.normal(size=(n, 6)).astype(np.float32) for n in (5, 2))
    scorer = DecodedFacts(nodes, relations, name)
    h, r, t = (torch.from_numpy(part) for part in (nodes[3], relations[1], nodes[2]))
    expected = float(DECODERS[name](h, r, t))
    assert scorer.tails(np.array([0, 3]), np.array([0, 1]))[1, 2] == pytest.approx(expected, rel=1e-5)
    assert scorer.heads(np.array([1]), np.array([2]))[0, 3] == pytest.approx(expected, rel=1e-5)
