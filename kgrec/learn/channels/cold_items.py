"""Items that nobody has taken get their columns from those that resemble them: which way, validation decides.

It does so on items that are hidden for it: a tenth of those that have interactions, all of whose interactions are taken
away. What places them best for those who took them places best what nobody has taken yet. Items that few have taken are
in between: how soon their own columns count, validation decides too.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Facts, IntArray
from kgrec.learn.channels.content_kernel import content_map, fact_matrix
from kgrec.learn.channels.ease_and_knn import ease, item_knn
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress
from kgrec.scoring.model import SparseMatrix

_TOP = 200
_SMALL = 5_000
_WHOLE = 5_000_000
"""Weights of new items that are all kept: beyond, the largest of each."""
_IDF = 2.0
_FEW = (1.0, 3.0)
_COST = 0.003
"""Share of validation ndcg@10 that may go for finding more of the items that few have taken: about what is chance."""
_LEAST_SHARE = 0.05


@dataclass(frozen=True)
class ContentSetting:
    """How new items are placed; see :func:`kgrec.learn.channels.content_kernel.content_map`.

    Attributes:
        base: what they are given their columns of: cosines of co-occurrence that favour popular items a little, or a
            ridge with facts that keeps its diagonal.
        length: of :func:`kgrec.learn.channels.content_kernel.fact_matrix`.
        l2, text_weight: of the kernel.
    """

    base: Literal["neighbours", "ridge"] = "neighbours"
    length: float = 1.0
    l2: float = 3.0
    text_weight: float = 0.3


@dataclass(frozen=True)
class Content:
    """What is known of all items, and who took the known ones.

    Attributes:
        facts: triples of ``n_nodes`` node rows, items first.
        texts: unit vectors ``(items, t)``, or None.
        seen: users x warm items; warm: their rows among all items.
        new: bool ``(items,)``, the others.
    """

    facts: Facts
    n_nodes: int
    texts: Array | None
    seen: sparse.csr_matrix
    warm: IntArray
    new: Array

    def columns(self, setting: ContentSetting) -> sparse.csr_matrix:
        """An item-item matrix over all items that has columns of new items only."""
        return self._mapped(self._base(setting.base), setting)

    def prior(self, known: Array, setting: ContentSetting) -> Array:
        """A value of the new items as their content predicts it from that of all items; 0 for the others."""
        found: Array = self._mapped(sparse.csr_matrix(known[None, :]), setting).toarray()[0]
        return found

    def choose(self, history: sparse.csr_matrix, hidden: sparse.csr_matrix, progress: Progress) -> ContentSetting:
        """The setting that ranks hidden items best, among themselves, for those who took them (recall@20).

        Args:
            history: weighted histories without them, users x items.
            hidden: who took them, users x items; all of them are new here.
        """
        if len(self.warm) > _SMALL:
            return ContentSetting()
        candidates = np.diff(hidden.tocsc().indptr) > 0
        seen = (history > 0).astype(np.float32)
        tried: dict[ContentSetting, float] = {}

        def take(settings: list[ContentSetting]) -> ContentSetting:
            for setting in settings:
                ranker = _Ranker(SparseMatrix(self._mapped(bases[setting.base], setting, candidates)), history)
                tried[setting] = mean_metrics(ranker, seen, hidden, (20,), candidates)["recall@20"]
                progress("placing new items", len(tried), None, f"recall@20 {tried[setting]:.4f}")
            return max(tried, key=lambda setting: tried[setting])

        names: tuple[Literal["neighbours", "ridge"], ...] = ("neighbours", "ridge")
        bases = {name: self._base(name) for name in names}
        grid = itertools.product(names, (0.5, 1.0), (1.0, 3.0, 6.0, 12.0, 24.0))
        best = take([ContentSetting(*values) for values in grid])
        return best if self.texts is None else take([replace(best, text_weight=weight) for weight in (0.1, 1.0)])

    def blended(self, weights: sparse.csr_matrix, setting: ContentSetting, few: float) -> sparse.csr_matrix:
        """Columns of items with few interactions, partly as their content has them.

        Of a column of an item with n interactions, ``few / (few + n)`` is as if nobody had taken it, at the length that
        the column has, or usually has where it is empty; below a twentieth nothing is.

        Args:
            weights: an item-item matrix over all items.
        """
        share = np.zeros(len(self.new), np.float32)
        share[self.warm] = few / (few + np.diff(self.seen.tocsc().indptr))
        share[share < _LEAST_SHARE] = 0.0
        predicted = self._mapped(self._base(setting.base), setting, share > 0.0)
        predicted.setdiag(0.0)
        length, own = (_lengths(matrix) for matrix in (predicted, weights))
        share[length == 0.0] = 0.0
        there = (share > 0.0) & (own > 0.0)
        own[own == 0.0] = np.median(own[there]) if there.any() else 0.0
        scale = np.divide(share * own, length, out=np.zeros_like(length), where=length > 0.0)
        return (weights @ sparse.diags(1.0 - share) + predicted @ sparse.diags(scale)).tocsr().astype(np.float32)

    def choose_few(
        self,
        weights: sparse.csr_matrix,
        history: sparse.csr_matrix,
        valid: sparse.csr_matrix,
        setting: ContentSetting,
        progress: Progress,
    ) -> float:
        """The largest ``few`` of :meth:`blended` that costs validation next to nothing; 0 where none does.

        Args:
            weights: an item-item matrix over all items.
            history: weighted histories; valid: what was taken next, users x items.
        """
        shape = self.seen.shape[0], len(self.new)
        seen = sparse.csr_matrix((self.seen.data, self.warm[self.seen.indices], self.seen.indptr), shape=shape)

        def quality(matrix: sparse.csr_matrix) -> float:
            return mean_metrics(_Ranker(SparseMatrix(matrix), history), seen, valid, (10,), ~self.new)["ndcg@10"]

        least, chosen = (1.0 - _COST) * quality(weights), 0.0
        for number, few in enumerate(_FEW):
            found = quality(self.blended(weights, setting, few))
            progress("items that few have taken", number + 1, len(_FEW), f"ndcg@10 {found:.4f}")
            chosen = few if found >= least else chosen
        return chosen

    def _base(self, name: Literal["neighbours", "ridge"]) -> sparse.csr_matrix:
        """An item-item matrix of the warm items, diagonal included, at their places among all.

        With its diagonal: what is like a warm item by content is liked by those who took that very item.
        """
        n_warm, n = len(self.warm), len(self.new)
        if name == "neighbours":
            kept = n_warm if n_warm <= _SMALL else _TOP
            near = item_knn(self.seen, neighbours=kept, output_exponent=0.3)
            small = (near + sparse.identity(n_warm, np.float32)).tocoo()
        else:
            facts = self._facts(1.0, 1.0)[self.warm]
            small = ease(self.seen, 5.0, facts=facts, fact_weight=0.1, item_exponent=0.5, diagonal=True).tocoo()
        return sparse.csr_matrix((small.data, (self.warm[small.row], self.warm[small.col])), shape=(n, n))

    def _mapped(self, base: sparse.csr_matrix, setting: ContentSetting, cold: Array | None = None) -> sparse.csr_matrix:
        """Columns of all new items, or of some."""
        cold = self.new if cold is None else cold
        top = None if len(self.warm) * cold.sum() <= _WHOLE else _TOP
        facts, l2, text_weight = self._facts(_IDF, setting.length), setting.l2, setting.text_weight
        return content_map(base, facts, self.texts, cold, l2=l2, text_weight=text_weight, top=top, warm=~self.new)

    def _facts(self, idf: float, length: float) -> sparse.csr_matrix:
        return fact_matrix(self.facts, len(self.new), self.n_nodes, idf, length)


def _lengths(matrix: sparse.csr_matrix) -> Array:
    """Of each column, float32."""
    squared: Array = np.asarray(matrix.multiply(matrix).sum(axis=0), np.float32).ravel()
    return np.sqrt(squared)


@dataclass(frozen=True)
class _Ranker:
    matrix: SparseMatrix
    history: sparse.csr_matrix

    def scores(self, users: IntArray) -> Array:
        return self.matrix.scores(self.history[users])
