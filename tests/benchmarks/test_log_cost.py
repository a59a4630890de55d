"""What a log is said to take: pairs as counted in histories, what workers share, what is measured beside."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec_benchmarks.log_cost import Size, costs, table


def test_pairs_are_those_of_histories_as_the_log_makes_them() -> None:
    n, users = 400_000, 20_000
    share = 1.0 / np.arange(1, users + 1) ** 0.5
    lengths = np.random.default_rng(0).multinomial(n, share / share.sum())
    assert Size(n, users, 1, 1).pairs == pytest.approx(np.sum(lengths.astype(np.float64) ** 2), rel=0.05)


def test_pairs_of_histories_that_are_alike() -> None:
    assert Size(1_000, 100, 1, 1, uneven=0.9).pairs == pytest.approx(100 * 10**2)


def test_workers_share_the_seconds_and_each_takes_memory() -> None:
    one, four = (costs(Size(10_000_000, 500_000, 50_000, workers)) for workers in (1, 4))
    for stage in ("import", "count", "matrix", "ridge"):
        assert one[stage].processor_s == four[stage].processor_s
        assert one[stage].seconds == one[stage].processor_s
        start = 4 / 3 * (four[stage].seconds - one[stage].seconds / 4)
        assert start == pytest.approx(costs(Size(0, 1, 0, 1, uneven=1))[stage].seconds)
        assert four[stage].memory_mib > one[stage].memory_mib


def test_what_was_measured_stands_beside() -> None:
    size = Size(1_000, 100, 10, 2)
    assert len(table(size, {}).columns) == 4
    shown = table(size, {"ridge": {"seconds": 7.2, "cpu_seconds": 12.6, "peak_mib": 2_000}})
    assert [list(column.cells)[3] for column in shown.columns[4:]] == ["13", "7", "2,000"]
    assert [next(iter(column.cells)) for column in shown.columns[4:]] == ["", "", ""]
