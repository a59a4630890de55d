"""Weights among the items that somebody has taken, in closed form: the ridge with facts, neighbours, both blended."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from scipy import sparse

from kgrec.learn.channels.cold_items import ContentSetting
from kgrec.learn.channels.ease_and_knn import ease, item_knn, ridge_system
from kgrec.learn.channels.nearest_ridge import local_ridge
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.model import SparseMatrix


@dataclass(frozen=True)
class BehaviourSetting:
    """What the behaviour channel is built with; see :mod:`kgrec.learn.channels.ease_and_knn`.

    Attributes:
        nearest: items that each is regressed on, see :func:`kgrec.learn.channels.nearest_ridge.local_ridge`; 0 for all.
        blend: weight of the neighbours beside EASE, both in units of their scores' spread.
        scales: that spread of (EASE, neighbours), measured when the blend was chosen.
        history: weights of past interactions: recency, and a factor for each kind and platform where there are several.
        sequence: recencies of the channels that know what follows what; none without times.
        lasting: ridge of a channel of its own, over all items, for who comes back after a pause: what lasts is told by
            fewer and broader relations. 0 for no such channel.
        content: how items without interactions are placed.
        few: how many interactions make an item's own column count as much as that by its content; 0 for its own alone.
        top: weights kept per candidate.
    """

    ridge: float = 4.0
    fact_weight: float = 0.1
    user_exponent: float = 0.0
    nearest: int = 0
    neighbours: int = 200
    knn_user_exponent: float = 0.5
    blend: float = 0.2
    scales: tuple[float, float] = (1.0, 1.0)
    history: HistoryWeights = field(default_factory=HistoryWeights)
    sequence: tuple[float, ...] = ()
    lasting: float = 0.0
    content: ContentSetting = field(default_factory=ContentSetting)
    few: float = 0.0
    top: int = 1000

    @property
    def steady(self) -> HistoryWeights:
        """Weights of the channel of co-occurrence: without recency where channels of sequence know better."""
        return replace(self.history, recency=1.0) if self.sequence else self.history

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)


class ItemWeights:
    """Matrices of a :class:`BehaviourSetting`, over the taken items only.

    Args:
        seen: users x items.
        facts: items x facts, see :func:`kgrec.learn.channels.content_kernel.fact_matrix`.
    """

    def __init__(self, seen: sparse.csr_matrix, facts: sparse.csr_matrix) -> None:
        self.seen, self.facts = seen, facts
        self._solved: tuple[tuple[float, ...], SparseMatrix] | None = None

    @property
    def system(self) -> int:
        """Size of the ridge's system: see :func:`kgrec.learn.channels.ease_and_knn.ease`."""
        return int(min(self.seen.shape[1], self.seen.shape[0] + self.facts.shape[1]))

    def ease(self, setting: BehaviourSetting) -> SparseMatrix:
        """The ridge, over all items or the nearest; the last one is kept."""
        of_ridge = {
            "ridge": setting.ridge,
            "facts": self.facts,
            "fact_weight": setting.fact_weight,
            "user_exponent": setting.user_exponent,
            "item_exponent": 0.5,
        }
        key = (setting.ridge, setting.fact_weight, setting.user_exponent, setting.nearest, setting.top)
        if self._solved is None or self._solved[0] != key:
            self._solved = None  # before the next one needs its memory
            if setting.nearest:
                weights = local_ridge(*ridge_system(self.seen, **of_ridge), setting.nearest)
            else:
                weights = ease(self.seen, top=setting.top, **of_ridge)
            self._solved = key, SparseMatrix(weights)
        return self._solved[1]

    def knn(self, setting: BehaviourSetting) -> SparseMatrix:
        """The neighbours."""
        exponent = setting.knn_user_exponent
        return SparseMatrix(item_knn(self.seen, neighbours=setting.neighbours, user_exponent=exponent))

    def blended(self, setting: BehaviourSetting) -> SparseMatrix:
        """Both in one matrix."""
        return blend((self.ease(setting), self.knn(setting)), setting)


def blend(parts: tuple[SparseMatrix, SparseMatrix], setting: BehaviourSetting) -> SparseMatrix:
    """EASE and neighbours in one matrix."""
    first, second = (part.weights / scale for part, scale in zip(parts, setting.scales, strict=True))
    return SparseMatrix((first + setting.blend * second).tocsr())
