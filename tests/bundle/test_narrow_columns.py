"""Narrow columns hold exactly what the wide ones do, user by user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kgrec.bundle.narrow_columns import columns_of, narrowed
from kgrec.data.dataset import COLUMN_TYPES, Array, Interactions
from tests.support.bundles import random_interactions


def again(seen: Interactions) -> Interactions:
    columns: dict[str, Any] = columns_of(narrowed(seen))
    return replace(seen, **columns)


def test_what_was_narrowed_is_the_same_user_by_user() -> None:
    seen = random_interactions(np.random.default_rng(0), n_users=40_000, n_items=300, n=500)
    by_user = seen.select(np.argsort(seen.user, kind="stable"))
    read = again(seen)
    assert {name: getattr(read, name).dtype for name in ("user", "item", "time", "weight", "kind")} == {
        "user": np.int32,
        "item": np.int16,
        "time": np.int8,
        "weight": np.int8,
        "kind": np.int8,
    }
    wide = read.widened()
    assert {name: getattr(wide, name).dtype for name in COLUMN_TYPES} == COLUMN_TYPES
    assert wide.digest == by_user.digest


def test_what_is_the_same_for_all_is_kept_once() -> None:
    seen = Interactions.of_pairs([3, 1, 1], [5, 5, 5])  # times are unknown, weights 1
    arrays = narrowed(seen)
    assert {name: len(array) for name, array in arrays.items()} == dict.fromkeys(COLUMN_TYPES, 1) | {"user": 3}
    read = again(seen)
    assert read.user.tolist() == [1, 1, 3]
    assert (read.item.tolist(), read.weight.tolist()) == ([5, 5, 5], [1.0, 1.0, 1.0])
    assert np.isnan(read.time).all()
    assert read.time.strides == (0,)


def test_one_interaction_and_none() -> None:
    for n in (1, 0):
        seen = Interactions.of_pairs(np.zeros(n, np.int64), np.ones(n, np.int64))
        assert again(seen).widened().digest == seen.digest


@pytest.mark.parametrize(
    ("time", "kind"),
    [
        ([1e9, 1.2e9], np.int32),
        ([1e9, 1.2e9 + 0.5], np.float64),
        ([0.5, 2.0], np.float32),
        ([np.nan, 2.0], np.float32),
        ([np.nan, 1.2e9 + 1], np.float64),
        ([-1e10, 1e10], np.float32),
    ],
)
def test_no_moment_is_rounded(time: list[float], kind: type) -> None:
    column: Array = narrowed(Interactions.of_pairs([0, 1], [0, 1], time))["time"]
    assert column.dtype == kind
    np.testing.assert_array_equal(column.astype(np.float64), time)
