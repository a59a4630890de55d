"""The diagonal item-item matrix of what is found again: an item that somebody met speaks for itself, for no other.

    M[i, i] = log2(1 + rate_i / mean)

with ``rate_i`` the part of those who met item i (viewed it, put it in their cart) who went on to take it (bought it),
and ``mean`` the same over all items. An item that is taken as often as the mean has 1, one that nobody takes 0:

    item                      a       b       c        mean .07
    of those who met it       .21     .07     0
    M[i, i]                   2       1       0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, FloatArray, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.reach import ReachedTerms


@dataclass(frozen=True)
class RefindMatrix:
    """An item-item matrix in which each item says something of itself alone.

    Attributes:
        rates: part of those who met each item who took it, float32 ``(items,)``.
        mean: the same of all items together.
    """

    rates: FloatArray
    mean: float
    kind: ClassVar[str] = "refind"

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M``, dense ``(users, items)``."""
        dense = np.zeros(history.shape, history.dtype)
        row = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
        dense[row, history.indices] = history.data * self._own[history.indices]
        return dense

    def reach(self, history: sparse.csr_matrix) -> ReachedTerms:
        """The terms of one history ``(1, items)``."""
        return ReachedTerms(history.indices, history.data * self._own[history.indices])

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are different items."""
        block: Array = np.where(rows[:, None] == columns[None, :], self._own[rows][:, None], 0.0)
        return block

    def restricted_to(self, items: IntArray) -> RefindMatrix:
        """The matrix of some items only, in this order."""
        return RefindMatrix(self.rates[items], self.mean)

    def arrays(self) -> dict[str, Array]:
        """The rates and their mean in float32."""
        return {"rates": self.rates.astype(np.float32), "mean": np.array([self.mean], np.float32)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> RefindMatrix:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: there is not a rate for each item.
            KeyError: one is missing.
        """
        rates, mean = arrays["rates"], arrays["mean"]
        if rates.shape != (n_items,):
            raise ValueError(f"there are {len(rates)} rates for {n_items} items")
        return cls(rates, float(mean[0]))

    @cached_property
    def _own(self) -> Array:
        """The diagonal, float64 ``(items,)``; 0 where nobody took anything that they had met."""
        if not self.mean:
            return np.zeros(len(self.rates))
        own: Array = np.log2(1.0 + self.rates.astype(np.float64) / self.mean)
        return own
