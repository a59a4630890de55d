"""Explicit paths in a score: what each past item adds through each node in which it meets the item.

Over both channels of paths, with the gates, the units and the history weights of the person: the terms add up to what
these channels contribute (:mod:`~kgrec.scoring.contributions`). Nothing else in the score depends on facts, so without
a fact it is less by exactly the terms that go through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.scoring.channel_names import SEMANTIC_PATHS
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.int8_matrices import LowRankInt8Matrix
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.path_matrix import PathMatrix

_WAYS = 4


@dataclass(frozen=True)
class PathTerms:
    """What each past item adds to one item's score through each way to meet it in the graph.

    Attributes:
        way, relation, entity: of each meeting, ``(f,)``, as in :class:`~kgrec.scoring.path_matrix.PathMatrix`.
        values: ``(h, f)`` for h past items.
    """

    way: npt.NDArray[np.int8]
    relation: npt.NDArray[np.int32]
    entity: IntArray
    values: Array

    @classmethod
    def of(cls, model: AdditiveModel, contributions: Contributions) -> list[PathTerms]:
        """The terms of each of ``contributions.items``; meetings that say nothing are left out."""
        nodes = 1 + max((int(m.entity.max(initial=0)) for _, m in model.path_channels), default=0)
        empty = np.zeros(0, np.int64), np.zeros((len(contributions.history), 0))
        found: list[list[tuple[IntArray, Array]]] = [[] for _ in contributions.items]
        matrices = dict(model.path_channels)
        factors: dict[int, Array] = {}  # by matrix: what channels say by the same one is added up at once
        of_matrix = {id(matrices[c]): (matrices[c], by_item) for c, by_item in contributions.terms.items()}
        for c in contributions.terms:
            factor = contributions.weights[c] * contributions.scales[c][:, None]
            factors[id(matrices[c])] = factors.get(id(matrices[c]), 0.0) + factor
        for key, (matrix, by_item) in of_matrix.items():
            for n, (item, (features, terms)) in enumerate(zip(contributions.items.tolist(), by_item, strict=True)):
                factor = factors[key][int(model.is_cold[item])]
                says = np.flatnonzero(terms.any(axis=0) & factor.any())
                kind = matrix.relation[features[says]].astype(np.int64) * _WAYS + matrix.way[features[says]]
                names = kind * nodes + matrix.entity[features[says]]
                found[n].append((names, factor[:, None] * terms[:, says]))
        return [cls._joined(parts or [empty], nodes) for parts in found]

    @classmethod
    def _joined(cls, parts: Sequence[tuple[IntArray, Array]], nodes: int) -> PathTerms:
        """Terms of several channels: those of one relation, way and entity are added up."""
        if len(parts) == 1:  # of one matrix each key is there once
            key, values = parts[0]
            order = np.argsort(key)
            key, values = key[order], values[:, order]
        else:
            key, column = np.unique(np.concatenate([key for key, _ in parts]), return_inverse=True)
            values = np.zeros((len(parts[0][1]), len(key)))
            start = 0
            for own, terms in parts:
                values[:, column[start : start + len(own)]] += terms
                start += len(own)
        kind, entity = key // nodes, key % nodes
        return cls((kind % _WAYS).astype(np.int8), (kind // _WAYS).astype(np.int32), entity, values)


def through_entity(model: AdditiveModel, contributions: Contributions) -> Callable[[int], Array]:
    """What all paths that meet in a node, by its row, add to each item's score ``(items,)``: without its facts that is
    gone."""
    parts = []
    for c, matrix in model.path_channels:
        history = np.zeros(model.n_items)
        history[contributions.history] = contributions.weights[c]
        parts.append((matrix, history, np.where(model.is_cold, *contributions.scales[c][::-1])))

    def through(entity: int) -> Array:
        total = np.zeros(model.n_items)
        for matrix, history, scale in parts:
            for candidates, said in matrix.through(entity, history):
                total[candidates] += said * scale[candidates]
        return total

    return through


def part_that_has(model: AdditiveModel, entity: int) -> float:
    """The part of the catalogue that has a fact with a node."""
    holders = [int(matrix.holders[entity]) for _, matrix in model.path_channels if entity < len(matrix.holders)]
    return max(holders, default=0) / model.n_items


def without_facts(model: AdditiveModel, facts: Facts) -> AdditiveModel:
    """The model of the graph without some facts, as nothing is learned again.

    Args:
        facts: with the relations that the model was learned from.
    """
    matrices = (channel.matrix for channel in model.channels)
    other = model.with_matrices(
        [matrix.without_facts(facts) if isinstance(matrix, PathMatrix) else matrix for matrix in matrices]
    )
    return other.with_targets({name: without_facts(target, facts) for name, target in model.targets.items()})


def facts_told(model: AdditiveModel, facts: Facts) -> npt.NDArray[np.bool_]:
    """Which of some facts a model makes use of, in the lists of all or of a platform, bool ``(facts,)``."""
    told = np.zeros(len(facts), np.bool_)
    for one in (model, *model.targets.values()):
        for channel in one.channels:
            if isinstance(channel.matrix, PathMatrix):
                told |= channel.matrix.has_facts(facts)
    return told


def without_text(model: AdditiveModel, item: int) -> AdditiveModel:
    """The model as if an item had no text, which is then like no other; nothing is learned again."""

    def without(matrix: ItemMatrix) -> ItemMatrix:
        if isinstance(matrix, LowRankInt8Matrix):
            matrix = matrix.in_floats()
        assert isinstance(matrix, LowRankMatrix)
        source, target = matrix.source.copy(), matrix.target.copy()
        source[item], target[item] = 0.0, 0.0
        return LowRankMatrix(source, target)

    return model.with_matrices(
        [without(channel.matrix) if channel.name == SEMANTIC_PATHS else channel.matrix for channel in model.channels]
    )
