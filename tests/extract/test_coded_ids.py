"""Ids that are read once each are those that are read cell by cell."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.id_texts import INEXACT_ID, NOT_ONE_VALUE, NUL_ID
from kgrec.data.record_columns import CODED
from kgrec.extract.coded_ids import read_coded_ids, read_coded_parts
from kgrec.extract.values import read_ids


def test_ids_of_a_coded_column_are_those_of_its_cells() -> None:
    texts = pa.array([" a", "a", None, "b\0", "é", "e\u0301", ""])
    for cells in (texts, texts.dictionary_encode(), texts.cast(pa.large_string())):
        column = read_coded_ids(cells)
        assert column.array(CODED).to_pylist() == ["a", "a", None, "b\0", "é", "é", None]
        assert column.faults == {3: NUL_ID}
        assert column.empty() == [2, 6]
    assert read_coded_ids(pa.array([20.0, 0.5, None])).faults == {1: INEXACT_ID}
    assert read_coded_ids(pa.array([[1], None])).faults == {0: NOT_ONE_VALUE}


PARTS = st.sampled_from(["a", " a", "b", "", "e\u0301", "x\0"])


@settings(deadline=None)
@given(cells=st.lists(st.none() | st.lists(st.none() | PARTS, max_size=4), max_size=6), start=st.integers(0, 3))
@pytest.mark.parametrize("form", ["lists", "large lists", "texts"])
def test_parts_are_those_of_each_cell(cells: list[list[str | None] | None], start: int, form: str) -> None:
    array = pa.array(cells, pa.list_(pa.string()) if form == "lists" else pa.large_list(pa.string()))
    separator = None
    if form == "texts":
        separator = "|"
        array = pa.array([None if cell is None else "|".join(map(str, cell)) for cell in cells], pa.string())
    array = array[start:]
    expected = read_ids(array, separator)
    column, rows = read_coded_parts(array, separator)
    named = [
        (row, uid) for row, ids in enumerate(expected.values) for uid in dict.fromkeys(uid for uid, _ in ids or ())
    ]
    assert list(zip(rows.tolist(), column.array(CODED).to_pylist(), strict=True)) == named
    assert column.faults == expected.faults
