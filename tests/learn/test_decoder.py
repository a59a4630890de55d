"""Decoders against hand-computed numbers."""

from __future__ import annotations

import math

import pytest
import torch

from kgrec.learn.decoder import DECODERS, distmult, rotate, transe

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
