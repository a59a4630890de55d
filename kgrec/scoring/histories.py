"""Histories of users as a model sees them: weighted for each of its channels, from a moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.context_columns import Contexts
from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.history_weights import with_data


@dataclass(frozen=True)
class Histories:
    """Histories of some users, weighted for each channel, as seen from a moment.

    Attributes:
        matrices: one ``(users, items)`` matrix per channel.
        pauses: seconds since each user's last event, nan where unknown, float64 ``(users,)``.
        contexts: in which the users ask; where not given, nothing is known of them.
    """

    matrices: tuple[sparse.csr_matrix, ...]
    pauses: Array
    contexts: Contexts = field(default_factory=lambda: Contexts(np.zeros(0)))

    def __post_init__(self) -> None:
        if not len(self.contexts.at):
            object.__setattr__(self, "contexts", Contexts.of(None, len(self.pauses)))

    @property
    def at(self) -> Array:
        """The moments of asking, unix seconds, nan where unknown, ``(users,)``."""
        return self.contexts.at

    def __len__(self) -> int:
        return len(self.pauses)

    def __getitem__(self, rows: IntArray | slice) -> Histories:
        """Those of some users."""
        return Histories(tuple(matrix[rows] for matrix in self.matrices), self.pauses[rows], self.contexts[rows])

    def of_items(self, items: IntArray) -> Histories:
        """The same of some items."""
        return replace(self, matrices=tuple(matrix[:, items] for matrix in self.matrices))

    def asked_in(self, contexts: Contexts) -> Histories:
        """The same in other contexts; pauses stay as they are."""
        return replace(self, contexts=contexts)

    @property
    def lengths(self) -> Array:
        """Items in each history."""
        return np.diff(self.matrices[0].indptr)

    @cached_property
    def totals(self) -> tuple[Array, ...]:
        """Sum of the weights of each user's history ``(users,)``, one per channel."""
        distinct = {id(matrix): matrix for matrix in self.matrices}
        sums = {
            of: np.bincount(np.repeat(np.arange(len(self)), np.diff(matrix.indptr)), matrix.data, len(self))
            for of, matrix in distinct.items()
        }
        return tuple(sums[id(matrix)] for matrix in self.matrices)

    def in_type(self, dtype: npt.DTypeLike) -> tuple[sparse.csr_matrix, ...]:
        """The matrices in another type; those of channels that weigh alike stay one.

        No weight is too small: where what is new says nothing in a channel, what has faded is all that it says.
        """
        distinct = {id(matrix): matrix for matrix in self.matrices}
        typed = {of: with_data(matrix, matrix.data.astype(dtype, copy=False)) for of, matrix in distinct.items()}
        return tuple(typed[id(matrix)] for matrix in self.matrices)
