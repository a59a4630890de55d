"""Measures of the paths that explain a list: how recent and how popular what they go over is, how diverse they are.

As Balloccu, Boratto, Fenu and Marras define them (SIGIR 2022) and hopwise computes them. Linking interaction recency
(LIR) is that of the past item in which a path begins, shared entity popularity (SEP) that of the node before the
recommended item; both are exponential moving averages along the sorted values, brought to 0 to 1. Explanation type
diversity (ETD) counts the relations that the paths of a list end with.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array

LIST_LENGTH = 10


def linking_interaction_recency(times: npt.ArrayLike) -> Array:
    """LIR of each of a user's interactions, ``(n,)``: 0 of the first one, 1 of the last one; 0 of a single one.

    Args:
        times: of all interactions of the user.

    Example:
        Three interactions, the last one long after the others: the average of n values has a weight of 2 / (n + 1).

        >>> linking_interaction_recency([10, 100, 20]).round(3).tolist()
        [0.0, 1.0, 0.123]
    """
    return _ranked_average(np.asarray(times, np.float64))


def shared_entity_popularity(degrees: npt.ArrayLike) -> Array:
    """SEP of each entity of a type, ``(n,)``: 0 of the rarest, 1 of the one that most facts name.

    Args:
        degrees: edges at each entity of the type.

    Example:
        >>> shared_entity_popularity([5, 1, 2]).round(3).tolist()
        [1.0, 0.0, 0.259]
    """
    return _ranked_average(np.asarray(degrees, np.float64))


def explanation_type_diversity(relations: Collection[object], n_relations: int, k: int = LIST_LENGTH) -> float:
    """ETD of a list: the different relations of its paths, as a share of as many as there could be.

    Args:
        relations: of the paths shown, one per explained item.
        n_relations: in the graph.
        k: length of the list.

    Example:
        >>> explanation_type_diversity(["genre", "director", "genre"], n_relations=4)
        0.5
    """
    return len(set(relations)) / min(k, n_relations)


def _ranked_average(values: Array) -> Array:
    """The moving average along the ascending values, from 0 to 1; equal values all through count by their places."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    n = len(values)
    if n and ascending[0] == ascending[-1]:
        ascending = np.arange(n, dtype=np.float64)
    kept, total, weight = 1.0 - 2.0 / (n + 1), 0.0, 0.0
    average = np.zeros(n)
    for place, value in enumerate(ascending.tolist()):
        total, weight = value + kept * total, 1.0 + kept * weight
        average[place] = total / weight
    result = np.zeros(n)
    if n and (width := average.max() - average.min()) > 0:
        result[order] = (average - average.min()) / width
    return result
