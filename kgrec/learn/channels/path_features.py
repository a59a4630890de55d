"""The channels of paths: what past items and candidates share in the graph, a learned weight per kind of path.

The facts come first and those who took the items second. With P the path matrix, what co-taking says of candidates is
regressed not from nothing but from what the paths say,

    B(t) = argmin |X - X (t P + B)|^2 + |B|_D^2, diag B = 0   =   B(0) - t Q      Q = S (X'X P - diag), S = (X'X + D)^-1

B(0) is the ridge without facts (:mod:`~kgrec.learn.channels.ease`), and Q what is known of P from co-taking alone. So
``t P + B(t) = B(0) + t (P - Q)``: one channel of the paths P with the correction -Q beside it, at one gate t, next to
the channel of B(0). Everything a path says is a number in P; -Q is booked as what others who took the past item say,
and takes back what P oversells. In the order of time the same holds of the ridge on next items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.learn.channels.relation_weights import relation_weights
from kgrec.scoring.channel_names import CORRECTION
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import Channel
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, EDGE_TO_PAST, SHARED_HEAD, SHARED_TAIL, PathMatrix

_WAYS = 4


@dataclass(frozen=True)
class PathFeatures:
    """What items have in the graph, as source and target of paths, all kinds of paths weighed alike.

    Attributes:
        matrix: see :class:`~kgrec.scoring.path_matrix.PathMatrix`.
        kind: of each feature, its way and relation, int64 ``(features,)``.
    """

    matrix: PathMatrix
    kind: IntArray

    @classmethod
    def of(cls, facts: Facts, n_items: int, n_nodes: int) -> PathFeatures:
        """The features of the items of a graph: entities that two items or more share, and edges between items.

        Each counts the root of its rarity on both sides, ``idf = log(items / items that have it)`` (Spärck Jones
        1972), so that a path counts ``idf^2`` over the lengths of both rows.
        """
        from_item, to_item = facts.head < n_items, facts.tail < n_items
        between = from_item & to_item
        pairs = [
            _keyed(SHARED_TAIL, facts.head[from_item], facts.relation[from_item], facts.tail[from_item], n_nodes),
            _keyed(SHARED_HEAD, facts.tail[to_item], facts.relation[to_item], facts.head[to_item], n_nodes),
            _keyed(EDGE_TO_PAST, facts.head[between], facts.relation[between], facts.tail[between], n_nodes),
            _keyed(EDGE_FROM_PAST, facts.tail[between], facts.relation[between], facts.head[between], n_nodes),
        ]
        item, key = (np.concatenate(part) for part in zip(*pairs, strict=True))
        keys, column = np.unique(key, return_inverse=True)
        way, relation, entity = keys // n_nodes % _WAYS, keys // n_nodes // _WAYS, keys % n_nodes
        ones = np.ones(len(item), np.float32)
        has = sparse.csr_matrix((ones, (item, column)), shape=(n_items, len(keys)))
        has.data[:] = 1.0
        holders = np.bincount(has.indices, minlength=len(keys))
        is_edge = way >= EDGE_TO_PAST
        kept = (holders >= np.where(is_edge, 1, 2)) & (holders < n_items)
        idf = np.log(n_items / np.maximum(holders, 1))
        target = (has @ sparse.diags(np.where(kept, idf, 0.0))).tocsr()
        shared = target @ sparse.diags(np.where(is_edge, 0.0, 1.0))
        # Of an edge the past item itself is the source.
        itself = sparse.csr_matrix(
            (idf[is_edge & kept], (entity[is_edge & kept], np.flatnonzero(is_edge & kept))), shape=has.shape
        )
        length = np.sqrt(np.asarray(shared.multiply(shared).sum(axis=1)).ravel())
        inverse = sparse.diags(1.0 / np.where(length > 0, length, 1.0))
        matrix = PathMatrix(
            source=(inverse @ shared + itself).tocsr()[:, kept].astype(np.float32),
            target=(inverse @ target).tocsr()[:, kept].astype(np.float32),
            way=way[kept].astype(np.int8),
            relation=relation[kept].astype(np.int32),
            entity=entity[kept],
        )
        return cls(matrix, relation[kept] * _WAYS + way[kept])

    def weighed(self, history: sparse.csr_matrix, known: IntArray, seed: int) -> PathMatrix:
        """The matrix with the weight of each kind of path learned; kinds that do not help are left out.

        Args:
            history: what users took, users x known items.
            known: rows of the known items.
        """
        kinds = np.unique(self.kind)
        among = self.matrix.restricted_to(known)
        columns = [np.flatnonzero(self.kind == kind) for kind in kinds]
        parts = [(among.source[:, which].tocsr(), among.target[:, which].tocsr()) for which in columns]
        weights = relation_weights(parts, history, seed)
        of_feature = weights[np.searchsorted(kinds, self.kind)]
        return self.matrix.weighed(of_feature)


def _keyed(way: int, item: IntArray, relation: IntArray, entity: IntArray, n_nodes: int) -> tuple[IntArray, IntArray]:
    """Items and the key of what each has."""
    return item, (relation * _WAYS + way) * n_nodes + entity


def path_channels(
    name: str,
    matrix: PathMatrix,
    corrections: Sequence[sparse.csr_matrix],
    histories: Sequence[tuple[HistoryWeights, sparse.csr_matrix]],
    known: IntArray,
) -> list[Channel]:
    """A channel of paths and, beside it, what is taken back from them by those who took the items.

    Args:
        name: of the first; a correction is called by it too.
        corrections: item-item matrices, one per history that they read.
        histories: history weights, and the histories of some users in these, users x items; the first are the paths'.
        known: rows of the known items, over which scores have unit spread.
    """
    weights, sample = histories[0]
    scores = matrix.scores(sample)
    sparse_corrections = [SparseMatrix(correction.astype(np.float32)) for correction in corrections]
    for correction, (_, of_users) in zip(sparse_corrections, histories, strict=True):
        scores += correction.scores(of_users)
    unit = common_unit(scores[:, known], sample)
    numbers = [""] if len(corrections) == 1 else [f"_{number}" for number in range(1, len(corrections) + 1)]
    return [
        Channel(name, matrix, weights, unit),
        *(
            Channel(f"{name}{CORRECTION}{number}", correction, history, unit, beside=name)
            for number, correction, (history, _) in zip(numbers, sparse_corrections, histories, strict=True)
        ),
    ]


def common_unit(scores: Array, history: sparse.csr_matrix) -> float:
    """Standard deviation of users' scores over the catalogue, each over the root of the sum of the user's weights.

    That is the mean over users whose items differ; 1 without any.
    """
    total = np.asarray(history.sum(axis=1), np.float64)
    spread = (scores / np.sqrt(np.where(total > 0, total, np.inf))).std(axis=1)
    return float(spread[spread > 0].mean()) if (spread > 0).any() else 1.0
