"""Several runs as one table."""

import pytest

from kgrec_benchmarks.runs.mean_over_runs import mean_and_sd


def test_mean_and_sd_by_hand() -> None:
    runs = [{"a": {"auc": 0.5}}, {"a": {"auc": 0.7}}, {"a": {"auc": 0.6}}]
    found = mean_and_sd(runs)
    assert found["rows"]["a"]["auc"] == pytest.approx(0.6)
    assert found["sd"]["a"]["auc"] == pytest.approx(0.1)  # sqrt((.01 + .01 + 0) / 2)
    assert found["folds"] == runs
    assert mean_and_sd(runs[:1])["sd"] == {"a": {"auc": 0.0}}
