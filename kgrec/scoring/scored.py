"""One person's scores of the whole catalogue, ready to be taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array, IntArray
from kgrec.scoring.contributions import Contributions, Terms
from kgrec.scoring.histories import Histories
from kgrec.scoring.mixing import Mix
from kgrec.scoring.retrieved import Retrieved
from kgrec.scoring.scaling import COLD, KNOWN

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
    mix: Mix | Retrieved

    @property
    def scores(self) -> Array:
        """All scores, ``(items,)``."""
        scores: Array = self.mix.total[0]
        return scores

    def of_items(self, items: IntArray) -> Array:
        """The scores of some items, which need not make all."""
        return self.mix.of_items(items)

    def best(self, among: npt.NDArray[np.bool_], k: int) -> IntArray:
        """The ``k`` best of some items, best first; equal scores go by row, lower first.

        Args:
            among: whether each item is a candidate, ``(items,)``.
        """
        return self.mix.best(among, k)

    def contributions(self, items: IntArray) -> Contributions:
        """The scores of some items taken apart."""
        model, mix, past, scaling = self.model, self.mix, self.past, self.mix.scaling
        group = np.where(model.is_cold[items], COLD, KNOWN)
        values = np.zeros((len(model.channels), len(past), len(items)))
        weights = np.zeros((len(model.channels), len(past)))
        paths, terms = dict(model.path_channels), {}
        said: dict[int, tuple[Terms, Array]] = {}
        for c, (channel, history) in enumerate(zip(model.channels, self.histories.matrices, strict=True)):
            scale = scaling.scale[c, group, 0]
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
        prior = scaling.prior[group, 0] * model.prior[items].astype(np.float64)
        known = np.flatnonzero(group == KNOWN)
        trend, contexts = np.zeros(len(items)), np.zeros((len(model.contexts), len(items)))
        trend[known], contexts[:, known] = mix.whoever_asks(items[known])
        return Contributions(
            items=items,
            history=past,
            channels=tuple(channel.name for channel in model.channels),
            values=values,
            base=prior + trend + contexts.sum(axis=0) + scaling.constant[group, 0],
            prior=prior,
            trend=trend,
            weights=weights,
            scales=scaling.scale[:, :, 0],
            terms=terms,
            contexts=contexts,
        )
