"""Noise and its budget, against the closed form of the Gaussian mechanism."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from kgrec.errors import ConfigError
from kgrec.learn.federated.item_sums import ItemSums
from kgrec.learn.federated.noise import epsilon, multiplier_for, noised

SUMS = ItemSums(tuple(f"i{n}" for n in range(100)), np.zeros(5050), clip=3.0)


def _delta(epsilon: float, multiplier: float) -> float:
    """Balle and Wang 2018, theorem 8."""
    middle, shift = 1 / (2 * multiplier), epsilon * multiplier
    return float(norm.cdf(middle - shift) - np.exp(epsilon) * norm.cdf(-middle - shift))


@pytest.mark.parametrize("multiplier", [1.5, 4.0])
def test_the_budget_is_that_of_the_closed_form(multiplier: float) -> None:
    found = epsilon(multiplier, 1e-5)
    assert _delta(found, multiplier) == pytest.approx(1e-5, rel=0.02)


def test_four_releases_cost_what_one_with_half_of_the_noise_does() -> None:
    assert epsilon(4.0, 1e-5, releases=4) == pytest.approx(epsilon(2.0, 1e-5), rel=0.01)


def test_the_least_noise_of_a_budget_keeps_it() -> None:
    found = multiplier_for(2.0, 1e-6)
    assert epsilon(found, 1e-6) <= 2.0
    assert epsilon(found / 1.03, 1e-6) > 2.0
    with pytest.raises(ConfigError, match="no noise makes such an epsilon"):
        multiplier_for(0.0, 1e-6)


def test_noise_is_as_wide_as_it_says_and_adds_up() -> None:
    rng = np.random.default_rng(0)
    once = noised(SUMS, 2.0, rng)
    assert once.upper.std() == pytest.approx(2.0 * 3.0, rel=0.03)
    assert once.upper.mean() == pytest.approx(0.0, abs=0.3)
    assert noised(once, 1.5, rng).noise == pytest.approx(2.5)
    np.testing.assert_array_equal(once.gram, once.gram.T)
    assert (noised(SUMS, 2.0).upper != noised(SUMS, 2.0).upper).all()


def test_without_a_bound_there_is_no_noise_and_impossible_budgets_are_refused() -> None:
    with pytest.raises(ConfigError, match="noise needs a bound"):
        noised(ItemSums(("a",), np.zeros(1)), 1.0)
    for delta, releases in ((0.0, 1), (1.0, 1), (1e-6, 0)):
        with pytest.raises(ConfigError, match="a privacy budget cannot be that"):
            epsilon(1.0, delta, releases)
