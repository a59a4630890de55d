"""Items that nobody has taken get their columns from those that resemble them: which way, validation decides.

It does so on items that are hidden for it: a tenth of those that have interactions, all of whose interactions are taken
away. What places them best for those who took them places best what nobody has taken yet.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from kgrec.dataset import Array, Facts, IntArray
from kgrec.item_content import content_map, fact_matrix
from kgrec.item_item import ease, item_knn
from kgrec.progress import Progress
from kgrec.ranking import evaluate
from kgrec.scoring import SparseMatrix

_TOP = 200
_SMALL = 5_000
_WHOLE = 5_000_000
"""Weights of new items that are all kept: beyond, the largest of each."""
_IDF = 2.0


@dataclass(frozen=True)
class ContentSetting:
    """How new items are placed; see :func:`kgrec.item_content.content_map`.

    Attributes:
        base: what they are given their columns of: cosines of co-occurrence that favour popular items a little, or a
            ridge with facts that keeps its diagonal.
        length: of :func:`kgrec.item_content.fact_matrix`.
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
                tried[setting] = evaluate(ranker, seen, hidden, (20,), candidates)["recall@20"]
                progress("placing new items", len(tried), None, f"recall@20 {tried[setting]:.4f}")
            return max(tried, key=lambda setting: tried[setting])

        names: tuple[Literal["neighbours", "ridge"], ...] = ("neighbours", "ridge")
        bases = {name: self._base(name) for name in names}
        grid = itertools.product(names, (0.5, 1.0), (1.0, 3.0, 6.0, 12.0, 24.0))
        best = take([ContentSetting(*values) for values in grid])
        return best if self.texts is None else take([replace(best, text_weight=weight) for weight in (0.1, 1.0)])

    def _base(self, name: Literal["neighbours", "ridge"]) -> sparse.csr_matrix:
        """An item-item matrix of the warm items, diagonal included, at their places among all.

        With its diagonal: what is like a warm item by content is liked by those who took that very item.
        """
        n_warm, n = len(self.warm), len(self.new)
        if name == "neighbours":
            kept = n_warm if n_warm <= _SMALL else _TOP
            near = item_knn(self.seen, neighbours=kept, output_exponent=0.2)
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


@dataclass(frozen=True)
class _Ranker:
    matrix: SparseMatrix
    history: sparse.csr_matrix

    def scores(self, users: IntArray) -> Array:
        return self.matrix.scores(self.history[users])
