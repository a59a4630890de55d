"""A table of whole numbers is within half a step of the floats, and looks like an array where it is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kgrec.scoring.int8_table import Int8Table

TABLE = np.array([[0.5, -0.25, 0.004], [0, 0, 0], [-3e5, 1e5, 2e5]], np.float32)


def test_rows_are_whole_multiples_of_a_scale_of_their_own() -> None:
    table = Int8Table.of(TABLE)
    assert table.whole.tolist() == [[127, -64, 1], [0, 0, 0], [-127, 42, 85]]
    np.testing.assert_allclose(table.scale, [0.5 / 127, 0, 3e5 / 127], rtol=1e-6)


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([2, 0, 2]), np.array([True, False, True])])
def test_rows_that_are_taken_are_floats(rows: Any) -> None:
    table = Int8Table.of(TABLE)
    step = np.abs(TABLE[rows]).max(axis=1, keepdims=True) / 127
    assert (np.abs(table[rows] - TABLE[rows]) <= 0.5001 * step).all()
    assert table[rows].dtype == np.float32
    part = table.part(rows)
    assert (len(part), part.shape, part.dtype) == (2 + (len(table[rows]) == 3), table[rows].shape, np.dtype(np.int8))
    np.testing.assert_array_equal(part[:], table[rows])


def test_it_comes_back_from_its_arrays() -> None:
    table = Int8Table.of(TABLE)
    np.testing.assert_array_equal(Int8Table.from_arrays(table.arrays("source"), "source")[:], table[:])
    with pytest.raises(KeyError):
        Int8Table.from_arrays(table.arrays("source"), "target")
