"""Sums over users: against a loop over pairs, added up, bounded, and refused where they do not fit."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import SourceError
from kgrec.learn.federated.item_sums import ItemSums

ITEMS = Vocabulary("abcdef")
COMMON = ["f", "a", "c", "d"]


def _random(seed: int, users: int = 12) -> Interactions:
    rng = np.random.default_rng(seed)
    n = 60
    return Interactions.of_pairs(rng.integers(0, users, n), rng.integers(0, len(ITEMS), n))


def _slow(interactions: Interactions, users: int, clip: float) -> np.ndarray:
    """Pair by pair."""
    gram = np.zeros((len(COMMON), len(COMMON)))
    for user in range(users):
        taken = {ITEMS[item] for item in interactions.item[interactions.user == user]} & set(COMMON)
        n = len(taken)
        weight = min(1.0, clip / np.sqrt(n * (n + 1) / 2)) if n else 0.0
        for first in taken:
            for second in taken:
                gram[COMMON.index(first), COMMON.index(second)] += weight
    return gram


@pytest.mark.parametrize("clip", [float("inf"), 2.0, 1.0])
def test_they_are_what_a_loop_over_pairs_counts(clip: float) -> None:
    data = _random(0)
    np.testing.assert_allclose(ItemSums.of(data, 12, ITEMS, COMMON, clip).gram, _slow(data, 12, clip), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 1.5, 3.0]))
def test_no_user_moves_them_by_more_than_the_clip(seed: int, clip: float) -> None:
    data = _random(seed)
    whole = ItemSums.of(data, 12, ITEMS, COMMON, clip)
    for user in range(12):
        without = ItemSums.of(data.select(data.user != user), 12, ITEMS, COMMON, clip)
        assert np.linalg.norm(whole.upper - without.upper) <= clip + 1e-9


def test_three_platforms_add_up_to_all_of_their_users() -> None:
    data = _random(1)
    parts = [ItemSums.of(data.select(data.user % 3 == n), 12, ITEMS, COMMON, 2.0) for n in range(3)]
    together = parts[0].plus(parts[1]).plus(parts[2])
    central = ItemSums.of(data, 12, ITEMS, COMMON, 2.0)
    np.testing.assert_allclose(together.gram, central.gram, atol=1e-9)
    rest = ItemSums.of(data.select(data.user % 3 != 0), 12, ITEMS, COMMON, 2.0)
    np.testing.assert_allclose(together.minus(parts[0]).gram, rest.gram, atol=1e-9)


def test_a_file_keeps_them_for_its_owner_alone(tmp_path: Path) -> None:
    sums = ItemSums.of(_random(2), 12, ITEMS, COMMON, 2.0)
    sums.save(tmp_path / "a.sums")
    again = ItemSums.load(tmp_path / "a.sums")
    assert (again.items, again.clip, again.noise) == (tuple(COMMON), 2.0, 0.0)
    np.testing.assert_array_equal(again.upper, sums.upper)
    assert stat.S_IMODE((tmp_path / "a.sums").stat().st_mode) == 0o600
    (tmp_path / "bad.sums").write_bytes(b"{}")
    for name, found in (("bad.sums", "Error"), ("none.sums", "no such file")):
        with pytest.raises(SourceError, match="sums cannot be read") as caught:
            ItemSums.load(tmp_path / name)
        assert found in str(caught.value)


def test_what_does_not_fit_is_refused() -> None:
    data = _random(3)
    sums = ItemSums.of(data, 12, ITEMS, COMMON, 2.0)
    for other, found in (
        (ItemSums.of(data, 12, ITEMS, COMMON[:3], 2.0), "lists of 4 and 3 items"),
        (ItemSums.of(data, 12, ITEMS, COMMON, 1.0), "clips of 2 and 1"),
    ):
        with pytest.raises(SourceError, match="sums do not add up") as caught:
            sums.plus(other)
        assert found in str(caught.value)
    for common in ([], ["a", "a"]):
        with pytest.raises(SourceError, match="the common list of items cannot be used"):
            ItemSums.of(data, 12, ITEMS, common, 2.0)
    with pytest.raises(SourceError, match="nobody took an item of the common list"):
        ItemSums.of(data, 12, ITEMS, ["x"], 2.0)
