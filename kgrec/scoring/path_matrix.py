"""Explicit paths as an item-item matrix: what a past item and a candidate have in common in the graph, fact by fact.

    M[j, i] = SUM_f source[j, f] * target[i, f]

A feature f is one way to meet: an entity with the relation that both items have to it (``j -director-> Ang Lee
<-director- i``), or the past item itself where an edge leads from one to the other (``i -sequel_of-> j``). The weight
of the relation and the rarity of the entity are in ``target``, so a term of the sum is what one path says, and a fact
that is taken out of the graph takes exactly its terms with it.

Two films j and i, both by Ang Lee (weight 2) and both American (weight 0.1), with rows of length 1 already divided out:
``M[j, i] = 1 * 2 + 1 * 0.1``; of the 2.1, the director carries 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.matrices import Scorer, place_of, span_of, without_own_terms
from kgrec.scoring.reach import ReachedTerms, Remainder
from kgrec.scoring.row_sums import (
    dense_product,
    in_order,
    parts_of_rows,
    product_with_vector,
    products_of_rows,
    terms_of_rows,
)

SHARED_TAIL, SHARED_HEAD, EDGE_TO_PAST, EDGE_FROM_PAST = 0, 1, 2, 3
"""Ways to meet: ``j -r-> v <-r- i``, ``j <-r- v -r-> i``, ``i -r-> j``, ``j -r-> i``; in the last two v is j itself."""

_BLOCK_BYTES = 64 * 2**20
_REACHED = 2**14
"""Terms of one history that are added up; what many items have in common says little and is left for later."""


@dataclass(frozen=True)
class PathMatrix:
    """An item-item matrix kept as the facts of past items and of candidates.

    Attributes:
        source: what past items have, float32 ``(items, features)``.
        target: what candidates have, times the weight of the feature, likewise.
        way: how the two meet, one of the four constants of this module, int8 ``(features,)``.
        relation: index of the relation, int32 ``(features,)``.
        entity: node row of what they meet in, int64 ``(features,)``.

    Raises:
        ValueError: shapes that do not fit each other.
    """

    source: sparse.csr_matrix
    target: sparse.csr_matrix
    way: npt.NDArray[np.int8]
    relation: npt.NDArray[np.int32]
    entity: IntArray
    kind: ClassVar[str] = "paths"

    def __post_init__(self) -> None:
        n = len(self.way)
        if not (self.source.shape == self.target.shape == (self.source.shape[0], n)):
            raise ValueError(f"source is {self.source.shape} and target {self.target.shape}, for {n} features")
        if not len(self.relation) == len(self.entity) == n:
            raise ValueError(f"{len(self.relation)} relations and {len(self.entity)} entities for {n} features")
        for name in ("source", "target"):
            object.__setattr__(self, name, in_order(getattr(self, name)))

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        return self._scores(self.target, None, history)

    def scorer_of(self, columns: IntArray) -> Scorer:
        """The columns of some items of :meth:`scores`."""
        return partial(self._scores, self.target[span_of(columns)], place_of(columns, self.target.shape[0]))

    def _scores(self, target: sparse.csr_matrix, place: IntArray | None, history: sparse.csr_matrix) -> Array:
        if history.shape[0] == 1:
            (user,) = dense_product(history, self.source)
            return without_own_terms(product_with_vector(target, user)[None, :], history, self._own, place)
        dense = np.empty((history.shape[0], target.shape[0]), history.dtype)
        step = max(1, _BLOCK_BYTES // (8 * max(len(self.way), 1)))
        for start in range(0, len(dense), step):
            users = dense_product(history[start : start + step], self.source)
            dense[start : start + step] = (target @ users.T).T
        return without_own_terms(dense, history, self._own, place)

    def reach(self, history: sparse.csr_matrix) -> ReachedTerms:
        """The terms of one history ``(1, items)`` through the features that say most for the fewest items."""
        features, terms = terms_of_rows(self.source, history.indices, history.data)
        features, place = np.unique(features, return_inverse=True)
        user = np.bincount(place, terms, len(features))
        by_feature, largest, most_features = self._of_features
        holders, important = (
            by_feature.indptr[features + 1] - by_feature.indptr[features],
            np.abs(user) * largest[features],
        )
        order = np.argsort(-important / np.maximum(holders, 1), kind="stable")
        kept, left = np.split(order, [int(np.searchsorted(np.cumsum(holders[order]), _REACHED, side="right"))])
        own = history.data * self._own[history.indices]
        reached = terms_of_rows(by_feature, features[kept], user[kept])
        if not len(left):
            return ReachedTerms(*reached, own)
        rest = np.zeros(len(self.way))
        rest[features[left]] = user[left]
        most = float(np.sort(important[left])[-most_features:].sum())
        return ReachedTerms(*reached, own, Remainder(most, partial(products_of_rows, self.target, vector=rest)))

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        features = self._features_of(columns)
        block: Array = _cut(self.source, rows, features) @ _cut(self.target, columns, features).T
        block[rows[:, None] == columns[None, :]] = 0.0
        return block

    def terms(self, rows: IntArray, columns: IntArray) -> list[tuple[IntArray, Array]]:
        """Of each candidate its features and what each says for it: ``(f,)`` and float64 ``(rows, f)``.

        The sum over features is the candidate's column of :meth:`block`.
        """
        used = self._features_of(columns)
        of_rows = _cut(self.source, rows, used)
        found = []
        for column in columns.tolist():
            span = slice(*self.target.indptr[column : column + 2])
            features = self.target.indices[span]
            terms = of_rows[:, np.searchsorted(used, features)] * self.target.data[span].astype(np.float64)
            terms[rows == column] = 0.0
            found.append((features.astype(np.int64), terms))
        return found

    def _features_of(self, candidates: IntArray) -> IntArray:
        """The features that some candidates have, ascending."""
        _, features, _ = parts_of_rows(self.target, candidates)
        return np.unique(features)

    def through(self, entity: int, weights: Array) -> Iterator[tuple[IntArray, Array]]:
        """What goes through each feature of a node: candidates, each once, and what is said for them.

        All of it together is the history times the part of the matrix of the features of this node.

        Args:
            weights: of the history, ``(items,)``.
        """
        source, target = self._by_feature
        for feature in self._of_entity(entity).tolist():
            of_source, of_target = (slice(side.indptr[feature], side.indptr[feature + 1]) for side in (source, target))
            past, candidates = source.indices[of_source], target.indices[of_target]
            terms = source.data[of_source] * weights[past]
            own = np.zeros(len(weights))
            own[past] = terms
            yield candidates, (terms.sum() - own[candidates]) * target.data[of_target]

    def says_the_same(self, other: PathMatrix) -> bool:
        """Whether another matrix has the same entries for the same features."""
        mine, theirs = self.arrays(), other.arrays()
        return all(np.array_equal(mine[name], theirs[name]) for name in mine)

    def without_facts(self, facts: Facts) -> PathMatrix:
        """The matrix of the graph without some facts; lengths, rarities and weights stay as they were learned.

        Args:
            facts: with the relations that the matrix was made from.
        """
        to_both, of_past = self._entries_of(facts)
        return replace(
            self,
            source=_without_entries(self.source, to_both),
            target=_without_entries(self.target, [*to_both, *of_past]),
        )

    def has_facts(self, facts: Facts) -> npt.NDArray[np.bool_]:
        """Which of some facts any path goes over, bool ``(facts,)``."""
        of_source, of_target = (_entries_along_rows(side) for side in (self.source, self.target))
        found = np.zeros(len(facts), np.bool_)
        to_both, of_past = self._entries_of(facts)
        for entries in to_both:
            found |= np.isin(entries, of_source) | np.isin(entries, of_target)
        for entries in of_past:
            found |= np.isin(entries, of_target)
        return found

    def _entries_of(self, facts: Facts) -> tuple[list[IntArray], list[IntArray]]:
        """Entries of some facts, one for each: those of source and target, and those of target alone."""
        to_tail = facts.head, SHARED_TAIL, facts.relation, facts.tail
        to_head = facts.tail, SHARED_HEAD, facts.relation, facts.head
        past_is_tail = facts.head, EDGE_TO_PAST, facts.relation, facts.tail
        past_is_head = facts.tail, EDGE_FROM_PAST, facts.relation, facts.head
        return [self._entries(*of) for of in (to_tail, to_head)], [
            self._entries(*of) for of in (past_is_tail, past_is_head)
        ]

    @cached_property
    def holders(self) -> IntArray:
        """How many items have a fact with each node, by its row, as far as candidates meet anything in it."""
        nodes = self.entity[self.target.indices]
        shape = self.target.shape[0], int(nodes.max(initial=0)) + 1
        of_items = sparse.csr_matrix((np.ones(len(nodes), np.bool_), nodes, self.target.indptr.copy()), shape=shape)
        of_items.sum_duplicates()  # an item may meet others in a node in several ways
        return np.bincount(of_items.indices, minlength=shape[1])

    def weighed(self, weights: Array) -> PathMatrix:
        """The matrix with its features times these weights ``(features,)``; those of weight 0 are left out."""
        part = self._with_features(weights > 0)
        target = part.target @ sparse.diags(weights[weights > 0].astype(np.float32))
        return replace(part, target=target.tocsr())

    def restricted_to(self, items: IntArray) -> PathMatrix:
        """The matrix of some items only, in this order."""
        return PathMatrix(self.source[items], self.target[items], self.way, self.relation, self.entity)

    def arrays(self) -> dict[str, Array]:
        """Compressed rows of both sides (float32 data, int32 indices, int64 indptr) and what each feature is."""
        sides = {"source": self.source, "target": self.target}
        return {
            f"{name}.{part}": getattr(side, part).astype(dtype)
            for name, side in sides.items()
            for part, dtype in (("data", np.float32), ("indices", np.int32), ("indptr", np.int64))
        } | {"way": self.way, "relation": self.relation, "entity": self.entity}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> PathMatrix:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: they do not fit each other, or so many items.
            KeyError: one is missing.
        """
        way, relation, entity = arrays["way"], arrays["relation"], arrays["entity"]
        sides = []
        for name in ("source", "target"):
            parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
            side = sparse.csr_matrix(parts, shape=(n_items, len(way)))
            side.check_format()
            sides.append(side)
        return cls(sides[0], sides[1], way, relation, entity)

    @cached_property
    def _own(self) -> Array:
        """The diagonal, which says nothing, ``(items,)``."""
        own: Array = np.asarray(self.source.astype(np.float64).multiply(self.target).sum(axis=1)).ravel()
        return own

    @cached_property
    def _of_features(self) -> tuple[sparse.csr_matrix, Array, int]:
        """Candidates by feature, the largest entry of each, either way, and the most features that one item has."""
        by_feature = self._by_feature[1].T
        largest = np.zeros(len(self.way))
        told = np.flatnonzero(np.diff(by_feature.indptr))
        largest[told] = np.maximum.reduceat(np.abs(by_feature.data), by_feature.indptr[told]) if len(told) else 0.0
        return by_feature, largest, int(np.diff(self.target.indptr).max(initial=0))

    @cached_property
    def _by_feature(self) -> tuple[sparse.csc_matrix, sparse.csc_matrix]:
        """Source and target column by column."""
        return self.source.tocsc(), self.target.tocsc()

    @cached_property
    def _entity_order(self) -> tuple[IntArray, IntArray]:
        """Features by entity, and the entities in that order."""
        order = np.argsort(self.entity, kind="stable")
        return order, self.entity[order]

    def _of_entity(self, entity: int) -> IntArray:
        """The features of a node."""
        order, entities = self._entity_order
        return order[slice(*np.searchsorted(entities, [entity, entity + 1]))]

    @cached_property
    def _feature_of(self) -> dict[tuple[int, int, int], int]:
        """Features by way, relation and entity."""
        names = zip(self.way.tolist(), self.relation.tolist(), self.entity.tolist(), strict=True)
        return {name: feature for feature, name in enumerate(names)}

    def _entries(self, item: IntArray, way: int, relation: IntArray, entity: IntArray) -> IntArray:
        """Entries ``item * features + feature`` of the features of some facts, -1 where there is no such feature."""
        features = self._feature_of
        found = [features.get((way, r, e), -1) for r, e in zip(relation.tolist(), entity.tolist(), strict=True)]
        feature = np.array(found, np.int64)
        return np.where(feature < 0, -1, item * len(self.way) + feature)

    def _with_features(self, keep: npt.NDArray[np.bool_]) -> PathMatrix:
        return PathMatrix(
            self.source[:, keep], self.target[:, keep], self.way[keep], self.relation[keep], self.entity[keep]
        )


def _cut(matrix: sparse.csr_matrix, rows: IntArray, columns: IntArray) -> Array:
    """``matrix[rows, columns]``, dense float64."""
    place = np.full(matrix.shape[1], -1, np.int64)
    place[columns] = np.arange(len(columns))
    indptr, indices, data = parts_of_rows(matrix, rows)
    at = place[indices]
    kept = at >= 0
    cut = np.zeros((len(rows), len(columns)))
    cut[np.repeat(np.arange(len(rows)), np.diff(indptr))[kept], at[kept]] = data[kept]
    return cut


def _without_entries(matrix: sparse.csr_matrix, entries: list[IntArray]) -> sparse.csr_matrix:
    """The matrix with 0 at some entries, which count along its rows."""
    kept = matrix.copy()
    kept.data[np.isin(_entries_along_rows(matrix), np.concatenate(entries))] = 0.0
    kept.eliminate_zeros()
    return kept


def _entries_along_rows(matrix: sparse.csr_matrix) -> IntArray:
    """``row * columns + column`` of each entry."""
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    found: IntArray = row * matrix.shape[1] + matrix.indices
    return found
