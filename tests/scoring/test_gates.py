"""Gate weights by name: which bucket a user falls into, what cold items are given, and the way through arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.scoring.gates import ColdItemGates, Gates, GateTable
from tests.support.bundles import random_model


def gates() -> Gates:
    """Three channels, buckets of two pauses and three lengths; every number is another."""
    return random_model(np.random.default_rng(5), 4).gates


def test_a_user_falls_into_the_last_bucket_that_they_reach() -> None:
    lengths = np.array([0, 1, 2, 3, 9, 9, 9, 9])
    pauses = np.array([np.nan, np.nan, np.nan, np.nan, -5.0, 0.0, 1799.0, 1800.0])
    by_pause, by_length = gates().by_history.bucket(lengths, pauses)
    assert by_length.tolist() == [0, 1, 1, 2, 2, 2, 2, 2]
    assert by_pause.tolist() == [0, 0, 0, 0, 1, 1, 1, 2]


def test_the_offset_follows_the_length_within_its_range_and_lifts_nothing_over_an_empty_history() -> None:
    cold = ColdItemGates(np.ones(1), np.ones(1), offset=1.0, slope=0.5, length_range=(1.0, 3.0))
    expected = 1.0 + 0.5 * np.log([2.0, 3.0, 4.0, 4.0])
    np.testing.assert_allclose(cold.offset_for(np.array([1, 2, 3, 50])), expected)
    assert cold.offset_for(np.array([0])) == [0.0]
    assert replace(cold, offset=-9.0, slope=0.0).offset_for(np.array([0])) == [-9.0]


def test_common_gates_are_the_same_for_every_history() -> None:
    common = Gates.common(np.array([1.0, 0.5]), 0.2, cold_items=0.5, cold_offset=-1.0)
    bucket = common.by_history.bucket(np.array([0, 100]), np.array([np.nan, 1e9]))
    assert common.by_history.channels[bucket].tolist() == [[1.0, 0.5], [1.0, 0.5]]
    assert common.by_history.prior[bucket].tolist() == [0.2, 0.2]
    assert (common.cold.channels.tolist(), common.cold.prior, common.cold.offset) == ([0.5, 0.25], 0.1, -1.0)


def test_gates_come_back_from_their_arrays() -> None:
    before = gates()
    after = Gates.from_arrays(before.arrays())
    assert after.as_dict() == before.as_dict()
    assert (after.by_history.min_pauses, after.cold.length_range) == ((0.0, 1800.0), (1.0, 4.0))
    assert isinstance(after.cold.offset, float)


def test_gates_as_plain_data_are_named() -> None:
    told = Gates.common(np.array([1.0]), 0.5, cold_items=2.0, cold_offset=-1.0).as_dict()
    assert told == {
        "by_history": {"min_lengths": [0], "channels": [[[1.0]]], "prior": [[0.5]], "min_pauses": []},
        "cold": {
            "channels": [2.0],
            "min_spread": [0.5],
            "prior": 1.0,
            "offset": -1.0,
            "slope": 0.0,
            "length_range": [0.0, 1e9],
        },
    }


@pytest.mark.parametrize("name", ["by_history.prior", "cold.min_spread"])
def test_an_array_that_is_missing_or_unknown_is_refused(name: str) -> None:
    arrays = gates().arrays()
    with pytest.raises(TypeError, match=name.partition(".")[2]):
        Gates.from_arrays({other: array for other, array in arrays.items() if other != name})
    with pytest.raises(TypeError, match="height"):
        Gates.from_arrays({**arrays, "cold.height": np.zeros(3)})


def test_arrays_that_do_not_fit_each_other_are_refused() -> None:
    arrays = gates().arrays()
    swapped = {**arrays, "by_history.prior": arrays["by_history.channels"][:, :2, 0]}
    with pytest.raises(ValueError, match=r"gate weights of prior are by \(3, 2\) buckets of pause and length"):
        Gates.from_arrays(swapped)
    with pytest.raises(ValueError, match=r"\(2,\) spreads of cold items for \(5,\) channels"):
        Gates.from_arrays({**arrays, "cold.min_spread": np.zeros(2)})
    with pytest.raises(ValueError, match="known items are for 5 channels, those of cold items for 2"):
        Gates(gates().by_history, ColdItemGates(np.ones(2), np.ones(2)))


def test_a_trend_comes_back_and_is_left_out_where_it_is_closed() -> None:
    weights = np.arange(9.0).reshape(3, 3)
    opened = gates().with_known(trend=weights)
    after = Gates.from_arrays(opened.arrays())
    np.testing.assert_array_equal(after.by_history.trend, weights)
    assert opened.as_dict()["by_history"]["trend"] == weights.tolist()
    closed = gates()  # as bundles of earlier versions have them
    assert "by_history.trend" not in closed.arrays()
    np.testing.assert_array_equal(Gates.from_arrays(closed.arrays()).by_history.trend, np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"gate weights of trend are by \(3,\) buckets"):
        gates().with_known(trend=np.ones(3))


def test_one_part_changes_without_the_other() -> None:
    before = gates()
    after = before.with_cold(offset=7.0).with_known(prior=np.zeros((3, 3)))
    assert after.cold.offset == 7.0
    assert not after.by_history.prior.any()
    assert after.cold.slope == before.cold.slope
    np.testing.assert_array_equal(after.by_history.channels, before.by_history.channels)


def test_a_table_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="channels are by"):
        GateTable(np.zeros(2, np.int64), np.ones((1, 1, 3)), np.ones((1, 2)))


@pytest.mark.parametrize(
    ("min_lengths", "prior", "expected", "after"),
    [
        ([0, 8], [[0.0, 0.3]], [0, 1, 8], [[1.0, 0.0, 0.3]]),
        ([0], [[0.0], [0.2]], [0, 1], [[1.0, 0.0], [0.2, 0.2]]),
        ([0, 1], [[0.0, 0.0]], [0, 1], [[1.0, 0.0]]),
        ([0, 8], [[0.2, 0.0]], [0, 8], [[0.2, 0.0]]),
    ],
)
def test_without_a_history_popularity_counts(
    min_lengths: list[int], prior: list[list[float]], expected: list[int], after: list[list[float]]
) -> None:
    pauses = tuple(float(n) for n in range(len(prior) - 1))
    channels = np.arange(len(prior) * len(min_lengths) * 2.0).reshape(len(prior), len(min_lengths), 2)
    before = GateTable(np.array(min_lengths), channels, np.array(prior), pauses)
    table = before.with_popularity_for_no_history()
    assert table.min_lengths.tolist() == expected
    assert table.prior.tolist() == after
    lengths = np.arange(1, 12)
    for pause in (np.nan, 0.5):  # whoever has a history has the weights they had
        at, was = (one.bucket(lengths, np.full(len(lengths), pause)) for one in (table, before))
        np.testing.assert_array_equal(table.channels[at], before.channels[was])
        np.testing.assert_array_equal(table.prior[at], before.prior[was])


@pytest.mark.parametrize("prior", [0.0, 0.3])
def test_without_a_history_the_trend_counts_and_popularity_orders_what_is_taken_alike(prior: float) -> None:
    before = GateTable(np.array([0, 8]), np.ones((1, 2, 2)), np.array([[prior, 0.5]]), (), np.array([[0.4, 0.2]]))
    table = before.with_popularity_for_no_history()
    no_history, short, long = (table.bucket(np.array([n]), np.array([np.nan])) for n in (0, 7, 8))
    assert [float(table.trend[at][0]) for at in (no_history, short, long)] == [0.4, 0.4, 0.2]
    assert [float(table.prior[at][0]) for at in (no_history, short, long)] == pytest.approx([prior or 0.02, prior, 0.5])


def test_one_more_channel_has_its_own_weight_for_every_history() -> None:
    gates = Gates.common(np.array([1.0, 0.5]), 0.2).with_channel(np.array([[3.0]]))
    assert gates.by_history.channels.tolist() == [[[1.0, 0.5, 3.0]]]
    assert gates.cold.channels.tolist() == [1.0, 0.5, 3.0]
    assert (gates.by_history.prior.item(), gates.cold.prior) == (0.2, 0.2)
