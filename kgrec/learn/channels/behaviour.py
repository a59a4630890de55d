"""The channels in closed form of a data set, with settings chosen on validation.

EASE, blended with item neighbours; paths through the graph; where times are known, what follows what and what lasts;
cold items get the weights that their content predicts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from kgrec.data.dataset import AGAINST, FOR, Array, Dataset
from kgrec.data.splits import sample_users
from kgrec.learn.channels.behaviour_search import BehaviourSearch
from kgrec.learn.channels.behaviour_weights import BehaviourSettings, BehaviourWeights
from kgrec.learn.channels.co_session import co_session_weights
from kgrec.learn.channels.cold_items import ColdItemWeights, ContentSettings
from kgrec.learn.channels.content_kernel import fact_matrix
from kgrec.learn.channels.dislikes import dislike_weights
from kgrec.learn.channels.next_item_ridge import next_item_ridge
from kgrec.learn.channels.path_features import PathFeatures, path_channels
from kgrec.learn.limits import LIMITS
from kgrec.parallel.cached_attribute import cached_property
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress
from kgrec.scoring.channel_names import (
    BEHAVIOUR,
    CO_SESSION,
    DISLIKES,
    LONG_TERM,
    NEXT_ITEM,
    PATHS,
    RECENT_PATHS,
    SHORT_TERM,
)
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import Channel
from kgrec.scoring.path_matrix import PathMatrix

_NEXT_ITEM_RECENCIES = {SHORT_TERM: 0.7, NEXT_ITEM: 0.97}
"""Channels of what follows what, and the recency of their histories."""
_CO_SESSION_RECENCIES = {SHORT_TERM: 0.7, CO_SESSION: 1.0}
"""The same of catalogues beyond ``LIMITS.next_item_rows``."""

_PATH_SEED, _PATH_USERS = 0, 500
"""Of the sample that weighs kinds of paths; users who tell how far scores by paths spread."""


class BehaviourChannels:
    """Chooses and makes the channels in closed form of a data set.

    Args:
        dataset: graph and interactions.
        texts: unit text vectors of the items ``(items, t)``, or None; they speak for cold items.
        progress: told what is tried.
        executor: solves and counts in blocks.

    Attributes:
        facts: items x facts, see :func:`kgrec.learn.channels.content_kernel.fact_matrix`.
        cold: whether an item has no interaction, bool ``(items,)``. Weights are solved among the known items only.
    """

    def __init__(self, dataset: Dataset, texts: Array | None, progress: Progress, executor: Executor = here) -> None:
        self.dataset = dataset
        self.facts = fact_matrix(dataset.facts, len(dataset.items), len(dataset.nodes))
        seen = dataset.interactions.matrix(len(dataset.users), len(dataset.items))
        self.cold = np.diff(seen.tocsc().indptr) == 0
        self._known = np.flatnonzero(~self.cold)
        self._weights = BehaviourWeights(seen[:, self._known].tocsr(), executor)
        met = dataset.behaviour.matrix(len(dataset.users), len(dataset.items))[:, self._known].tocsr()
        self._from_all = BehaviourWeights(met, executor) if len(dataset.against) else self._weights
        self._content = ColdItemWeights(
            facts=dataset.facts,
            n_nodes=len(dataset.nodes),
            texts=texts,
            seen=self._weights.seen,
            known=self._known,
            cold=self.cold,
        )
        self._of_search, self._of_content, self._of_shrinkage = progress.parts(4, 6, 2)

    def choose(self, valid: sparse.csr_matrix, with_long_term: bool = False) -> tuple[BehaviourSettings, int]:
        """The best settings on validation, and how many were tried.

        Args:
            valid: interactions of some users after those of the data set, users x items.
            with_long_term: whether a long-term channel is wanted; a large catalogue has none.
        """
        valid = sample_users(valid[:, self._known].tocsr(), LIMITS.validation_users)
        search = self._search(self._weights, valid)
        if use_all := self._from_all is not self._weights and self._finds_more_from_all(search, valid):
            search = self._search(self._from_all, valid)
        best = replace(search.best(), from_all=use_all)
        with_long_term &= len(self._known) <= LIMITS.wide_ridge_search_items
        best = replace(best, recencies=tuple(self._order_channels().values()), dislikes=self._has_dislikes)
        return best if with_long_term else replace(best, long_term_penalty=0.0), search.trials

    def choose_content(self, hidden: sparse.csr_matrix, history: HistoryWeights) -> ContentSettings:
        """The best settings of cold items: see :meth:`kgrec.learn.channels.cold_items.ColdItemWeights.choose`."""
        return self._content.choose(self._histories(history), hidden, self._of_content)

    def choose_shrinkage(self, settings: BehaviourSettings, valid: sparse.csr_matrix) -> float:
        """The best shrinkage of items with few interactions: see :mod:`kgrec.learn.channels.cold_items`."""
        if not self._has_content or len(self._known) > LIMITS.content_search_items:
            return 0.0
        history = self._histories(settings.without_recency)
        weights = self._among_known(replace(settings, shrinkage=0.0))
        sample = sample_users(valid, LIMITS.validation_users)
        return self._content.choose_shrinkage(weights, history, sample, settings.content, self._of_shrinkage)

    def channels(self, settings: BehaviourSettings) -> list[Channel]:
        """The channels of some settings: co-occurrence and, where there are such, what follows what, paths, dislikes,
        what lasts.

        The first two share their columns of cold items; they differ in how histories fade. Paths reach cold items by
        themselves, the others do not.
        """
        columns = self._content.columns(settings.content) if self.places_cold_items else None
        co_occurrence = self._among_known(settings)
        channels = [
            _channel(BEHAVIOUR, co_occurrence, settings.without_recency, columns),
            *self._channels_of_order(settings, columns),
        ]
        if self._paths is not None:
            correction = self._source(settings).path_correction(settings.ridge, self._paths.restricted_to(self._known))
            channels += self._path_channels(PATHS, [correction], [settings.without_recency])
        if settings.dislikes:
            channels.append(_channel(DISLIKES, self._dislikes(settings), HistoryWeights(against=True)))
        if settings.long_term_penalty:
            ridge = replace(settings.ridge, penalty=settings.long_term_penalty, regressors=0)
            weights = self._at_places(self._source(settings).ridge(ridge).weights)
            channels.append(_channel(LONG_TERM, weights, settings.without_recency))
        return channels

    def prior(self, settings: BehaviourSettings) -> Array:
        """Log number of an item's users in unit spread, float32 ``(items,)``; of cold items as content predicts it."""
        popularity = np.log(np.diff(self._weights.seen.tocsc().indptr) + 0.5)
        prior = np.zeros(len(self.cold), np.float32)
        prior[self._known] = (popularity - popularity.mean()) / max(float(popularity.std()), 1e-9)
        return prior + self._content.prior(prior, settings.content) if self.places_cold_items else prior

    @property
    def places_cold_items(self) -> bool:
        """Whether there are cold items with content, and few enough known ones to solve the content map in memory."""
        return bool(self.cold.any()) and len(self._known) <= LIMITS.dense_system and self._has_content

    @property
    def _has_content(self) -> bool:
        return self.facts.nnz > 0 or self._content.texts is not None

    def _search(self, weights: BehaviourWeights, valid: sparse.csr_matrix) -> BehaviourSearch:
        """What tries settings of such weights, applied to what users liked, on validation."""
        return BehaviourSearch(
            weights=weights,
            interactions=self.dataset.interactions,
            history=self._weights.seen,
            met=self._from_all.seen,
            weighted=self._known_histories,
            weights_count=self.dataset.weights_count,
            valid=valid,
            progress=self._of_search,
        )

    def _finds_more_from_all(self, from_liked: BehaviourSearch, valid: sparse.csr_matrix) -> bool:
        """Whether weights that are learned from all that users met rank validation better."""
        return self._search(self._from_all, valid).first_quality() > from_liked.first_quality()

    def _source(self, settings: BehaviourSettings) -> BehaviourWeights:
        """What makes the weights of co-occurrence: from what users liked, or from all that they met."""
        return self._from_all if settings.from_all else self._weights

    @property
    def _has_dislikes(self) -> bool:
        """Whether anybody disliked anything, and there are few enough items to solve a system of dislikes."""
        disliked = len(self.dataset.against.saying(AGAINST)) > 0
        return disliked and len(self._known) <= LIMITS.wide_ridge_search_items

    def _dislikes(self, settings: BehaviourSettings) -> sparse.csr_matrix:
        """How disliked items speak against others, among all items; those beyond the known ones say nothing."""
        seen = self._weights.seen
        disliked = self.dataset.against.saying(AGAINST).matrix(seen.shape[0], len(self.cold))[:, self._known]
        top = settings.ridge.top if len(self._known) > LIMITS.whole_matrix_items else None
        return self._at_places(
            dislike_weights(seen, disliked, self._source(settings).ridge(settings.ridge).weights, top)
        )

    def _histories(self, weights: HistoryWeights) -> sparse.csr_matrix:
        """Weighted histories, float32 users x items."""
        data = self.dataset
        return weights.matrix(data.interactions, len(data.users), len(data.items)).astype(np.float32)

    def _known_histories(self, weights: HistoryWeights) -> sparse.csr_matrix:
        """Weighted histories, float32 users x known items."""
        return self._histories(weights)[:, self._known]

    def _among_known(self, settings: BehaviourSettings) -> sparse.csr_matrix:
        """Co-occurrence weights among the known items, shrunk where so set, at their places among all."""
        weights = self._at_places(self._source(settings).blended(settings).weights)
        return self._content.shrunk(weights, settings.content, settings.shrinkage) if settings.shrinkage else weights

    def _order_channels(self) -> dict[str, float]:
        """Names and recencies of the channels that read the order in time; none without times."""
        if not self.dataset.interactions.has_time:
            return {}
        return (
            _NEXT_ITEM_RECENCIES
            if len(_NEXT_ITEM_RECENCIES) * len(self._known) <= LIMITS.next_item_rows
            else _CO_SESSION_RECENCIES
        )

    def _channels_of_order(self, settings: BehaviourSettings, columns: sparse.csr_matrix | None) -> list[Channel]:
        """The channels of what follows what, one per recency of the settings."""
        if not settings.recencies:
            return []
        n = len(self._known)
        place = np.zeros(len(self.cold), np.int64)
        place[self._known] = np.arange(n)
        interactions = self.dataset.interactions
        if settings.from_all and self.dataset.against.has_time:
            everything = self.dataset.behaviour
            everything = replace(everything, says=np.full(len(everything), FOR, np.int8))
            interactions = everything.select(~self.cold[everything.item])
        among_known = replace(interactions, item=place[interactions.item])
        if settings.recencies == tuple(_NEXT_ITEM_RECENCIES.values()):
            names = _NEXT_ITEM_RECENCIES
            top = settings.ridge.top if n > LIMITS.whole_matrix_items else None
            paths = None if self._paths is None else self._paths.restricted_to(self._known)
            matrices, known_of_paths = next_item_ridge(among_known, n, settings.recencies, top=top, paths=paths)
        else:
            names = _CO_SESSION_RECENCIES
            matrices, known_of_paths = [co_session_weights(among_known, n)] * len(settings.recencies), []
        histories = [replace(settings.history, recency=recency) for recency in settings.recencies]
        channels = [
            _channel(name, self._at_places(matrix), history, columns)
            for name, matrix, history in zip(names, matrices, histories, strict=True)
        ]
        if known_of_paths:  # the last history is the paths'
            corrections = [-known for known in reversed(known_of_paths)]
            channels += self._path_channels(RECENT_PATHS, corrections, histories[::-1])
        return channels

    @cached_property
    def _paths(self) -> PathMatrix | None:
        """Paths among all items, each kind weighed; None where no kind helps."""
        data = self.dataset
        features = PathFeatures.of(data.facts, len(data.items), len(data.nodes))
        paths = features.weighed(self._weights.seen, self._known, _PATH_SEED)
        return paths if paths.target.nnz else None

    def _path_channels(
        self, name: str, corrections: list[sparse.csr_matrix], histories: list[HistoryWeights]
    ) -> list[Channel]:
        """Channels of paths that read the first history, with corrections among the known items for each history."""
        assert self._paths is not None
        users = np.flatnonzero(np.diff(self._weights.seen.indptr))[:_PATH_USERS]
        samples = [(history, self._histories(history)[users]) for history in histories]
        at_places = [self._at_places(correction) for correction in corrections]
        return path_channels(name, self._paths, at_places, samples, self._known)

    def _at_places(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        """Weights among the known items at their places among all items."""
        small, n = weights.tocoo(), len(self.cold)
        return sparse.csr_matrix((small.data, (self._known[small.row], self._known[small.col])), shape=(n, n))


def _channel(
    name: str, weights: sparse.csr_matrix, history: HistoryWeights, columns: sparse.csr_matrix | None = None
) -> Channel:
    """A channel of some weights and, where given, further columns."""
    whole = weights if columns is None else weights + columns
    return Channel(name, SparseMatrix(whole.tocsr().astype(np.float32)), history)
