"""Task: a split made ready to measure on; the same users, histories, candidates and test items for every system."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, Dataset, Facts, IntArray, Interactions
from kgrec.data.splits import Split
from kgrec.metrics.rankers import ColumnRanker, Ranker
from kgrec.metrics.ranking import Measured, rank_and_measure


@dataclass(frozen=True)
class Task:
    """A split over all items, and over the columns that anybody took for systems that know of nothing else.

    Attributes:
        seen: train and validation, users x items; hidden from every ranking.
        test: what is to be found, users x items, without what was seen.
        columns: item rows that occur in train or validation.
        train, valid, known: the parts, and train and validation together, with items as places in ``columns``.
        facts: triples whose nodes are numbered with ``columns`` first; an item that nobody took is one more entity.
        n_nodes: number of nodes.
    """

    seen: sparse.csr_matrix
    test: sparse.csr_matrix
    columns: IntArray
    train: Interactions
    valid: Interactions
    known: Interactions
    facts: Facts
    n_nodes: int

    @classmethod
    def of(cls, dataset: Dataset, split: Split) -> Task:
        """Make a split of a data set ready."""
        n_users, n_items, n_nodes = len(dataset.users), len(dataset.items), len(dataset.nodes)
        known = split.train.joined(split.valid)
        seen, test = known.matrix(n_users, n_items), split.test.matrix(n_users, n_items)
        test = test - test.multiply(seen > 0)
        test.eliminate_zeros()
        columns = np.unique(known.item)
        first = np.concatenate([columns, np.setdiff1d(np.arange(n_nodes), columns)])
        place = np.empty(n_nodes, np.int64)
        place[first] = np.arange(n_nodes)
        train, valid, both = (replace(part, item=place[part.item]) for part in (split.train, split.valid, known))
        facts = replace(dataset.facts, head=place[dataset.facts.head], tail=place[dataset.facts.tail])
        return cls(seen, test, columns, train, valid, both, facts, n_nodes)

    @property
    def n_users(self) -> int:
        """Number of users."""
        return int(self.seen.shape[0])

    @property
    def taken(self) -> npt.NDArray[np.bool_]:
        """Items that anybody took, in any part of the split, bool ``(items,)``."""
        found: npt.NDArray[np.bool_] = np.diff((self.seen + self.test).tocsc().indptr) > 0
        return found

    def placed(self, ranker: Ranker) -> Ranker:
        """A ranker of ``columns`` as one of the whole catalogue, whose other items score 0."""
        return ColumnRanker(ranker, self.columns, self.seen.shape[1])

    def measured(
        self, ranker: Ranker, features: Array | None = None, candidates: npt.NDArray[np.bool_] | None = None
    ) -> Measured:
        """Test a ranker of the whole catalogue."""
        return rank_and_measure(ranker, self.seen, self.test, candidates=candidates, features=features)
