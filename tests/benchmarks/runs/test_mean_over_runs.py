"""Several runs as one table."""

import pytest

from kgrec_benchmarks.runs.mean_over_runs import mean_and_spread


def test_mean_and_spread_by_hand() -> None:
    mean, spread = mean_and_spread([{"a": {"auc": 0.5}}, {"a": {"auc": 0.7}}, {"a": {"auc": 0.6}}])
    assert mean["a"]["auc"] == pytest.approx(0.6)
    assert spread["a"]["auc"] == pytest.approx(0.1)  # sqrt((.01 + .01 + 0) / 2)
    assert mean_and_spread([{"a": {"auc": 0.5}}]) == ({"a": {"auc": 0.5}}, {"a": {"auc": 0.0}})
