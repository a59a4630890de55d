"""What training refuses is foreseen by its own rule."""

from __future__ import annotations

from kgrec.extract.training_forecast import Taken, refusals


def foreseen(taken: list[Taken]) -> list[str]:
    users, items = {user for user, _, _ in taken}, {item for _, item, _ in taken}
    return [what.split(",")[0] for what, _, _ in refusals(users, items, taken)]


def test_enough_is_enough() -> None:
    assert foreseen([(f"u{n % 20}", f"i{n * 7 % 15}", 1.7e9 + n) for n in range(300)]) == []


def test_one_item_and_none() -> None:
    assert foreseen([]) == ["several items with interactions"]
    assert foreseen([(f"u{n}", "i", None) for n in range(50)]) == ["several items with interactions"]


def test_users_with_one_item_each() -> None:
    assert foreseen([(f"u{n}", f"i{n % 5}", None) for n in range(50)]) == ["users with a few items each"]
