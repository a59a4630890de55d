"""Bootstrap intervals against the normal theory, and promises that hold for any values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kgrec.metrics import bootstrap
from kgrec.metrics.bootstrap import Bootstrap

VALUES = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1))


def test_the_interval_of_a_mean_is_that_of_the_normal_theory() -> None:
    values = np.random.default_rng(0).normal(0.3, 0.2, 2_000)
    low, high = Bootstrap({"a": values}).interval("a")
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.15 * half)


def test_a_difference_is_paired() -> None:
    rng = np.random.default_rng(1)
    values = rng.random(500)
    drawn = Bootstrap({"a": values + 0.01, "b": values})
    assert drawn.difference("a", "b") == pytest.approx([0.01, 0.01])
    alone = drawn.interval("a")
    assert alone[1] - alone[0] > 0.02  # unpaired, the chance in the users would hide it


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"a": np.arange(10.0)}
    whole = Bootstrap(values).interval("a")
    monkeypatch.setattr(bootstrap, "_BLOCK_NUMBERS", 35)
    assert Bootstrap(values).interval("a") == whole


def test_users_who_were_not_measured_are_left_out() -> None:
    values = np.array([np.nan, 0.5, 0.5])
    assert Bootstrap({"a": values, "b": np.array([1.0, 0.5, np.nan])}).interval("a") == [0.5, 0.5]


@given(values=VALUES, seed=st.integers(0, 99))
def test_intervals_lie_within_the_values_and_are_the_same_for_a_seed(values: np.ndarray, seed: int) -> None:
    low, high = Bootstrap({"a": values}, seed, resamples=50).interval("a")
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
    assert Bootstrap({"a": values}, seed, resamples=50).interval("a") == [low, high]
