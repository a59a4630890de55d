"""The behaviour channel: item-item weights in closed form, their settings chosen on validation.

EASE with facts in its Gram matrix, plus item neighbours, plus, for items without interactions, a content map. The
recency of the history weights is chosen here too, because it matters most (it doubles ndcg on time-ordered data).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.dataset import Array, Dataset, IntArray
from kgrec.directed_ridge import directed_ridge
from kgrec.history import HistoryWeights
from kgrec.item_content import fact_matrix
from kgrec.item_item import ease, item_knn, ridge_system
from kgrec.learn.content import Content, ContentSetting
from kgrec.local_ridge import local_ridge
from kgrec.progress import Progress
from kgrec.ranking import evaluate, sample_users
from kgrec.scoring import Channel, SparseMatrix
from kgrec.sessions import session_rules

_WARM_LIMIT = 15_000
_RIDGE_LIMIT = 15_000
_VERY_LARGE = 50_000
_NEAREST = 100
"""Items that each is regressed on, where not on all."""
_LOCAL_FACTORS = (0.5, 1.0)
"""Of the best ridge over all items: among few neighbours a smaller one may do."""
_RECENCY = (1.0, 0.98, 0.95, 0.9, 0.8, 0.7)
_FACTORS = (0.0, 0.1, 0.3, 3.0, 10.0)
SEQUENCES = {"latest": 0.7, "sequence": 0.97}
"""Channels of what follows what, and how fast each forgets."""
_SEQUENCE_LIMIT = 25_000
"""Items times channels up to which the directed ridge fits; beyond, what is near in time is counted."""
_SESSIONS = {"latest": 0.7, "session": 1.0}
_LASTING, _LASTING_LIMIT = 12.0, 6_000
"""How much stronger the ridge of lasting taste is, and up to which size of the system there is one."""
_SMALL = 5_000
_VALID_USERS = 3_000
_BLEND = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class BehaviourSetting:
    """What the behaviour channel is built with; see :func:`kgrec.item_item.ease` and :func:`kgrec.item_item.item_knn`.

    Attributes:
        nearest: items that each is regressed on, see :func:`kgrec.local_ridge.local_ridge`; 0 for all.
        blend: weight of the neighbours beside EASE, both in units of their scores' spread.
        scales: that spread of (EASE, neighbours), measured when the blend was chosen.
        history: weights of past interactions: recency, and a factor for each kind and platform where there are several.
        sequence: recencies of the channels that know what follows what; none without times.
        lasting: how much stronger the ridge is in a channel of its own, for who comes back after a pause: what lasts
            is told by fewer and broader relations. 0 for no such channel.
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


class _Ranker:
    """One item-item matrix without diagonal over one set of histories."""

    def __init__(self, matrix: SparseMatrix, history: sparse.csr_matrix) -> None:
        # Nearly full weights multiply several times faster as what they are.
        dense = matrix.weights.nnz > 0.1 * matrix.weights.shape[0] ** 2
        self._weights = matrix.weights.toarray() if dense else matrix.weights
        self._history = history

    def scores(self, users: IntArray) -> Array:
        found = self._history[users] @ self._weights
        scores: Array = found.toarray() if sparse.issparse(found) else found
        return scores


class BehaviourLearner:
    """Builds the behaviour channel of a data set.

    Args:
        dataset: graph and behaviour.
        texts: unit text vectors of the items ``(items, t)``, or None; they place new items.
        progress: told what is tried.

    Attributes:
        facts: items x facts, see :func:`kgrec.item_content.fact_matrix`.
        new: items without interactions, bool ``(items,)``. Weights are solved among the others only.
    """

    def __init__(self, dataset: Dataset, texts: Array | None, progress: Progress) -> None:
        self.dataset = dataset
        self.facts = fact_matrix(dataset.facts, len(dataset.items), len(dataset.nodes))
        seen = dataset.interactions.matrix(len(dataset.users), len(dataset.items))
        self.new = np.diff(seen.tocsc().indptr) == 0
        self._warm = np.flatnonzero(~self.new)
        self._seen = seen[:, self._warm].tocsr()
        self._content = Content(dataset.facts, len(dataset.nodes), texts, self._seen, self._warm, self.new)
        self._progress = progress
        self._solved: tuple[tuple[float, ...], SparseMatrix] | None = None

    def choose(self, valid: sparse.csr_matrix) -> BehaviourSetting:
        """Try the grid on validation pairs ``(users, items)`` of some users, one group of settings after the other."""
        seen, valid = self._seen, sample_users(valid[:, self._warm].tocsr(), _VALID_USERS)
        flat = seen.astype(np.float32)

        def quality(matrix: SparseMatrix, history: sparse.csr_matrix = flat) -> float:
            return evaluate(_Ranker(matrix, history), seen, valid, ks=(10,))["ndcg@10"]

        def best_of(
            settings: Sequence[BehaviourSetting], matrix: Callable[[BehaviourSetting], SparseMatrix], what: str
        ) -> BehaviourSetting:
            tried = []
            for number, setting in enumerate(settings):
                tried.append(quality(matrix(setting)) if len(settings) > 1 else 0.0)
                self._progress(f"behaviour: {what}", number + 1, len(settings), f"ndcg@10 {tried[-1]:.4f}")
            return settings[int(np.argmax(tried))]

        best = best_of([replace(BehaviourSetting(), **change) for change in self._eases()], self._ease, "ridge, facts")
        if not best.nearest:
            local = [replace(best, nearest=_NEAREST, ridge=best.ridge * factor) for factor in _LOCAL_FACTORS]
            best = best_of([best, *local], self._ease, "ridge over the nearest")
        grid = list(itertools.product((50, 200), (0.0, 0.5, 1.0))) if len(self._warm) <= _VERY_LARGE else [(200, 0.5)]
        settings = [replace(best, neighbours=number, knn_user_exponent=exponent) for number, exponent in grid]
        best = best_of(settings, self._knn, "neighbours")
        parts = (self._ease(best), self._knn(best))
        sample = flat[np.flatnonzero(np.diff(flat.indptr))[:500]]
        spread = [float(part.scores(sample).std()) or 1.0 for part in parts]
        best = replace(best, scales=(spread[0], spread[1]))
        best = best_of(
            [replace(best, blend=blend) for blend in _BLEND], partial(_blended, parts), "ridge and neighbours"
        )
        return replace(
            best,
            history=self._choose_history(_blended(parts, best), quality),
            sequence=tuple(self._timed.values()),
            lasting=_LASTING if self._pauses else 0.0,
        )

    def _choose_history(self, matrix: SparseMatrix, quality: Callable[..., float]) -> HistoryWeights:
        """Recency first, then the factor of one kind and one platform after the other."""
        data = self.dataset
        best = HistoryWeights()
        highest = quality(matrix, self._weighted(best))

        def take_best(candidates: Sequence[HistoryWeights], what: str) -> None:
            nonlocal best, highest
            for number, weights in enumerate(candidates):
                found = quality(matrix, self._weighted(weights))
                self._progress(f"behaviour: {what}", number + 1, len(candidates), f"ndcg@10 {found:.4f}")
                if found > highest:
                    best, highest = weights, found

        if data.interactions.has_time:
            take_best([HistoryWeights(recency) for recency in _RECENCY], "recency")
        kinds, platforms = data.interactions.kinds, data.interactions.platforms
        for kind in kinds if len(kinds) > 1 else ():
            take_best([replace(best, kinds={**best.kinds, kind: by}) for by in _FACTORS], f"weight of {kind}")
        for name in platforms if len(platforms) > 1 else ():
            take_best([replace(best, platforms={**best.platforms, name: by}) for by in _FACTORS], f"weight of {name}")
        return best

    def _weighted(self, weights: HistoryWeights) -> sparse.csr_matrix:
        return self._of_all(weights)[:, self._warm]

    def _of_all(self, weights: HistoryWeights) -> sparse.csr_matrix:
        data = self.dataset
        return weights.matrix(data.interactions, len(data.users), len(data.items)).astype(np.float32)

    def channels(self, setting: BehaviourSetting) -> list[Channel]:
        """The channels of a setting: co-occurrence and, where times are known, sequence and lasting taste.

        All have the same columns of new items; what differs for these is how the histories fade.
        """
        columns = self._content.columns(setting.content) if self.places_new else None
        found = []
        parts = [("behaviour", self._known(setting), setting.steady)]
        parts += [(name, self._placed(small), history) for name, small, history in self._sequences(setting)]
        if setting.lasting:
            strong = replace(setting, ridge=setting.lasting * setting.ridge, nearest=0)
            flat = replace(setting.history, recency=1.0)
            parts.append(("lasting", self._placed(self._ease(strong).weights), flat))
        for name, weights, history in parts:
            if columns is not None:
                weights = weights + columns
            found.append(Channel(name, SparseMatrix(weights.tocsr().astype(np.float32)), history))
        return found

    def _known(self, setting: BehaviourSetting) -> sparse.csr_matrix:
        """Co-occurrence among the items that have any, at their places among all."""
        weights = self._placed(_blended((self._ease(setting), self._knn(setting)), setting).weights)
        return self._content.blended(weights, setting.content, setting.few) if setting.few else weights

    def choose_few(self, setting: BehaviourSetting, valid: sparse.csr_matrix) -> float:
        """How items with few interactions are placed: see :meth:`kgrec.learn.content.Content.choose_few`."""
        if not self._has_content or len(self._warm) > _SMALL:
            return 0.0
        history = self._of_all(setting.steady)
        weights, sample = self._known(replace(setting, few=0.0)), sample_users(valid, _VALID_USERS)
        return self._content.choose_few(weights, history, sample, setting.content, self._progress)

    def choose_content(self, hidden: sparse.csr_matrix, history: HistoryWeights) -> ContentSetting:
        """How new items are placed best: see :meth:`kgrec.learn.content.Content.choose`."""
        return self._content.choose(self._of_all(history), hidden, self._progress)

    def _sequences(self, setting: BehaviourSetting) -> list[tuple[str, sparse.csr_matrix, HistoryWeights]]:
        """What follows what, one name, matrix of warm items and history per recency."""
        if not setting.sequence:
            return []
        place = np.zeros(len(self.new), np.int64)
        place[self._warm] = np.arange(len(self._warm))
        seen = self.dataset.interactions
        seen = replace(seen, item=place[seen.item])
        n = len(self._warm)
        names = SEQUENCES if setting.sequence == tuple(SEQUENCES.values()) else _SESSIONS
        if names is SEQUENCES:
            top = setting.top if n > _SMALL else None
            matrices = directed_ridge(seen, n, setting.sequence, top=top)
        else:
            matrices = [session_rules(seen, n)] * len(setting.sequence)
        histories = [replace(setting.history, recency=recency) for recency in setting.sequence]
        return list(zip(names, matrices, histories, strict=True))

    def prior(self, setting: BehaviourSetting) -> Array:
        """Log number of an item's users in unit spread, float32 ``(items,)``; of new items as content predicts it."""
        known = np.log(np.diff(self._seen.tocsc().indptr) + 0.5)
        prior = np.zeros(len(self.new), np.float32)
        prior[self._warm] = (known - known.mean()) / max(float(known.std()), 1e-9)
        return prior + self._content.prior(prior, setting.content) if self.places_new else prior

    @property
    def places_new(self) -> bool:
        """Whether there are new items with content, and few enough warm ones to solve the content map in memory."""
        return bool(self.new.any()) and len(self._warm) <= _WARM_LIMIT and self._has_content

    @property
    def _has_content(self) -> bool:
        return self.facts.nnz > 0 or self._content.texts is not None

    @property
    def _timed(self) -> dict[str, float]:
        """Names and recencies of the channels that read the order in time."""
        if not self.dataset.interactions.has_time:
            return {}
        return SEQUENCES if len(SEQUENCES) * len(self._warm) <= _SEQUENCE_LIMIT else _SESSIONS

    @property
    def _pauses(self) -> bool:
        """Whether it is known how long somebody was away, and a further ridge costs little."""
        return self.dataset.interactions.in_unix_seconds and self._system <= _LASTING_LIMIT

    @property
    def _system(self) -> int:
        """Size of the ridge's system: see :func:`kgrec.item_item.ease`."""
        return min(len(self._warm), int(self._seen.shape[0] + self.facts.shape[1]))

    def _eases(self) -> Sequence[dict[str, Any]]:
        """Settings to try: fewer where one solution takes minutes."""
        n = len(self._warm)
        facts = (0.0, 0.1, 0.3) if self.facts.nnz else (0.0,)
        if self._system > _RIDGE_LIMIT:
            local = {"fact_weight": 0.1 if self.facts.nnz else 0.0, "nearest": _NEAREST}
            pairs = [(2.0, 0.25), (2.0, 0.5), (4.0, 0.25), (4.0, 0.5)] if n <= _VERY_LARGE else [(3.0, 0.5)]
            return [{"ridge": ridge, "user_exponent": exponent, **local} for ridge, exponent in pairs]
        ridges = (1.0, 2.0, 4.0, 8.0) if n <= 6_000 else (2.0, 5.0)
        exponents = (0.0, 0.5) if n <= 6_000 else (0.5,)
        grid = itertools.product(ridges, facts, exponents)
        return [{"ridge": ridge, "fact_weight": weight, "user_exponent": exponent} for ridge, weight, exponent in grid]

    def _ease(self, setting: BehaviourSetting) -> SparseMatrix:
        """The ridge, over all items or the nearest; the last one is kept."""
        of_ridge = {
            "ridge": setting.ridge,
            "facts": self.facts[self._warm],
            "fact_weight": setting.fact_weight,
            "user_exponent": setting.user_exponent,
            "item_exponent": 0.5,
        }
        key = (setting.ridge, setting.fact_weight, setting.user_exponent, setting.nearest, setting.top)
        if self._solved is None or self._solved[0] != key:
            self._solved = None  # before the next one needs its memory
            if setting.nearest:
                weights = local_ridge(*ridge_system(self._seen, **of_ridge), setting.nearest)
            else:
                weights = ease(self._seen, top=setting.top, **of_ridge)
            self._solved = key, SparseMatrix(weights)
        return self._solved[1]

    def _knn(self, setting: BehaviourSetting) -> SparseMatrix:
        exponent = setting.knn_user_exponent
        return SparseMatrix(item_knn(self._seen, neighbours=setting.neighbours, user_exponent=exponent))

    def _placed(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        """Weights among warm items at their places among all items."""
        small, n = weights.tocoo(), len(self.new)
        return sparse.csr_matrix((small.data, (self._warm[small.row], self._warm[small.col])), shape=(n, n))


def _blended(parts: tuple[SparseMatrix, SparseMatrix], setting: BehaviourSetting) -> SparseMatrix:
    """EASE and neighbours in one matrix."""
    first, second = (part.weights / scale for part, scale in zip(parts, setting.scales, strict=True))
    return SparseMatrix((first + setting.blend * second).tocsr())
