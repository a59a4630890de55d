"""Gates for telling clicks from others: a logistic regression of labelled pairs on what each channel says of them.

Gates that put the best ten on top need not be those that separate a user's clicks from items drawn at random:
popularity, for one, counts far more there. The score stays the same sum of the same parts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from kgrec.data.dataset import Array
from kgrec.metrics.measures import auc
from kgrec.metrics.rankers import ModelRanker
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel, Histories
from kgrec_benchmarks.protocols.clicks import Pairs, pair_scores

_L2 = 1e-3
_NEW_ITEMS = (0.0, 0.25, 0.5, 0.75, 1.0)


def fit_click_gates(model: AdditiveModel, histories: Histories, valid: Pairs) -> tuple[AdditiveModel, dict[str, float]]:
    """The model with gates for click prediction, chosen on labelled validation pairs.

    Every channel alone, the gates that the model has, and a logistic mixture for each of a few factors on new items are
    compared by AUC; so what is returned is never worse there than any channel or the gates before.

    Args:
        histories: of all users, without the validation pairs.
        valid: pairs of both labels.

    Returns:
        The model, and validation AUC of each channel, of the prior, of the gates before ("gates for lists") and of
        those chosen ("fused").

    Raises:
        KgrecError: all labels are the same.
    """
    names = [*(channel.name for channel in model.channels), "prior"]
    alone = [Gates.common(weights[:-1], weights[-1]) for weights in np.eye(len(names))]
    parts = np.stack([_scores(model, gates, histories, valid) for gates in alone], axis=1)
    found = {name: auc(valid.label, part) for name, part in zip(names, parts.T, strict=True)}
    found["gates for lists"] = auc(valid.label, _scores(model, model.gates, histories, valid))
    candidates = list(zip(found.values(), [*alone, model.gates], strict=True))
    new = model.is_cold[valid.item]
    for factor in _NEW_ITEMS if new.any() else (1.0,):
        scaled = parts * np.where(new, factor, 1.0)[:, None]
        weights, offset = logistic_mixture(scaled, new, valid.label)
        gates = Gates.common(weights[:-1], weights[-1], factor, offset)
        candidates.append((auc(valid.label, scaled @ weights + offset * new), gates))
    found["fused"], gates = max(candidates, key=lambda candidate: candidate[0])
    return replace(model, gates=gates), found


def logistic_mixture(parts: Array, new: Array, label: Array) -> tuple[Array, float]:
    """Logistic regression of labels on the parts of a score, with weights that are not negative and a slight L2 pull.

    Args:
        parts: what each channel says of each pair, ``(n, parts)``.
        new: whether the pair's item is new, bool ``(n,)``: those stand higher or lower by an offset of any sign.
        label: 1 or 0, ``(n,)``.

    Returns:
        Weights ``(parts,)`` in units of the parts, and the offset; the intercept is no part of the score.
    """
    features = np.column_stack([parts, new])
    spread = features.std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)
    scaled = np.column_stack([features / spread, np.ones(len(parts))])
    pull = np.append(np.full(features.shape[1], _L2), 0.0)

    def loss(weights: Array) -> tuple[float, Array]:
        logits = scaled @ weights
        slope = scaled.T @ (expit(logits) - label) / len(label) + 2.0 * pull * weights
        return float(np.mean(np.logaddexp(0.0, logits) - label * logits) + pull @ weights**2), slope

    bounds = [(0.0, None)] * parts.shape[1] + [(None, None)] * 2
    weights = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds).x[:-1] / spread
    return weights[:-1], float(weights[-1])


def _scores(model: AdditiveModel, gates: Gates, histories: Histories, pairs: Pairs) -> Array:
    return pair_scores(ModelRanker(replace(model, gates=gates), histories), pairs, model.n_items)
