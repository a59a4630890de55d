"""Items that the same people took on two platforms, against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data import same_items
from kgrec.data.dataset import Interactions
from kgrec.data.same_items import met_elsewhere, taken_by_the_same

N_USERS, N_ITEMS = 6, 5
TAKEN = st.sets(st.tuples(st.integers(0, N_USERS - 1), st.integers(0, N_ITEMS - 1), st.integers(0, 2)))


def done(taken: set[tuple[int, int, int]]) -> Interactions:
    """Interactions of (user, item, platform)."""
    rows = np.array(sorted(taken), np.int64).reshape(-1, 3)
    pairs = Interactions.of_pairs(rows[:, 0], rows[:, 1])
    return replace(pairs, platform=rows[:, 2], platforms=("a", "b", "c"))


@given(TAKEN, st.integers(1, 3), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_the_share_is_that_of_all_who_took_either(
    taken: set[tuple[int, int, int]], least_users: int, least_share: float
) -> None:
    who: dict[tuple[int, int], set[int]] = {}
    for user, item, platform in taken:
        who.setdefault((item, platform), set()).add(user)
    expected = np.zeros((N_ITEMS, N_ITEMS))
    listed = {item: {platform for other, platform in who if other == item} for item, _ in who}
    for (one, here), (other, there) in combinations(who, 2):
        both, either = who[one, here] & who[other, there], who[one, here] | who[other, there]
        share = len(both) / len(either)
        if not listed[one] & listed[other] and len(both) >= least_users and share >= least_share:
            expected[one, other] = expected[other, one] = max(expected[one, other], share)
    found = taken_by_the_same(done(taken), N_USERS, N_ITEMS, least_users, least_share)
    assert found.toarray() == pytest.approx(expected)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    taken = {(user, item, item % 2) for user, item in rng.integers(0, (N_USERS, N_ITEMS), (20, 2)).tolist()}
    whole = taken_by_the_same(done(taken), N_USERS, N_ITEMS, 1, 0.1)
    monkeypatch.setattr(same_items, "_AT_ONCE", 2)
    assert whole.nnz
    assert (taken_by_the_same(done(taken), N_USERS, N_ITEMS, 1, 0.1) != whole).nnz == 0


def test_a_pair_that_several_platforms_show_counts_once() -> None:
    taken = {(user, 0, platform) for user in range(3) for platform in (0, 2)} | {(user, 1, 1) for user in range(4)}
    assert taken_by_the_same(done(taken), N_USERS, N_ITEMS).toarray()[:2, :2].tolist() == [[0, 0.75], [0.75, 0]]


def test_a_catalogue_that_platforms_share_has_no_product_twice() -> None:
    everywhere = {(user, item, platform) for user in range(4) for item in (0, 1) for platform in (0, 1)}
    assert taken_by_the_same(done(everywhere), N_USERS, N_ITEMS).nnz == 0


def test_one_platform_has_none() -> None:
    one = replace(done({(0, 0, 0), (0, 1, 0)}), platforms=("",), platform=np.zeros(2, np.int64))
    assert taken_by_the_same(one, N_USERS, N_ITEMS, 1, 0.0).nnz == 0


def test_what_was_met_under_another_id() -> None:
    taken = {(user, item, platform) for user in range(3) for item, platform in ((0, 0), (1, 1))}
    pairs = taken_by_the_same(done(taken), N_USERS, N_ITEMS)
    assert sorted(zip(*pairs.nonzero(), strict=True)) == [(0, 1), (1, 0)]
    asked = done({(0, 1, 1), (4, 1, 1), (5, 0, 0), (3, 2, 0)})
    history = done({(0, 0, 0), (4, 2, 0), (5, 1, 1), (3, 0, 0)})
    met = met_elsewhere(asked, history, pairs, N_USERS)
    assert dict(zip(asked.user.tolist(), met.tolist(), strict=True)) == {0: True, 3: False, 4: False, 5: True}
