"""What training refuses is foreseen by its own rule."""

from __future__ import annotations

from kgrec.data.dataset import Interactions
from kgrec.extract.training_forecast import refusals


def foreseen(taken: list[tuple[int, int, float | None]]) -> list[str]:
    users, items, times = zip(*taken, strict=True) if taken else ((), (), ())
    known = [float("nan") if time is None else time for time in times]
    return [what.split(",")[0] for what, _, _ in refusals(Interactions.of_pairs(users, items, known))]


def test_enough_is_enough() -> None:
    assert foreseen([(n % 20, n * 7 % 15, 1.7e9 + n) for n in range(300)]) == []


def test_one_item_and_none() -> None:
    assert foreseen([]) == ["several items with interactions"]
    assert foreseen([(n, 0, None) for n in range(50)]) == ["several items with interactions"]


def test_users_with_one_item_each() -> None:
    assert foreseen([(n, n % 5, None) for n in range(50)]) == ["users with a few items each"]
