"""Ids of columns, coded: each different cell is read once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.id_texts import Binary, exact_texts, id_texts, plain_array, rows_of
from kgrec.data.record_columns import CODED, coded
from kgrec.extract.values import Column

Rows = npt.NDArray[np.int64]


def read_coded_ids(cells: pa.Array, binary: Binary | None = None) -> Column:
    """The id of each cell as a coded Arrow column, null where there is nothing: each different cell is read once.

    Args:
        binary: how bytes are read; None refuses them.
    """
    if not pa.types.is_dictionary(cells.type):
        cells = plain_array(cells)
        if pa.types.is_nested(cells.type) or pa.types.is_null(cells.type) or isinstance(cells, pa.ExtensionArray):
            texts = id_texts(cells, binary)
            return Column(coded(texts.array), texts.faults)
        cells = cells.dictionary_encode()
    texts = id_texts(cells.dictionary, binary)
    ids = coded(texts.array)  # several cells may be one id: ' a' and 'a'
    faulty = pa.array([code in texts.faults for code in range(len(texts.array))], pa.bool_()) if texts.faults else None
    rows = [] if faulty is None else rows_of(faulty.take(cells.indices))
    faults = {row: texts.faults[cells.indices[row].as_py()] for row in rows}
    return Column(pa.DictionaryArray.from_arrays(ids.indices.take(cells.indices), ids.dictionary), faults)


def read_coded_parts(cells: pa.Array, separator: str | None, binary: Binary | None = None) -> tuple[Column, Rows]:
    """The ids of cells that hold several each, one after the other, and the cell of each; faults are those of cells.

    An id that a cell names twice is there once.

    Args:
        cells: texts to take apart at the separator, or lists.
        binary: how bytes are read; None refuses them.
    """
    lists, faults = plain_array(cells), {}
    if not pa.types.is_nested(lists.type):
        texts = exact_texts(lists, binary)
        lists, faults = pc.split_pattern(texts.array, separator), texts.faults
        binary = None
    rows = pc.list_parent_indices(lists).cast(pa.int64()).to_numpy()
    column = read_coded_ids(lists.flatten(), binary)
    for place, fault in sorted(column.faults.items()):
        faults.setdefault(int(rows[place]), fault)
    ids = column.array(CODED)
    ids, rows = first_of_each(ids, rows)
    return Column(ids, faults), rows


def first_of_each(ids: pa.DictionaryArray, rows: Rows) -> tuple[pa.DictionaryArray, Rows]:
    """The ids that their row has not named before, in their order and without nulls, and the row of each."""
    there = np.flatnonzero(ids.is_valid().to_numpy(zero_copy_only=False))
    codes = ids.indices.fill_null(0).to_numpy()[there].astype(np.int64)
    _, first = np.unique(rows[there] * (len(ids.dictionary) + 1) + codes, return_index=True)
    kept = there[np.sort(first)]
    return ids.take(pa.array(kept)), rows[kept]
