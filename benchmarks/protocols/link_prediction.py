"""Link prediction: how well facts that were held out are told from all others, by their head and by their tail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.errors import KgrecError

_BLOCK_BYTES = 64 * 2**20
_HITS = (1, 3, 10)


class TripleScorer(Protocol):
    """Anything that scores every node as an end of a fact."""

    def tails(self, head: IntArray, relation: IntArray) -> Array:
        """Scores of all nodes as tails, float ``(n, nodes)``, higher is better; the caller may overwrite the array."""

    def heads(self, relation: IntArray, tail: IntArray) -> Array:
        """Scores of all nodes as heads, float ``(n, nodes)``, higher is better; the caller may overwrite the array."""


def hold_out_facts(facts: Facts, share: float = 0.1, seed: int = 0) -> tuple[Facts, Facts]:
    """Train, and a random share of the facts for measuring.

    Every node and every relation that has facts keeps at least one in train, so fewer are held out where that binds.
    """
    of_node = np.bincount(np.concatenate([facts.head, facts.tail]))
    of_relation = np.bincount(facts.relation)
    held = np.zeros(len(facts), np.bool_)
    wanted = int(share * len(facts))
    for row in np.random.default_rng(seed).permutation(len(facts)):
        if wanted == 0:
            break
        ends, relation = [facts.head[row], facts.tail[row]], facts.relation[row]
        if of_node[ends].min() > 1 + (ends[0] == ends[1]) and of_relation[relation] > 1:
            held[row] = True
            np.subtract.at(of_node, ends, 1)
            of_relation[relation] -= 1
            wanted -= 1
    return facts.select(~held), facts.select(held)


def link_prediction(scorer: TripleScorer, test: Facts, known: Facts, n_nodes: int) -> dict[str, float]:
    """Filtered mean reciprocal rank and Hits@k (Bordes et al., NeurIPS 2013) over both ends of every test fact.

    A fact's tail is ranked among all nodes except the other tails that are known to be true for its head and relation;
    so is its head. Among equal scores it has their mean rank, the "realistic" rank of Berrendorf et al. (arXiv
    2002.06914): a scorer that says the same of everything gains nothing.

    Args:
        test: what was held out.
        known: all facts that are true: of training, validation and test.

    Returns:
        ``mrr, hits@1, hits@3, hits@10``.

    Raises:
        KgrecError: there are no test facts, or a score is nan.
    """
    if len(test) == 0:
        raise KgrecError(
            "there is nothing to measure.",
            found="no held-out facts",
            expected="at least one",
            next="use a graph in which nodes have several facts each",
        )
    sides = [
        _ranks(scorer.tails, (test.head, test.relation), test.tail, (known.head, known.relation), known.tail, n_nodes),
        _ranks(scorer.heads, (test.relation, test.tail), test.head, (known.relation, known.tail), known.head, n_nodes),
    ]
    ranks = np.concatenate(sides)
    return {"mrr": float((1.0 / ranks).mean())} | {f"hits@{k}": float((ranks <= k).mean()) for k in _HITS}


def _ranks(
    score: Callable[[IntArray, IntArray], Array],
    query: tuple[IntArray, IntArray],
    answer: IntArray,
    known_query: tuple[IntArray, IntArray],
    known_answer: IntArray,
    n_nodes: int,
) -> Array:
    """Filtered rank of each answer, a block of queries at a time."""
    width = int(max(query[1].max(), known_query[1].max())) + 1
    known_key = known_query[0] * width + known_query[1]
    order = np.argsort(known_key, kind="stable")
    known_key, known_answer = known_key[order], known_answer[order]
    key = query[0] * width + query[1]
    low, high = np.searchsorted(known_key, key, "left"), np.searchsorted(known_key, key, "right")
    ranks = np.empty(len(answer))
    step = max(1, _BLOCK_BYTES // (8 * n_nodes))
    for start in range(0, len(answer), step):
        rows = np.arange(start, min(start + step, len(answer)))
        scores = score(query[0][rows], query[1][rows])
        own = scores[np.arange(len(rows)), answer[rows]].copy()
        if np.isnan(scores).any():
            raise KgrecError(
                "a score is not a number.",
                where=f"node {int(query[0][rows[np.isnan(scores).any(axis=1)]][0])}",
                found="nan",
                expected="finite scores",
                next="check the embeddings; training them again may help",
            )
        n_true = high[rows] - low[rows]
        true = np.repeat(low[rows] - np.cumsum(n_true) + n_true, n_true) + np.arange(n_true.sum())
        scores[np.repeat(np.arange(len(rows)), n_true), known_answer[true]] = -np.inf
        better, equal = (scores > own[:, None]).sum(axis=1), (scores == own[:, None]).sum(axis=1)
        ranks[rows] = 1.0 + better + equal / 2.0
    return ranks
