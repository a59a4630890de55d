"""Facts that are likely true and not stated: candidates by the head, with probabilities calibrated on hidden facts.

    log odds of (h, r, t) = a log p(t | h, r) + b s(h, r, t) + c log(1 + facts of h with r) + d

p is the softmax of the head's scores s among the ends that the relation has. A tenth of the facts is hidden from the
encoder and the head; a, b, c and d are those under which the hidden ones among the candidates are likeliest (Platt
1999), for each relation and direction, where enough are found there, else for all together. The probability is that of
being among the hidden: where more is missing than a tenth, more candidates are true than it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse
from scipy.special import expit, logsumexp

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, IntArray
from kgrec.data.triples import Facts
from kgrec.learn.neural.training_run import TrainingRun
from kgrec.metrics.measures import ece
from kgrec.progress import Progress
from kgrec.scoring.history_weights import HistoryWeights
from kgrec_benchmarks.systems.complex_head import FactEmbeddings, HeadSetting, fit_kg_head

_CANDIDATES, _FOUND = 10, 20
"""Ends that are looked at per item and relation; hidden facts that a relation of its own is calibrated with."""
_HIDDEN = 0.1
_BLOCK = 512


@dataclass(frozen=True)
class ProbableFacts:
    """Candidates that are not stated, with probabilities, and how well these are calibrated.

    Attributes:
        facts: not ordered by probability.
        probability: of each, float64 ``(facts,)``.
        calibration: ``precision`` of the candidates above the bound, ``found`` of the hidden facts, ``brier`` and
            ``ece`` of all, measured on hidden facts of items that calibration did not see.
    """

    facts: Facts
    probability: Array
    calibration: dict[str, float]


def hide_facts(facts: Facts, n_items: int, share: float, rng: np.random.Generator) -> tuple[Facts, Facts]:
    """What is left, and a random share of the facts of items."""
    about = np.flatnonzero((facts.head < n_items) | (facts.tail < n_items))
    hidden = np.zeros(len(facts), np.bool_)
    hidden[rng.permutation(about)[: int(share * len(about))]] = True
    return facts.select(~hidden), facts.select(hidden)


def probable_facts(
    dataset: Dataset, config: TrainConfig, head: HeadSetting, bound: float, epochs: int, progress: Progress
) -> ProbableFacts:
    """The candidates of all items by an encoder of one hop and its head.

    Args:
        dataset: what is stated.
        bound: probability from which on a fact counts as probable, for the calibration's report.
        epochs: of the encoder.
    """
    n_items, n_nodes = len(dataset.items), len(dataset.nodes)
    known, hidden = hide_facts(dataset.facts, n_items, _HIDDEN, np.random.default_rng(config.seed))
    run = TrainingRun(replace(dataset, facts=known), None, config, HistoryWeights(), depth=1, epochs=epochs)
    given = run(progress).embeddings.nodes
    embeddings = fit_kg_head(known, n_nodes, head, given=given, seed=config.seed)
    parts = list(_candidates(embeddings, known, n_items, n_nodes))
    head_of, relation, tail = (
        np.concatenate([getattr(part, end) for part, _, _ in parts]) for end in ("head", "relation", "tail")
    )
    facts = Facts(head_of, relation, tail, known.relations)
    features = np.concatenate([values for _, values, _ in parts])
    kind = np.concatenate([np.full(len(part), number) for number, (part, _, _) in enumerate(parts)])
    item = np.concatenate([items for _, _, items in parts])
    true = is_among(facts, hidden, n_nodes)
    learned_from = item % 2 == 0
    probability = _calibrated(features, kind, true, learned_from)
    seen, told = ~learned_from, probability >= bound
    calibration = {
        "precision": float(true[seen & told].mean()) if (seen & told).any() else 0.0,
        "found": float((true & seen & told).sum() / max(len(hidden) * seen.mean(), 1.0)),
        "brier": float(np.mean((probability - true)[seen] ** 2)),
        "ece": ece(true[seen], probability[seen]),
    }
    new = ~true
    _, once = np.unique(_keys(facts, n_nodes)[new], return_index=True)  # a fact between items is met from both ends
    rows = np.flatnonzero(new)[once]
    return ProbableFacts(facts.select(rows), probability[rows], calibration)


def is_among(facts: Facts, others: Facts, n_nodes: int) -> npt.NDArray[np.bool_]:
    """Whether each fact is one of others with the same relations, ``(facts,)``."""
    return np.isin(_keys(facts, n_nodes), _keys(others, n_nodes))


def _keys(facts: Facts, n_nodes: int) -> IntArray:
    keys: IntArray = (facts.relation * n_nodes + facts.head) * n_nodes + facts.tail
    return keys


def _candidates(
    embeddings: FactEmbeddings, known: Facts, n_items: int, n_nodes: int
) -> Iterator[tuple[Facts, Array, IntArray]]:
    """The likeliest facts that are not known of each relation and direction, what tells of them, and their items."""
    for relation in range(len(known.relations)):
        of = known.relation == relation
        for forward in (True, False):
            near, far = (known.head[of], known.tail[of]) if forward else (known.tail[of], known.head[of])
            ends = np.unique(far)
            if not (near < n_items).any() or len(ends) < 2:
                continue
            stated = sparse.csr_matrix((np.ones(len(near)), (near, far)), shape=(n_nodes, n_nodes))[:, ends]
            count = np.bincount(near, minlength=n_nodes)
            items, others, values = [], [], []
            for start in range(0, n_items, _BLOCK):
                rows = np.arange(start, min(start + _BLOCK, n_items))
                kinds = np.full(len(rows), relation)
                scores = (embeddings.tails(rows, kinds) if forward else embeddings.heads(kinds, rows))[:, ends]
                likely = scores - logsumexp(scores, axis=1, keepdims=True)
                likely[stated[rows].toarray() > 0] = -np.inf
                likely[rows[:, None] == ends] = -np.inf
                k = min(_CANDIDATES, len(ends))
                best = np.argpartition(-likely, k - 1, axis=1)[:, :k]
                row, place = np.nonzero(np.isfinite(np.take_along_axis(likely, best, 1)))
                column = best[row, place]
                items.append(rows[row])
                others.append(ends[column])
                told = likely[row, column], scores[row, column], np.log1p(count[rows[row]])
                values.append(np.stack(told, axis=1).astype(np.float64))
            item, other = np.concatenate(items), np.concatenate(others)
            kinds = np.full(len(item), relation)
            facts = Facts(*((item, kinds, other) if forward else (other, kinds, item)))
            yield facts, np.concatenate(values), item


def _calibrated(features: Array, kind: IntArray, true: Array, learned_from: Array) -> Array:
    """Probabilities ``(n,)`` by kind of candidate, learned from a part of them."""
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    scaled = np.c_[scaled, np.ones(len(scaled))]
    of_all = _logistic(scaled[learned_from], true[learned_from])
    probability = np.empty(len(true))
    for number in np.unique(kind):
        rows = kind == number
        own = rows & learned_from
        weights = _logistic(scaled[own], true[own]) if true[own].sum() >= _FOUND else of_all
        probability[rows] = expit(scaled[rows] @ weights)
    return probability


def _logistic(features: Array, true: Array) -> Array:
    """Weights of a logistic regression, the last one of the constant, with a slight pull of the others to 0."""
    pulled = np.r_[np.ones(features.shape[1] - 1), 0.0]

    def loss(weights: Array) -> tuple[float, Array]:
        z = features @ weights
        value = float((np.logaddexp(0, z) - true * z).sum() + pulled @ weights**2)
        return value, features.T @ (expit(z) - true) + 2 * pulled * weights

    found: Array = optimize.minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B").x
    return found
