"""Weights of cold items, those without interactions: what their content has in common with known items.

How content counts is chosen on a cold-start simulation: the interactions of a tenth of the known items are taken away,
and the best settings are those that rank these items best for the users who did interact with them.

Known items with few interactions are between the two: their weights are shrunk towards those that their content
predicts. An item with n interactions has ``k / (n + k)`` of its weights from content. With k = 3

    n = 0    all of them, as a cold item
    n = 3    half of them
    n = 57   a twentieth; beyond that content is left out

and k, the shrinkage, is chosen on validation.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.learn.channels.content_kernel import (
    ContentKernel,
    content_map,
    content_mixtures,
    fact_matrix,
    nearly_full_as_dense,
)
from kgrec.learn.channels.ease import ease
from kgrec.learn.channels.neighbours import item_knn
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import ItemMatrixRanker, MatrixRanker
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress
from kgrec.scoring.matrices import SparseMatrix

_TOP = 200
"""Weights kept per item, where not all are."""
_IDF_EXPONENT = 2.0
_SHRINKAGES = (1.0, 3.0)
_SHRINKAGE_COST = 0.003
"""Share of validation ndcg@10 that may go for finding more of the items with few interactions: about what is chance."""
_LEAST_SHARE = 0.05


@dataclass(frozen=True)
class ContentSettings:
    """How cold items get their weights; see :func:`kgrec.learn.channels.content_kernel.content_map`.

    Attributes:
        base: the weights of known items that they are made of: cosines of co-occurrence that favour popular items a
            little, or a ridge that keeps its diagonal.
        length: of :func:`kgrec.learn.channels.content_kernel.fact_matrix`.
        l2, text_weight: of the kernel.
    """

    base: Literal["neighbours", "ridge"] = "neighbours"
    length: float = 1.0
    l2: float = 3.0
    text_weight: float = 0.3


@dataclass(frozen=True)
class ColdItemWeights:
    """Item-item weights from content, over all items.

    Attributes:
        facts: triples of ``n_nodes`` node rows, items first.
        texts: unit vectors ``(items, t)``, or None.
        seen: users x known items.
        known: rows of the known items among all, in ascending order.
        cold: whether an item has no interaction, bool ``(items,)``.
    """

    facts: Facts
    n_nodes: int
    texts: Array | None
    seen: sparse.csr_matrix
    known: IntArray
    cold: Array

    def columns(self, settings: ContentSettings) -> sparse.csr_matrix:
        """Weights ``(items, items)`` from content; only the columns of cold items are filled."""
        return self._predicted(self._base(settings.base), settings, self.cold)

    def prior(self, known: Array, settings: ContentSettings) -> Array:
        """Values ``(items,)`` of the cold items as their content predicts them; 0 for known items.

        Args:
            known: values ``(items,)`` of the known items.
        """
        row: Array = self._predicted(sparse.csr_matrix(known[None, :]), settings, self.cold).toarray()[0]
        return row

    def choose(self, history: sparse.csr_matrix, hidden: sparse.csr_matrix, progress: Progress) -> ContentSettings:
        """The settings that rank the hidden items of a cold-start simulation best, among themselves (recall@20).

        Args:
            history: weighted histories without the hidden items, users x items.
            hidden: interactions with the hidden items, users x items; all of these items are cold here.
        """
        if len(self.known) > LIMITS.content_search_items:
            return ContentSettings()
        candidates = np.flatnonzero(np.diff(hidden.tocsc().indptr))
        among_known, wanted = history[:, self.known].tocsr(), hidden[:, candidates].tocsr()
        nothing_seen = sparse.csr_matrix(wanted.shape, dtype=np.float32)
        qualities: dict[ContentSettings, float] = {}
        # Many settings share a kernel, and each mixture of known items serves both bases.
        kernels: dict[tuple[float, float], tuple[ContentKernel, Array]] = {}
        mixtures: dict[ContentSettings, Array] = {}

        def mixtures_by(tried: ContentSettings) -> Array:
            key, of_kernel = replace(tried, base="neighbours"), (tried.length, tried.text_weight)
            if of_kernel not in kernels:
                kernel = self._kernel(tried)
                kernels[of_kernel] = kernel, kernel.gram(self.known)
            if key not in mixtures:
                mixtures[key] = content_mixtures(*kernels[of_kernel], self.known, candidates, l2=tried.l2)(slice(None))
            return mixtures[key]

        def best_of(settings: list[ContentSettings]) -> ContentSettings:
            for number, tried in enumerate(settings):
                ranker = MatrixRanker(among_known, bases[tried.base] @ mixtures_by(tried))
                qualities[tried] = mean_metrics(ranker, nothing_seen, wanted, (20,))["recall@20"]
                note = f"recall@20 {qualities[tried]:.4f}"
                progress("content of cold items", number + 1, len(settings), note, unit="settings")
            return max(qualities, key=lambda tried: qualities[tried])

        names: tuple[Literal["neighbours", "ridge"], ...] = ("neighbours", "ridge")
        bases = {name: nearly_full_as_dense(self._base(name)[self.known][:, self.known]) for name in names}
        grid = itertools.product(names, (0.5, 1.0), (1.0, 3.0, 6.0, 12.0, 24.0))
        best = best_of([ContentSettings(*values) for values in grid])
        return best if self.texts is None else best_of([replace(best, text_weight=weight) for weight in (0.1, 1.0)])

    def shrunk(self, weights: sparse.csr_matrix, settings: ContentSettings, shrinkage: float) -> sparse.csr_matrix:
        """Weights whose columns of items with few interactions are shrunk towards what content predicts.

        Of a column of an item with n interactions, ``shrinkage / (shrinkage + n)`` is predicted, at the length that the
        column has, or, where it is empty, at the median length of such columns; shares below a twentieth are left out.

        Args:
            weights: an item-item matrix over all items.
        """
        share = np.zeros(len(self.cold), np.float32)
        share[self.known] = shrinkage / (shrinkage + np.diff(self.seen.tocsc().indptr))
        share[share < _LEAST_SHARE] = 0.0
        predicted = self._predicted(self._base(settings.base), settings, share > 0.0)
        predicted.setdiag(0.0)
        length, own_length = (_column_lengths(matrix) for matrix in (predicted, weights))
        share[length == 0.0] = 0.0
        both = (share > 0.0) & (own_length > 0.0)
        own_length[own_length == 0.0] = np.median(own_length[both]) if both.any() else 0.0
        scale = np.divide(share * own_length, length, out=np.zeros_like(length), where=length > 0.0)
        return (weights @ sparse.diags(1.0 - share) + predicted @ sparse.diags(scale)).tocsr().astype(np.float32)

    def choose_shrinkage(
        self,
        weights: sparse.csr_matrix,
        history: sparse.csr_matrix,
        valid: sparse.csr_matrix,
        settings: ContentSettings,
        progress: Progress,
    ) -> float:
        """The largest shrinkage of :meth:`shrunk` that costs validation next to nothing; 0 where each costs more.

        Args:
            weights: an item-item matrix over all items.
            history: weighted histories; valid: interactions after those, users x items.
        """
        shape = self.seen.shape[0], len(self.cold)
        seen = sparse.csr_matrix((self.seen.data, self.known[self.seen.indices], self.seen.indptr), shape=shape)

        def quality(matrix: sparse.csr_matrix) -> float:
            ranker = ItemMatrixRanker((SparseMatrix(matrix),), history)
            return mean_metrics(ranker, seen, valid, (10,), ~self.cold)["ndcg@10"]

        least, chosen = (1.0 - _SHRINKAGE_COST) * quality(weights), 0.0
        for number, shrinkage in enumerate(_SHRINKAGES):
            shrunk = quality(self.shrunk(weights, settings, shrinkage))
            note = f"ndcg@10 {shrunk:.4f}"
            progress("items with few interactions", number + 1, len(_SHRINKAGES), note, unit="settings")
            chosen = shrinkage if shrunk >= least else chosen
        return chosen

    def _base(self, name: Literal["neighbours", "ridge"]) -> sparse.csr_matrix:
        """Weights among the known items, diagonal included, at their places among all.

        With its diagonal: a cold item that resembles a known one speaks to the users of that very item.
        """
        n_known, n = len(self.known), len(self.cold)
        if name == "neighbours":
            kept = n_known if n_known <= LIMITS.whole_matrix_items else _TOP
            near = item_knn(self.seen, neighbours=kept, output_exponent=0.3)
            among_known = (near + sparse.identity(n_known, np.float32)).tocoo()
        else:
            among_known = ease(self.seen, 5.0, item_exponent=0.5, diagonal=True).tocoo()
        places = self.known[among_known.row], self.known[among_known.col]
        return sparse.csr_matrix((among_known.data, places), shape=(n, n))

    def _predicted(self, base: sparse.csr_matrix, settings: ContentSettings, wanted: Array) -> sparse.csr_matrix:
        """Columns of the wanted items, bool ``(items,)``, as content mixes them from those of the known items."""
        top = None if len(self.known) * wanted.sum() <= LIMITS.whole_cold_weights else _TOP
        return content_map(base, self._kernel(settings), wanted, ~self.cold, l2=settings.l2, top=top)

    def _kernel(self, settings: ContentSettings) -> ContentKernel:
        return ContentKernel(self._facts(_IDF_EXPONENT, settings.length), self.texts, settings.text_weight)

    def _facts(self, idf_exponent: float, length_exponent: float) -> sparse.csr_matrix:
        return fact_matrix(self.facts, len(self.cold), self.n_nodes, idf_exponent, length_exponent)


def _column_lengths(matrix: sparse.csr_matrix) -> Array:
    """Euclidean length of each column, float32."""
    squared: Array = np.asarray(matrix.multiply(matrix).sum(axis=0), np.float32).ravel()
    return np.sqrt(squared)
