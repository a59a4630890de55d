"""Rankers: whatever scores a catalogue for some users, so that all of it is measured in one way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from scipy import sparse

from kgrec.data.context_columns import Asked
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.scoring.histories import Histories
from kgrec.scoring.matrices import ItemMatrix
from kgrec.scoring.model import AdditiveModel


class Ranker(Protocol):
    """Anything that scores the whole catalogue for some users."""

    def scores(self, users: IntArray) -> Array:
        """Scores of all items, float ``(len(users), items)``, higher is better; the caller may overwrite the array.

        Args:
            users: user rows, ascending.
        """


@dataclass(frozen=True)
class FixedScores:
    """Scores that are already there, float ``(users, items)``; they are overwritten. Users are asked for in one run."""

    table: Array

    def scores(self, users: IntArray) -> Array:
        """Rows of the table itself, no copy."""
        return self.table[users[0] : users[-1] + 1]


@dataclass(frozen=True)
class VectorRanker:
    """Scores are inner products of a user's and an item's vector.

    Attributes:
        users, items: float32 ``(users, d)`` and ``(items, d)``.
    """

    users: Array
    items: Array

    def with_history(self, history: Interactions) -> Self:
        """Users as the mean of the vectors of their items: the model itself knows only the users it was fitted on."""
        seen = history.matrix(len(self.users), len(self.items))
        length = np.maximum(np.diff(seen.indptr), 1).astype(np.float32)
        return replace(self, users=(seen.astype(np.float32) @ self.items) / length[:, None])

    def scores(self, users: IntArray) -> Array:
        """Inner products, float32 ``(len(users), items)``."""
        products: Array = self.users[users] @ self.items.T
        return products


@dataclass(frozen=True)
class MatrixRanker:
    """Scores are ``history @ weights``, each item's own term included.

    Attributes:
        history: weights of the users' past items, users x items.
        weights: items x items, dense or sparse.
    """

    history: sparse.csr_matrix
    weights: Any

    def scores(self, users: IntArray) -> Array:
        """``x_u @ W``, float32 ``(len(users), items)``."""
        product = self.history[users].astype(np.float32) @ self.weights
        dense: Array = product.toarray() if sparse.issparse(product) else product
        return dense


@dataclass(frozen=True)
class ItemMatrixRanker:
    """Scores are the sum of what some item matrices say of one set of histories, without each item's own term.

    Attributes:
        matrices: at least one.
        history: weights of the users' past items, users x items.
        bias: added to each item's score, ``(items,)`` or one for all.
    """

    matrices: tuple[ItemMatrix, ...]
    history: sparse.csr_matrix
    bias: Array | float = 0.0

    def scores(self, users: IntArray) -> Array:
        """Scores of all items, ``(len(users), items)``."""
        history = self.history[users]
        total = self.matrices[0].scores(history) + self.bias
        for matrix in self.matrices[1:]:
            total += matrix.scores(history)
        return total


@dataclass(frozen=True)
class ModelRanker:
    """An additive model with everybody's weighted histories."""

    model: AdditiveModel
    histories: Histories

    @classmethod
    def over(cls, model: AdditiveModel, interactions: Interactions, n_users: int, asked: Asked = None) -> ModelRanker:
        """The model with histories in some contexts; ``asked`` as for :meth:`AdditiveModel.histories`."""
        return cls(model, model.histories(interactions, n_users, asked))

    def scores(self, users: IntArray) -> Array:
        """Scores of all items, float32 ``(len(users), items)``."""
        return self.model.scores(self.histories[users], np.float32)


@dataclass(frozen=True)
class ColumnRanker:
    """A ranker of some columns of the catalogue; the other items score 0."""

    ranker: Ranker
    columns: IntArray
    n_items: int

    def scores(self, users: IntArray) -> Array:
        """Scores of all items, float32 ``(len(users), items)``."""
        scores = np.zeros((len(users), self.n_items), np.float32)
        scores[:, self.columns] = self.ranker.scores(users)
        return scores
