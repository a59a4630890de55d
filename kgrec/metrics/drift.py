"""Drift: how far what is answered now is from what a model was trained on.

The population stability index (PSI) of two distributions over the same bins is ``SUM (p - q) ln(p / q)``. By the usual
rule of thumb below .1 is none and above .25 a shift that wants a new training (Siddiqi, Credit Risk Scorecards, 2006).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Interactions
from kgrec.scoring.model import AdditiveModel

SHIFTED = 0.25
"""A PSI above it is an alarm."""
ENOUGH = 200
"""Values below which a PSI says nothing: over ten bins chance alone is worth .09 of it with as many on either side."""
BEST_SCORE, HISTORY_LENGTH = "best score", "history length"

_BINS = 10
_VISITS = 400
_AT_ONCE = 50
_HALF = 0.5
"""Added to the count of each bin, so that an empty one is no division by zero."""


@dataclass(frozen=True)
class Distribution:
    """A distribution by what share of it falls between some edges.

    Attributes:
        edges: between the bins, ascending; a value on an edge belongs to the bin above it.
        counts: one more than there are edges.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: npt.ArrayLike) -> Self:
        """The distribution of some values, in bins that hold a tenth of them each where no value is frequent."""
        values = np.asarray(values, np.float64)
        edges = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS)) if len(values) else np.zeros(0)
        return cls(tuple(edges.tolist()), _counted(edges, values))

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """The distribution that :meth:`as_dict` wrote."""
        return cls(tuple(stored["edges"]), tuple(stored["counts"]))

    def as_dict(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return asdict(self)

    def psi(self, values: Sequence[float]) -> float:
        """Population stability index of some values against this.

        Example:
            >>> reference = Distribution.of(range(100))
            >>> round(reference.psi(range(100)), 6), reference.psi(range(200, 300)) > SHIFTED
            (0.0, True)
        """
        p, q = (
            (np.asarray(counts) + _HALF) / (sum(counts) + _HALF * len(counts))
            for counts in (_counted(np.asarray(self.edges), np.asarray(values, np.float64)), self.counts)
        )
        return float(((p - q) * np.log(p / q)).sum())


def reference_distributions(model: AdditiveModel, past: Interactions, seed: int) -> dict[str, dict[str, Any]]:
    """What answers are like for the users of a training: length of history, and best score of what is not in it.

    Users are drawn in proportion to what they did, as they would come back.
    """
    if not len(past):
        return {}
    drawn = np.random.default_rng(seed).choice(past.user, _VISITS)
    users, places = np.unique(drawn, return_inverse=True)
    lengths, best = np.zeros(len(users)), np.zeros(len(users))
    for start in range(0, len(users), _AT_ONCE):
        some = users[start : start + _AT_ONCE]
        of_some = past.select(np.isin(past.user, some))
        rows = np.searchsorted(some, of_some.user)
        histories = Interactions(**{**vars(of_some), "user": rows})
        scores = model.scores(model.histories(histories, len(some)))
        scores[rows, of_some.item] = -np.inf
        lengths[start : start + _AT_ONCE] = np.bincount(rows, minlength=len(some))
        best[start : start + _AT_ONCE] = scores.max(axis=1)
    finite = best[places][np.isfinite(best[places])]
    return {
        HISTORY_LENGTH: Distribution.of(lengths[places]).as_dict(),
        BEST_SCORE: Distribution.of(finite).as_dict(),
    }


def _counted(edges: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> tuple[int, ...]:
    bins = np.searchsorted(edges, values, side="right")
    return tuple(np.bincount(bins, minlength=len(edges) + 1).tolist())
