"""Losses: the terms of the joint loss ``L_behaviour + kg_weight * L_kg + text_weight * L_text``, and of next items."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def softmax_loss(scores: Tensor, owner: Tensor, item: Tensor) -> Tensor:
    """Multinomial log likelihood, the mean over users of ``-SUM_i log softmax(s)_i / n`` over their n positives i.

    Args:
        scores: ``(users, items)``.
        owner, item: row and column of each positive, ``(pairs,)``, none twice.
    """
    log_p = _at(F.log_softmax(scores, 1), owner, item)
    return -(log_p / _n_positives(owner, scores)[owner]).sum() / len(scores)


def exact_bce(scores: Tensor, owner: Tensor, item: Tensor) -> Tensor:
    """Binary cross-entropy whose sigmoid is the softmax probability.

        l_i  = s_i - stopgrad(log SUM_{k != i} e^{s_k})
        loss = -SUM_i [x_i log sigma(l_i) + (n - x_i) log(1 - sigma(l_i))] / n

    for a user with n positives; arguments as for :func:`softmax_loss`. Then ``sigma(l_i) = softmax(s)_i``, and the
    gradient equals that of :func:`softmax_loss`, so it is computed there, which spares a second pass over all items.
    The detached term is one constant per user and item and no part of the served score.
    """
    log_p, n = F.log_softmax(scores, 1), _n_positives(owner, scores)
    own = _at(log_p, owner, item)
    by_gradient = -(own / n[owner]).sum() / len(scores)
    with torch.no_grad():
        log_rest = log_p.exp().clamp_(max=1 - 1e-6).neg_().log1p_()
        of_own = (own - _at(log_rest, owner, item)) / n[owner]
        value = -(of_own.sum() + log_rest.sum()) / len(scores)
    return by_gradient + (value - by_gradient.detach())


def _n_positives(owner: Tensor, scores: Tensor) -> Tensor:
    """Positives of each user, ``(users,)``."""
    return scores.new_zeros(len(scores)).index_add_(0, owner, torch.ones_like(owner, dtype=scores.dtype))


def _at(table: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """``table[row, column]`` as a gather, whose gradient touches these entries only."""
    return table.flatten().index_select(0, row * table.shape[1] + column)


def sampled_bce(
    positive: Tensor, owner: Tensor, n: Tensor, negative: Tensor, log_weight: Tensor, own: Tensor
) -> Tensor:
    """:func:`exact_bce` with the sum over the catalogue estimated from a sample.

    Args:
        positive: scores of all positive pairs of the batch, ``(pairs,)``.
        owner: row of the user of each pair, ``(pairs,)``.
        n: positives per user, ``(users,)``.
        negative: scores of the drawn items, ``(users, K)``.
        log_weight: ``-log(K q_k)`` for items drawn with probability ``q_k``, ``(K,)``.
        own: True where a drawn item is one of the user's positives and must not count, bool ``(users, K)``.
    """
    with torch.no_grad():
        drawn = (negative + log_weight).masked_fill(own, float("-inf"))
        largest = drawn.amax(1).scatter_reduce(0, owner, positive, "amax")
        mass = (drawn - largest[:, None]).exp().sum(1).index_add(0, owner, (positive - largest[owner]).exp())
        total = largest + mass.log()
        others = total[owner] + torch.log1p(-(positive - total[owner]).exp().clamp(max=1 - 1e-6))
        rest = total[:, None] + torch.log1p(-(negative - total[:, None]).exp().clamp(max=1 - 1e-6))
    pull = positive - others
    share = n[owner]
    loss = ((F.softplus(-pull) + (share - 1) * F.softplus(pull)) / share).sum()
    push = (log_weight.exp() * F.softplus(negative - rest)).masked_fill(own, 0.0).sum()
    return (loss + push) / len(n)


def info_nce(a: Tensor, b: Tensor, temperature: float = 0.2) -> Tensor:
    """InfoNCE: contrastive alignment of rows of ``a`` and ``b``, ``(n, d)`` each, over the batch (arXiv 1807.03748)."""
    similarity = (F.normalize(a, dim=1) @ F.normalize(b, dim=1).T).float() / temperature
    return F.cross_entropy(similarity, torch.arange(len(a), device=a.device))


def kg_loss(true: Tensor, corrupted: Tensor) -> Tensor:
    """Binary cross-entropy of true triples, scores ``(n,)``, against corrupted ones, scores ``(n, m)``."""
    return F.softplus(-true).mean() + F.softplus(corrupted).mean()


def gbce(
    positive: Tensor, owner: Tensor, n: Tensor, negative: Tensor, own: Tensor, n_items: int, calibration: float = 0.75
) -> Tensor:
    """Generalised binary cross-entropy (gBCE: Petrov and Macdonald 2023, arXiv 2308.07192).

        loss = -[log sigma(s_i)^beta + SUM_k log(1 - sigma(s_k))] / (K + 1),     beta = a (t (1 - 1/a) + 1/a)

    for a positive i and K uniform negatives k; ``a = K / (n_items - 1)`` is the sampling rate and t the calibration: 0
    is plain BCE, 1 makes the sigmoid unbiased although only some negatives are seen. The mean is over a user's
    positives, then over users. Departures: the users of a batch share their negatives, and a drawn item that is one of
    the user's positives does not count.

    Args:
        positive: scores of all positive pairs of the batch, ``(pairs,)``.
        owner: row of the user of each pair, ``(pairs,)``.
        n: positives per user, ``(users,)``.
        negative: scores of the drawn items, ``(users, K)``.
        own: True where a drawn item is one of the user's positives, bool ``(users, K)``.
        n_items: size of the catalogue that is drawn from.
        calibration: t; the paper takes .75.
    """
    rate = min(negative.shape[1] / max(n_items - 1, 1), 1.0)
    beta = rate * (calibration * (1 - 1 / rate) + 1 / rate)
    pull = torch.zeros_like(n).index_add(0, owner, F.softplus(-positive) / n[owner])
    push = F.softplus(negative).masked_fill(own, 0.0).sum(1)
    return ((beta * pull + push) / ((~own).sum(1) + 1)).mean()


def sampled_softmax(states: Tensor, wanted: Tensor, table: Tensor, negatives: int, rng: np.random.Generator) -> Tensor:
    """Mean of ``-log e^(s w) / (e^(s w) + SUM_k e^(s k))`` over states, k the sampled items other than the wanted one.

    Args:
        states: ``(n, d)``.
        wanted: item rows ``(n,)``.
        table: vectors of all items ``(items, d)``.
        negatives: number of items that are drawn; from so many items on, all others are summed over.
    """
    if len(table) <= negatives:
        return F.cross_entropy(states @ table.T, wanted)
    drawn = np.sort(rng.integers(0, len(table), negatives))
    others = states @ F.embedding(torch.from_numpy(drawn), table).T
    # Those that are the wanted one are few, and looking each up is faster than a mask over all.
    first, last = (np.searchsorted(drawn, wanted.numpy(), side=side) for side in ("left", "right"))
    rows = np.repeat(np.arange(len(first)), last - first)
    columns = np.arange(len(rows)) + np.repeat(first - np.r_[0, np.cumsum(last - first)[:-1]], last - first)
    others[torch.from_numpy(rows), torch.from_numpy(columns)] = -torch.inf
    own = (states * F.embedding(wanted, table)).sum(1, keepdim=True)
    return (torch.logsumexp(torch.cat([own, others], 1), 1) - own[:, 0]).mean()
