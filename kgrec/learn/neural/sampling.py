"""Random batches of users, negatives by popularity, corrupted triples. Every draw takes its rng."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts


def user_batches(users: Array, batch_size: int, rng: np.random.Generator) -> Iterator[Array]:
    """Batches that hold every user once, in random order."""
    order = rng.permutation(users)
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def popularity_negatives(counts: Array, number: int, rng: np.random.Generator) -> tuple[IntArray, Array]:
    """Items drawn with probability ``q ~ count^.75`` and their ``-log(number * q)``, ``(number,)`` each.

    The exponent is word2vec's (Mikolov et al., arXiv 1310.4546); the weight makes sums over the sample unbiased. Cold
    items are never drawn: nobody has had the chance to pass them over.
    """
    q = counts**0.75
    q /= q.sum()
    drawn = rng.choice(len(q), number, p=q)
    return drawn, -np.log(number * q[drawn]).astype(np.float32)


class TripleSampler:
    """Draws true triples and, for each, corrupted tails among the tails of the same relation.

    Corrupting within a relation's own tails keeps the task from being solved by node type alone. A corrupted tail may
    by chance be true; with many tails this is rare and costs little (Bordes et al., NeurIPS 2013, do the same).
    """

    def __init__(self, facts: Facts) -> None:
        order = np.argsort(facts.relation, kind="stable")
        self._tails = facts.tail[order]
        self._start = np.searchsorted(facts.relation[order], np.arange(len(facts.relations) + 1))
        self._facts = facts

    def draw(self, number: int, corrupted: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Head, relation and tail ``(number,)``, and corrupted tails ``(number, corrupted)``."""
        facts = self._facts
        chosen = rng.integers(0, len(facts), number)
        relation = facts.relation[chosen]
        low, high = self._start[relation], self._start[relation + 1]
        position = low[:, None] + (rng.random((number, corrupted)) * (high - low)[:, None]).astype(np.int64)
        parts = (facts.head[chosen], relation, facts.tail[chosen], self._tails[position])
        head, relation_of, tail, corrupted_tails = (torch.from_numpy(part) for part in parts)
        return head, relation_of, tail, corrupted_tails
