"""The additive score: what a user did, through channels, and nothing else.

    s(u, i) = base(u, i) + SUM_c SUM_{j in N(u), j != i}  scale_c(u, i) * w_c(u, j) * M_c[j, i]

(and one channel, ``refind``, of j = i alone: an item that somebody met without taking it speaks for itself).

Each channel ``c`` is an item-item matrix ``M_c`` with history weights ``w_c`` of its own. Its scale is the gate weight
of the channel over the spread (standard deviation) of its scores over the catalogue, for each user. Known and cold
items are scaled apart, so that a new film is not penalised for having no co-occurrences. ``base`` holds the
weighted popularity prior, for known items the weighted trend (:mod:`kgrec.scoring.trend`) and what the circumstances
add (:mod:`kgrec.scoring.context_bias`), the constants that bring each channel's scores to mean 0 and, for cold items,
their offset.
Every number can be shown; they add up. A channel with a unit of its own
(:class:`Channel`) is not brought to mean 0 and has one scale for both groups.

Three known items a, b, c, one channel with ``M[a, b] = 2`` and ``M[a, c] = 1``, gate weight 0.5, no prior. Somebody who
took a once has ``w(a) = log2(1 + 1) = 1`` and these scores:

    item   raw       minus the mean 1    over the spread 0.816    times the gate 0.5
    a      0         -1                  -1.225                   -0.612
    b      1*2 = 2    1                   1.225                    0.612
    c      1*1 = 1    0                   0                        0

The scale is 0.5 / 0.816 = 0.612, the base -0.612 * 1; a adds 0.612 * 1 * 2 = 1.225 to b, whose score is 1.225 - 0.612.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.context_columns import Asked, Contexts
from kgrec.data.dataset import FOR, Array, IntArray, Interactions
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.channel_names import FROM, REFIND
from kgrec.scoring.context_bias import ContextBias
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.evidence import THROUGH_GRAPH, evidence_of
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.history_weights import HistoryWeights, weighted_histories
from kgrec.scoring.matrices import ItemMatrix, SparseMatrix
from kgrec.scoring.mixing import Mixing
from kgrec.scoring.path_matrix import PathMatrix
from kgrec.scoring.scored import Scored
from kgrec.scoring.trend import Trend

_BLOCK_BYTES = 64 * 2**20


def block_size(n_items: int) -> int:
    """Number of users whose float64 scores of all items fit in 64 MiB: so many are scored at once."""
    return max(1, _BLOCK_BYTES // (8 * max(n_items, 1)))


@dataclass(frozen=True)
class Channel:
    """One way in which past items speak for a candidate: an item-item matrix and the weights of a history in it.

    Attributes:
        unit: what scores are divided by, the same for all users, who have them divided by the root of the sum of their
            weights as well: then a contribution depends on nothing but its own term. 0 brings the scores of each user
            to mean 0 and unit spread instead.
        beside: the channel whose gate, unit and sum of weights this one shares; empty where it has its own.
    """

    name: str
    matrix: ItemMatrix
    history: HistoryWeights = field(default_factory=HistoryWeights)
    unit: float = 0.0
    beside: str = ""


@dataclass(frozen=True)
class AdditiveModel:
    """Channels, gates and prior over a catalogue: all that is needed to score and explain.

    Attributes:
        prior: log popularity in unit spread (of cold items as content predicts it), float32 ``(items,)``.
        is_cold: whether an item had no interaction when the model was learned, bool ``(items,)``.
        trend: what is taken lately, of all items; None where times are unknown, or where it does not help.
        contexts: what is taken more than usual in some circumstances, of all items.
        platform: whose lists it makes; empty for the lists of all platforms. Lengths and pauses are those of what was
            done there.
        targets: by platform, the model that makes its lists, see :meth:`for_platform`. Where one of its channels reads
            another platform, it has the matrix of the channel of this model whose name its own begins with.
    """

    channels: tuple[Channel, ...]
    gates: Gates
    prior: Array
    is_cold: npt.NDArray[np.bool_]
    trend: Trend | None = None
    platform: str = ""
    targets: Mapping[str, AdditiveModel] = field(default_factory=dict)
    contexts: tuple[ContextBias, ...] = ()

    def for_platform(self, name: str) -> AdditiveModel:
        """The model that makes the lists of a platform: one of its own, or this one where it has none."""
        return self.targets.get(name, self)

    @property
    def has_trend(self) -> bool:
        """Whether what is taken lately counts in any list."""
        return self.trend is not None or any(target.trend is not None for target in self.targets.values())

    @property
    def groups(self) -> list[list[int]]:
        """Channels that share a gate, by position: each channel with those that are beside it."""
        leaders = [channel.name for channel in self.channels if not channel.beside]
        return [
            [c for c, channel in enumerate(self.channels) if (channel.beside or channel.name) == leader]
            for leader in leaders
        ]

    @cached_property
    def path_channels(self) -> tuple[tuple[int, PathMatrix], ...]:
        """The channels of explicit paths by their positions; those that say the same have one matrix."""
        found: list[tuple[int, PathMatrix]] = []
        for c, channel in enumerate(self.channels):
            matrix = channel.matrix
            if evidence_of(channel.name) == THROUGH_GRAPH and isinstance(matrix, PathMatrix):
                found.append((c, next((other for _, other in found if other.says_the_same(matrix)), matrix)))
        return tuple(found)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.prior)

    @property
    def found_by(self) -> str:
        """How the best items of one person are found, in either way exactly: ``retrieval``, or by ``all scores``."""
        return "all scores" if self._mixing.retriever is None else "retrieval"

    def prepare(self) -> None:
        """Work out what everybody's lists need, so that the first who asks does not wait for it."""
        if self._mixing.retriever is not None:
            self._mixing.retriever.prepare()

    @property
    def refind(self) -> int | None:
        """Position of the channel in which items that were met speak for themselves; None where there is none."""
        return next((c for c, channel in enumerate(self.channels) if channel.name == REFIND), None)

    def taken(self, past: Interactions) -> Interactions:
        """The interactions after which nobody is to find their items again.

        These are all, or, where items that were only met may be taken yet, those of the kinds that count as taking,
        whose weight in that channel is 0, and what hides an item.
        """
        if self.refind is None:
            return past
        weights = self.channels[self.refind].history.kinds
        takes = np.array([weights.get(kind, 1.0) == 0.0 for kind in past.kinds], np.bool_)
        return past.select((past.says != FOR) | takes[past.kind])

    def compact(self) -> AdditiveModel:
        """The model without the entries that closed gates silence."""
        channels = tuple(replace(one, matrix=self._compact(c)) for c, one in enumerate(self.channels))
        targets = {name: target.compact() for name, target in self.targets.items()}
        return replace(self, channels=channels, targets=_sharing(channels, targets))

    def _compact(self, channel: int) -> ItemMatrix:
        matrix = self.channels[channel].matrix
        if self.gates.cold.channels[channel] or FROM in self.channels[channel].name:
            return matrix
        if isinstance(matrix, SparseMatrix):
            return SparseMatrix(self._to_known(matrix.weights))
        if isinstance(matrix, BlockMatrix) and not self.is_cold[matrix.items].any():
            return replace(matrix, outside=self._to_known(matrix.outside))
        return matrix

    def _to_known(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        kept = (weights @ sparse.diags((~self.is_cold).astype(weights.dtype))).tocsr()
        kept.eliminate_zeros()
        return kept

    def restricted_to(self, items: IntArray) -> AdditiveModel:
        """The model of some items only: the others are not there, and nothing is scaled by them."""
        channels = tuple(replace(channel, matrix=channel.matrix.restricted_to(items)) for channel in self.channels)
        trend = None if self.trend is None else self.trend.restricted_to(items)
        targets = {name: target.restricted_to(items) for name, target in self.targets.items()}
        return replace(
            self,
            channels=channels,
            prior=self.prior[items],
            is_cold=self.is_cold[items],
            trend=trend,
            targets=_sharing(channels, targets),
            contexts=tuple(context.restricted_to(items) for context in self.contexts),
        )

    def with_matrices(self, matrices: Sequence[ItemMatrix]) -> AdditiveModel:
        """The same model with other matrices; what is worked out of those that stay is kept."""
        channels = [replace(one, matrix=matrix) for one, matrix in zip(self.channels, matrices, strict=True)]
        other = replace(self, channels=tuple(channels))
        vars(other)["_mixing"] = self._mixing.with_matrices(matrices)
        return other

    def with_targets(self, targets: Mapping[str, AdditiveModel]) -> AdditiveModel:
        """The same with other models of platforms, which share the matrices of its channels."""
        if not (targets or self.targets):
            return self
        other = replace(self, targets=_sharing(self.channels, dict(targets)))
        vars(other)["_mixing"] = self._mixing
        return other

    @cached_property
    def without_prior(self) -> AdditiveModel:
        """The same model without what it says whoever asks: popularity prior, trend and contexts."""
        other = replace(self, prior=np.zeros_like(self.prior), trend=None, contexts=())
        vars(other)["_mixing"] = self._mixing.without_prior()
        return other

    def with_later(self, time: Array, item: IntArray) -> AdditiveModel:
        """The same model, whose trend knows what was taken since; what is worked out of the channels is kept."""
        trend = None if self.trend is None else self.trend.with_later(time, item)
        targets = {}
        for name, target in self.targets.items():
            known = ~target.is_cold[item]
            targets[name] = target.with_later(time[known], item[known])
        other = replace(self, trend=trend, targets=targets)
        vars(other)["_mixing"] = self._mixing.with_trend(trend)
        return other

    def histories(self, interactions: Interactions, n_users: int, asked: Asked = None) -> Histories:
        """Weighted histories of all users.

        Args:
            asked: in which contexts, or when: unix seconds, one moment for all or ``(n_users,)``, nan where unknown.
        """
        distinct, which = self._history_weights
        weighted = weighted_histories(distinct, interactions, n_users, self.n_items)
        matrices = [weighted[n] for n in which]
        last = interactions.saying(FOR).on_platform(self.platform).last_times(n_users)
        contexts = Contexts.of(asked, n_users)
        return Histories(tuple(matrices), contexts.at - last, contexts)

    def scores(self, histories: Histories, dtype: npt.DTypeLike = np.float64) -> Array:
        """Scores of all items for some users, ``(users, items)``.

        Args:
            histories: as :meth:`histories` makes them, of all users or some.
            dtype: float32 halves time and memory where many users are ranked at once.
        """
        return self._mixing.mix(histories, dtype).total

    def scored(self, interactions: Interactions, asked: Asked = None) -> Scored:
        """One user's scores of all items, ready to be taken apart.

        Args:
            interactions: what the user did (the column ``user`` is ignored).
            asked: as for :meth:`histories`.
        """
        one_user = replace(interactions, user=np.zeros(len(interactions), np.int64))
        histories = self.histories(one_user, 1, asked)
        return Scored(self, np.unique(one_user.item), histories, self._mixing.of_one(histories))

    def contributions(self, interactions: Interactions, items: IntArray, asked: Asked = None) -> Contributions:
        """The scores of some items for one user taken apart, as :meth:`scored` takes them."""
        return self.scored(interactions, asked).contributions(items)

    def units(self, histories: Histories, channel: int) -> Array:
        """What the scores of a channel that has a unit are divided by, ``(users,)``; infinite without a history."""
        return self._mixing.unit(histories, channel)

    @cached_property
    def _mixing(self) -> Mixing:
        position = {channel.name: c for c, channel in enumerate(self.channels)}
        return Mixing(
            tuple(channel.matrix for channel in self.channels),
            tuple(channel.unit for channel in self.channels),
            tuple(position[channel.beside or channel.name] for channel in self.channels),
            self.gates,
            self.prior,
            self.is_cold,
            self.trend,
            self.contexts,
        )

    @cached_property
    def _history_weights(self) -> tuple[list[HistoryWeights], list[int]]:
        """The weights of histories, those of several channels once, and which of them each channel has."""
        distinct: list[HistoryWeights] = []
        for channel in self.channels:
            if channel.history not in distinct:
                distinct.append(channel.history)
        return distinct, [distinct.index(channel.history) for channel in self.channels]


def _sharing(channels: tuple[Channel, ...], targets: dict[str, AdditiveModel]) -> dict[str, AdditiveModel]:
    """Models of platforms whose channels that read other platforms have the matrices of these channels."""
    matrices = {channel.name: channel.matrix for channel in channels}
    return {
        name: replace(
            target,
            channels=tuple(
                replace(one, matrix=matrices[one.name.partition(FROM)[0]]) if FROM in one.name else one
                for one in target.channels
            ),
        )
        for name, target in targets.items()
    }
