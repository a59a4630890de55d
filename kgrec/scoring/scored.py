"""One person's scores of the whole catalogue, ready to be taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kgrec.data.dataset import Array, IntArray
from kgrec.scoring.contributions import Contributions, Terms
from kgrec.scoring.histories import Histories
from kgrec.scoring.mixing import COLD, KNOWN, Mix

if TYPE_CHECKING:
    from kgrec.scoring.model import AdditiveModel


@dataclass(frozen=True)
class Scored:
    """One user's scores of all items with what they are made of.

    Attributes:
        past: rows of the items that the user did anything with.
        histories: of this user alone.
    """

    model: AdditiveModel
    past: IntArray
    histories: Histories
    mix: Mix

    @property
    def scores(self) -> Array:
        """All scores, ``(items,)``."""
        scores: Array = self.mix.total[0]
        return scores

    def of_items(self, items: IntArray) -> Array:
        """The scores of some items, which need not make all."""
        return self.mix.of_items(items)

    def best(self, candidates: IntArray, k: int) -> IntArray:
        """The ``k`` best of some items, ascending rows, best first; equal scores go by row, lower first."""
        return self.mix.best(candidates, k)

    def contributions(self, items: IntArray) -> Contributions:
        """The scores of some items taken apart."""
        model, mix, past = self.model, self.mix, self.past
        group = np.where(model.is_cold[items], COLD, KNOWN)
        values = np.zeros((len(model.channels), len(past), len(items)))
        weights = np.zeros((len(model.channels), len(past)))
        paths, terms = dict(model.path_channels), {}
        said: dict[int, tuple[Terms, Array]] = {}
        for c, (channel, history) in enumerate(zip(model.channels, self.histories.matrices, strict=True)):
            scale = mix.scale[c, group, 0]
            weights[c, np.searchsorted(past, history.indices)] = history.data
            says = np.flatnonzero(weights[c])
            if not len(says) or not scale.any():
                continue
            if c in paths:
                if id(paths[c]) not in said:
                    of_items = paths[c].terms(past, items)
                    said[id(paths[c])] = of_items, np.stack([of_item.sum(axis=1) for _, of_item in of_items], axis=1)
                terms[c], values[c] = said[id(paths[c])]
            else:
                values[c, says] = channel.matrix.block(past[says], items)
            values[c] *= weights[c, :, None] * scale[None, :]
        prior = mix.prior[group, 0] * model.prior[items].astype(np.float64)
        known = np.flatnonzero(group == KNOWN)
        among_known = (np.cumsum(~model.is_cold) - 1)[items[known]]
        trend, contexts = np.zeros(len(items)), np.zeros((len(model.contexts), len(items)))
        if mix.trend is not None:
            trend[known] = mix.trend[0, among_known]
        if mix.contexts is not None:
            contexts[:, known] = mix.contexts[:, among_known]
        return Contributions(
            items=items,
            history=past,
            channels=tuple(channel.name for channel in model.channels),
            values=values,
            base=prior + trend + contexts.sum(axis=0) + mix.constant[group, 0],
            prior=prior,
            trend=trend,
            weights=weights,
            scales=mix.scale[:, :, 0],
            terms=terms,
            contexts=contexts,
        )
