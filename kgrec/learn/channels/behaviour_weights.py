"""Item-item weights among the known items, in closed form: the ridge, neighbours, the two blended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.learn.channels.cold_items import ContentSettings
from kgrec.learn.channels.ease import ease, ridge_system
from kgrec.learn.channels.nearest_ridge import nearest_ridge
from kgrec.learn.channels.neighbours import item_knn
from kgrec.parallel.executor import Executor, here
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.path_matrix import PathMatrix

_ITEM_EXPONENT = 0.5
"""How much faster the penalty grows with an item's popularity, see :func:`kgrec.learn.channels.ease.ease`."""


@dataclass(frozen=True)
class RidgeSettings:
    """Settings of the ridge regression of items on items; see :func:`kgrec.learn.channels.ease.ease`.

    Attributes:
        penalty: the ``ridge`` of that function.
        user_exponent: how much less each interaction of a longer history counts.
        regressors: each item is regressed on that many of its nearest others, see
            :func:`kgrec.learn.channels.nearest_ridge.nearest_ridge`; 0 for all others.
        top: weights kept per candidate, where it is regressed on all others.
    """

    penalty: float = 4.0
    user_exponent: float = 0.0
    regressors: int = 0
    top: int = 1000


@dataclass(frozen=True)
class NeighbourSettings:
    """Settings of the neighbourhoods; see :func:`kgrec.learn.channels.neighbours.item_knn`.

    Attributes:
        kept: neighbours per candidate.
        user_exponent: how much less each interaction of a longer history counts.
    """

    kept: int = 200
    user_exponent: float = 0.5


@dataclass(frozen=True)
class BehaviourSettings:
    """Settings of all channels in closed form.

    Attributes:
        ridge, neighbours: the two parts of the behaviour channel.
        blend: weight of the neighbours beside the ridge, both in units of their scores' spread.
        spreads: that spread of the ridge and of the neighbours, measured when the blend was chosen.
        history: weights of past interactions: recency, and a factor for each kind and platform where there are several.
        recencies: one per channel of what follows what; none without times.
        long_term_penalty: of a further ridge over all items, the long-term channel, for users who return after a pause:
            a stronger penalty leaves fewer and broader relations. 0 for no such channel.
        dislikes: whether there is a channel of what speaks against items.
        from_all: whether weights are learned from whatever users met, the items they disliked among it. Whose histories
            they are applied to is another question: those hold what speaks for its item, always.
        content: how cold items get their weights.
        shrinkage: k, where an item with n interactions has k / (k + n) of its weights from its content; 0 for none.
    """

    ridge: RidgeSettings = field(default_factory=RidgeSettings)
    neighbours: NeighbourSettings = field(default_factory=NeighbourSettings)
    blend: float = 0.2
    spreads: tuple[float, float] = (1.0, 1.0)
    history: HistoryWeights = field(default_factory=HistoryWeights)
    recencies: tuple[float, ...] = ()
    long_term_penalty: float = 0.0
    dislikes: bool = False
    from_all: bool = False
    content: ContentSettings = field(default_factory=ContentSettings)
    shrinkage: float = 0.0

    @property
    def without_recency(self) -> HistoryWeights:
        """History weights of the co-occurrence channel: order is left to the channels of what follows what, if any."""
        return replace(self.history, recency=1.0) if self.recencies else self.history

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> BehaviourSettings:
        """The settings again from their :meth:`as_dict`, also where JSON made lists of tuples.

        Raises:
            TypeError: a name is unknown.
        """
        parts: dict[str, Callable[..., Any]] = {
            "ridge": RidgeSettings,
            "neighbours": NeighbourSettings,
            "history": HistoryWeights,
            "content": ContentSettings,
        }
        read: dict[str, Any] = {
            name: parts[name](**value) if name in parts else tuple(value) if isinstance(value, list) else value
            for name, value in settings.items()
        }
        return cls(**read)


class BehaviourWeights:
    """Makes the matrices of some :class:`BehaviourSettings` over the known items.

    Args:
        seen: users x known items.
        executor: solves and counts in blocks.
    """

    def __init__(self, seen: sparse.csr_matrix, executor: Executor = here) -> None:
        self.seen, self._executor = seen, executor
        self._last_ridge: tuple[RidgeSettings, SparseMatrix] | None = None

    @property
    def system_size(self) -> int:
        """Rows of the system that the ridge over all items solves: see :func:`kgrec.learn.channels.ease.ease`."""
        return int(min(self.seen.shape))

    def ridge(self, settings: RidgeSettings) -> SparseMatrix:
        """Weights of the ridge, over all items or the nearest; the last ones made are kept."""
        if self._last_ridge is None or self._last_ridge[0] != settings:
            self._last_ridge = None  # before the next one needs its memory
            self._last_ridge = settings, SparseMatrix(self._solved(settings))
        return self._last_ridge[1]

    def _solved(self, settings: RidgeSettings, instead: Callable[[slice], Array] | None = None) -> sparse.csr_matrix:
        system: dict[str, Any] = {
            "ridge": settings.penalty,
            "user_exponent": settings.user_exponent,
            "item_exponent": _ITEM_EXPONENT,
        }
        if settings.regressors:
            return nearest_ridge(*ridge_system(self.seen, **system), settings.regressors, instead, self._executor)
        return ease(self.seen, top=settings.top, instead=instead, executor=self._executor, **system)

    def path_correction(self, settings: RidgeSettings, paths: PathMatrix) -> sparse.csr_matrix:
        """What is taken back from paths among the known items, -Q of :mod:`kgrec.learn.channels.path_features`."""
        return -self._solved(settings, _SaidByPaths(paths, self.seen.shape[1]))

    def neighbours(self, settings: NeighbourSettings) -> SparseMatrix:
        """Weights of the neighbourhoods."""
        kept, exponent = settings.kept, settings.user_exponent
        return SparseMatrix(item_knn(self.seen, neighbours=kept, user_exponent=exponent, executor=self._executor))

    def blended(self, settings: BehaviourSettings) -> SparseMatrix:
        """Weights of both, added up."""
        return blend(self.ridge(settings.ridge), self.neighbours(settings.neighbours), settings)


@dataclass(frozen=True)
class _SaidByPaths:
    """Columns of a matrix of paths, dense ``(items, columns)``."""

    paths: PathMatrix
    n_items: int

    def __call__(self, columns: slice) -> Array:
        items = np.arange(self.n_items)
        return self.paths.block(items, items[columns])


def blend(ridge: SparseMatrix, neighbours: SparseMatrix, settings: BehaviourSettings) -> SparseMatrix:
    """Weights ``ridge / spread + blend * neighbours / spread``."""
    first, second = (part.weights / s for part, s in zip((ridge, neighbours), settings.spreads, strict=True))
    return SparseMatrix((first + settings.blend * second).tocsr())
