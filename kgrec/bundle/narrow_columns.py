"""Interactions in the narrowest columns that hold them exactly, as a compacted bundle keeps them.

They are in the order of their users, so that nobody has to sort them to find one user's. What is the same for all is
kept once. They are read as they are kept: nothing is copied when a bundle is opened.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kgrec.data.dataset import COLUMN_TYPES, Array, Interactions

_WHOLE = np.int8, np.int16, np.int32


def narrowed(seen: Interactions) -> dict[str, Array]:
    """The columns by name, user by user and otherwise in their order; a column of one value has one entry."""
    order = np.argsort(seen.user, kind="stable")
    columns = {name: np.asarray(getattr(seen, name))[order] for name in COLUMN_TYPES}
    return {
        name: _narrow(column[:1] if name != "user" and _is_one_value(column) else column)
        for name, column in columns.items()
    }


def columns_of(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Columns that were :func:`narrowed`, all of one length; wide ones are as they were."""
    n = len(arrays["user"])
    return {
        name: np.broadcast_to(array.astype(COLUMN_TYPES[name]), n) if len(array) == 1 != n else array
        for name, array in arrays.items()
    }


def _is_one_value(column: Array) -> bool:
    return len(column) > 0 and bool((column == column[0]).all() or (column != column).all())


def _narrow(column: Array) -> Array:
    """The column in the first type that holds each of its values."""
    for kind in (*_WHOLE, np.float32):
        with np.errstate(invalid="ignore"):
            narrow = column.astype(kind)
        if narrow.dtype.itemsize < column.dtype.itemsize and np.array_equal(narrow, column, equal_nan=True):
            return narrow
    return column
