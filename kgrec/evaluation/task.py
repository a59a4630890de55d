"""A split made ready to measure on: the same users, histories, candidates and test items for every system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.data.funnel import of_kinds, taking_kinds
from kgrec.data.splits import Split, pairs_without
from kgrec.data.triples import Facts
from kgrec.metrics.rankers import ColumnRanker, Ranker
from kgrec.metrics.ranking import Candidates, Measured, mean_metrics, measure_among
from kgrec.parallel.executor import Executor, here


@dataclass(frozen=True)
class Validation:
    """What settings are chosen on, among the items that the learning systems know.

    Attributes:
        train: what is learned from.
        valid: what is to be found.
        n_users, n_items: numbers of users and of items; the parts hold rows of both.
        metric: ``metric@k`` that is to be high.
    """

    train: Interactions
    valid: Interactions
    n_users: int
    n_items: int
    metric: str = "ndcg@10"

    def quality(self) -> Callable[[Ranker], float]:
        """A function from a ranker to its metric; it raises KgrecError where the parts share pairs or are empty."""
        taken = of_kinds(self.train, taking_kinds(self.train, self.valid))
        seen = taken.matrix(self.n_users, self.n_items)
        wanted = self.valid.matrix(self.n_users, self.n_items)
        k = int(self.metric.split("@")[1].split("_")[0])
        return lambda ranker: mean_metrics(ranker, seen, wanted, ks=(k,))[self.metric]


@dataclass(frozen=True)
class Task:
    """A split over all items, and over the columns that anybody took for systems that know of nothing else.

    Attributes:
        seen: train, validation and what is hidden by dislikes and the like, users x items: left out of every ranking.
            Where some kinds take an item and others only meet it (:mod:`kgrec.data.funnel`), what was only met is not.
        met: what users met without taking it, users x items; empty where no kinds are told apart.
        test: what is to be found, users x items, without what was seen.
        columns: item rows that occur in what is known at the test.
        train, valid, known: the parts, and all that is known at the test, with items as places in ``columns``.
        facts: triples whose nodes are numbered with ``columns`` first; an item that nobody took is one more entity.
        n_nodes: number of nodes.
    """

    seen: sparse.csr_matrix
    met: sparse.csr_matrix
    test: sparse.csr_matrix
    columns: IntArray
    train: Interactions
    valid: Interactions
    known: Interactions
    facts: Facts
    n_nodes: int

    @classmethod
    def of(cls, dataset: Dataset, split: Split) -> Task:
        """The task of a split of a data set."""
        n_users, n_items, n_nodes = len(dataset.users), len(dataset.items), len(dataset.nodes)
        known = split.known
        taken = of_kinds(known, taking_kinds(split.train, split.valid))
        seen = dataset.with_interactions(taken).behaviour.matrix(n_users, n_items)
        met = pairs_without(known.matrix(n_users, n_items), seen)
        test = pairs_without(split.test.matrix(n_users, n_items), seen)
        columns = np.unique(known.item)
        first = np.concatenate([columns, np.setdiff1d(np.arange(n_nodes), columns)])
        number = np.empty(n_nodes, np.int64)
        number[first] = np.arange(n_nodes)
        train, valid, both = (replace(part, item=number[part.item]) for part in (split.train, split.valid, known))
        facts = replace(dataset.facts, head=number[dataset.facts.head], tail=number[dataset.facts.tail])
        return cls(seen, met, test, columns, train, valid, both, facts, n_nodes)

    @property
    def n_users(self) -> int:
        """Number of users."""
        return int(self.seen.shape[0])

    @property
    def validation(self) -> Validation:
        """What the systems of :attr:`columns` choose their settings on."""
        return Validation(self.train, self.valid, self.n_users, len(self.columns))

    @property
    def is_taken(self) -> npt.NDArray[np.bool_]:
        """Whether anybody took an item, in any part of the split, bool ``(items,)``."""
        taken: npt.NDArray[np.bool_] = np.diff((self.seen + self.test).tocsc().indptr) > 0
        return taken

    def over_catalogue(self, ranker: Ranker) -> Ranker:
        """A ranker of ``columns`` as one of the whole catalogue, whose other items score 0."""
        return ColumnRanker(ranker, self.columns, self.seen.shape[1])

    def measure(self, ranker: Ranker, features: Array | None = None) -> Measured:
        """Metrics of a ranker of the whole catalogue on the test.

        Args:
            features: item vectors for the diversity within lists, ``(items, d)``.

        Raises:
            KgrecError: there is nothing to find.
        """
        return self.measure_among(ranker, [None], features)[0]

    def measure_among(
        self,
        ranker: Ranker,
        candidates: Sequence[Candidates],
        features: Array | None = None,
        executor: Executor = here,
    ) -> list[Measured]:
        """What :meth:`measure` gives with each of some sets of candidates, for which everybody is scored once.

        Args:
            executor: ranks blocks of users.
        """
        return measure_among(ranker, self.seen, self.test, candidates, features=features, executor=executor)

    def measure_by_meeting(self, ranker: Ranker) -> dict[str, Measured]:
        """Metrics of a ranker of the whole catalogue for two groups of what is to be found; none where all is one.

        Returns:
            ``met_before``: test items that their users had met, in the lists of :meth:`measure`; ``never_met``: all
            others, in lists that leave out whatever was met.
        """
        never = pairs_without(self.test, self.met)
        again = pairs_without(self.test, never)
        groups = {"met_before": (self.seen, again), "never_met": (self.seen + self.met, never)}
        return {
            name: measure_among(ranker, seen.tocsr(), wanted, [None])[0]
            for name, (seen, wanted) in groups.items()
            if self.met.nnz and wanted.nnz
        }
