"""The additive score: what a user did, through channels, and nothing else.

    s(u, i) = base(u, i) + SUM_c SUM_{j in N(u), j != i}  g_c(u, i) * w_c(u, j) * M_c[j, i]

Each channel ``c`` is an item-item matrix ``M_c`` with history weights ``w_c`` of its own. The gates ``g_c`` scale a
channel's scores to unit spread over the catalogue for each user, then mix them by how much is known of the user; items
with and without interactions are scaled apart, so that a new film is compared by its facts and not punished for its
silence. ``base`` holds the popularity prior and the constants of that scaling. Every number can be shown; they add up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.scoring.history_weights import HistoryWeights, last_times

_TINY = 1e-9
_LEAST_SPREAD = 0.5
"""Of the others' spread, where nothing better is known: see :class:`Gates`."""


@dataclass(frozen=True)
class SparseMatrix:
    """An item-item matrix kept as its largest entries. ``weights[j, i]``: how much having taken j speaks for i."""

    weights: sparse.csr_matrix

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        used = np.unique(history.indices)
        dense: Array = (history[:, used] @ self.weights[used]).toarray()
        return _without_own_terms(dense, history, self.weights.diagonal())

    def of(self, items: IntArray) -> SparseMatrix:
        """The same over some items only."""
        return SparseMatrix(self.weights[items][:, items].tocsr())

    def block(self, rows: Array, columns: Array) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        block: Array = self.weights[rows][:, columns].toarray().astype(np.float64)
        block[rows[:, None] == columns[None, :]] = 0.0
        return block


@dataclass(frozen=True)
class LowRankMatrix:
    """An item-item matrix ``source @ target.T``, float32 ``(items, d)`` each."""

    source: Array
    target: Array

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        used = np.unique(history.indices)
        user = history[:, used] @ self.source[used].astype(history.dtype)
        dense: Array = user @ self.target.T.astype(history.dtype)
        own = np.einsum("id,id->i", self.source, self.target, dtype=np.float64)
        return _without_own_terms(dense, history, own)

    def of(self, items: IntArray) -> LowRankMatrix:
        """The same over some items only."""
        return LowRankMatrix(self.source[items], self.target[items])

    def block(self, rows: Array, columns: Array) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        block: Array = self.source[rows].astype(np.float64) @ self.target[columns].astype(np.float64).T
        block[rows[:, None] == columns[None, :]] = 0.0
        return block


def _without_own_terms(dense: Array, history: sparse.csr_matrix, diagonal: Array) -> Array:
    """Take out of each score what the item itself, being in the history, put in.

    What is left within rounding of that is 0: scaling to unit spread would otherwise make a score of mere noise.
    """
    row = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    own = history.data * diagonal[history.indices]
    left = dense[row, history.indices] - own.astype(dense.dtype)
    dense[row, history.indices] = np.where(np.abs(left) > 64 * np.finfo(dense.dtype).eps * np.abs(own), left, 0.0)
    return dense


@dataclass(frozen=True)
class Channel:
    """One way in which past items speak for a candidate."""

    name: str
    matrix: SparseMatrix | LowRankMatrix
    history: HistoryWeights = field(default_factory=HistoryWeights)


@dataclass(frozen=True)
class Gates:
    """How much each channel counts, by the length of the user's history and the pause since its last event.

    Attributes:
        edges: histories of at least ``edges[b]`` items fall into the last such bucket b; ``edges[0]`` is 0.
        channels: ``((1 + pauses) * edges, channels)``, not negative; 0 closes a channel. The first ``edges`` rows are
            for an unknown pause, the next for one of at least ``pauses[0]``, and so on.
        prior: likewise, of the popularity prior.
        new_channels: ``(channels,)``, what counts instead for items without interactions, whatever the history.
        new_spread: ``(channels,)``, new items are measured by at least this many spreads of the others: where a history
            says next to nothing about them, the little it says is no reason to put one on top.
        new_prior: likewise, of the popularity that their content predicts.
        new_item_offset: added to the score of an item without interactions.
        new_item_slope: and this for each log of one and the number of items in the history.
        new_item_lengths: shorter and longer histories count as these: how high new items may stand was measured between
            them. Over an empty history new items are not lifted.
        pauses: seconds, ascending from 0; empty where a pause makes no difference.
    """

    edges: Array
    channels: Array
    prior: Array
    new_channels: Array
    new_spread: Array
    new_prior: float = 0.0
    new_item_offset: float = 0.0
    new_item_slope: float = 0.0
    new_item_lengths: tuple[float, float] = (0.0, 1e9)
    pauses: tuple[float, ...] = ()

    @classmethod
    def common(cls, channels: Array, prior: float, new_items: float = 1.0, new_item_offset: float = 0.0) -> Gates:
        """The same for every history, and ``new_items`` times that for items without interactions."""
        channels = np.asarray(channels, np.float64)
        new = (new_items * channels, np.full(len(channels), _LEAST_SPREAD), new_items * prior, new_item_offset)
        return cls(np.zeros(1, np.int64), channels[None, :], np.array([float(prior)]), *new)

    def bucket(self, lengths: Array, pauses: Array) -> Array:
        """Row of each user: history lengths, and seconds since their last event, nan where unknown."""
        known = np.where(np.isnan(pauses), -np.inf, np.maximum(pauses, 0.0))
        by_pause = np.searchsorted(np.array(self.pauses), known, side="right")
        return by_pause * len(self.edges) + np.searchsorted(self.edges, lengths, side="right") - 1

    def new_items_stand(self, lengths: Array) -> Array:
        """What is added to the scores of new items, by history length."""
        stand = self.new_item_offset + self.new_item_slope * np.log1p(np.clip(lengths, *self.new_item_lengths))
        lifted: Array = np.where(lengths > 0, stand, np.minimum(stand, 0.0))
        return lifted


@dataclass(frozen=True)
class Histories:
    """What some users did, weighted for each channel, as seen from a moment.

    Attributes:
        matrices: one ``(users, items)`` matrix per channel.
        pauses: seconds since each user's last event, nan where unknown, float64 ``(users,)``.
    """

    matrices: tuple[sparse.csr_matrix, ...]
    pauses: Array

    def __len__(self) -> int:
        return len(self.pauses)

    def __getitem__(self, rows: IntArray | slice) -> Histories:
        """Those of some users."""
        return Histories(tuple(matrix[rows] for matrix in self.matrices), self.pauses[rows])

    @property
    def lengths(self) -> Array:
        """Items in each history."""
        return np.diff(self.matrices[0].indptr)


@dataclass(frozen=True)
class Contributions:
    """A score taken apart. ``base + values.sum() == score`` for each item.

    Attributes:
        items: candidate rows ``(m,)``.
        history: past item rows ``(h,)``.
        channels: names.
        values: ``(channels, h, m)``.
        base: ``(m,)``; the prior and the scaling constants.
    """

    items: Array
    history: Array
    channels: tuple[str, ...]
    values: Array
    base: Array

    @property
    def scores(self) -> Array:
        """The scores that the parts add up to, ``(m,)``."""
        total: Array = self.base + self.values.sum(axis=(0, 1))
        return total


@dataclass(frozen=True)
class AdditiveModel:
    """Channels, gates and prior over a catalogue: all that is needed to score and explain.

    Attributes:
        prior: popularity in unit spread (log share, standardised; from content for new items), float32 ``(items,)``.
        new: whether an item had no interaction when the model was learned, bool ``(items,)``.
    """

    channels: tuple[Channel, ...]
    gates: Gates
    prior: Array
    new: npt.NDArray[np.bool_]

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.prior)

    def of(self, items: IntArray) -> AdditiveModel:
        """The same over some items only: the others are not there, and nothing is scaled by them."""
        channels = tuple(replace(channel, matrix=channel.matrix.of(items)) for channel in self.channels)
        return AdditiveModel(channels, self.gates, self.prior[items], self.new[items])

    def histories(self, interactions: Interactions, n_users: int, at: Array | float | None = None) -> Histories:
        """Weighted histories of all users.

        Args:
            at: the moment of asking, unix seconds, one for all or ``(n_users,)``; None or nan where it is unknown.
        """
        made: dict[str, sparse.csr_matrix] = {}
        result = []
        for channel in self.channels:
            key = repr(channel.history)
            if key not in made:
                made[key] = channel.history.matrix(interactions, n_users, self.n_items)
            result.append(made[key])
        last = last_times(interactions, n_users)
        return Histories(tuple(result), (np.nan if at is None else np.asarray(at, np.float64)) - last)

    def scores(self, histories: Histories, dtype: npt.DTypeLike = np.float64) -> Array:
        """Scores of all items for some users, ``(users, items)``.

        Args:
            histories: as :meth:`histories` makes them, of all users or some.
            dtype: float32 halves time and memory where many users are ranked at once.
        """
        return self._mix(histories, dtype).total

    def contributions(self, interactions: Interactions, items: Array, at: float | None = None) -> Contributions:
        """Take the scores of some items apart for one user, given by their interactions (``user`` is ignored).

        Args:
            at: as for :meth:`histories`.
        """
        one_user = replace(interactions, user=np.zeros(len(interactions), np.int64))
        histories = self.histories(one_user, 1, at)
        mix = self._mix(histories, np.float64)
        past = np.unique(one_user.item)
        group = self.new[items].astype(np.int64)
        values = np.zeros((len(self.channels), len(past), len(items)))
        for c, (channel, history) in enumerate(zip(self.channels, histories.matrices, strict=True)):
            scale = mix.scale[c, group, 0]
            if len(past) and scale.any():
                weights = history[0, past].toarray()[0]
                values[c] = weights[:, None] * channel.matrix.block(past, items) * scale[None, :]
        base = mix.prior[group, 0] * self.prior[items].astype(np.float64) + mix.constant[group, 0]
        return Contributions(items, past, tuple(channel.name for channel in self.channels), values, base)

    def _mix(self, histories: Histories, dtype: npt.DTypeLike) -> _Mix:
        """Scale every channel to unit spread within each group of items, weigh it by its gate and add up."""
        users = len(histories)
        bucket = self.gates.bucket(histories.lengths, histories.pauses)
        # A slice of everything is a view, where a mask would copy.
        groups: list[tuple[int, slice | Array]] = [
            (g, slice(None) if members.all() else members)
            for g, members in enumerate((~self.new, self.new))
            if members.any()
        ]
        scale = np.zeros((len(self.channels), 2, users))
        constant = np.zeros((2, users))
        constant[1] = self.gates.new_items_stand(histories.lengths)
        prior = np.stack([self.gates.prior[bucket], np.full(users, self.gates.new_prior)])
        total = np.empty((users, self.n_items), dtype)
        for g, members in groups:
            total[:, members] = np.outer(prior[g], self.prior[members].astype(np.float64))
        for c, (channel, history) in enumerate(zip(self.channels, histories.matrices, strict=True)):
            gate = np.stack([self.gates.channels[bucket, c], np.full(users, self.gates.new_channels[c])])
            if not any(gate[g].any() for g, _ in groups):
                continue
            raw = channel.matrix.scores(history.astype(dtype))
            least = np.full(users, _TINY)
            for g, members in groups:
                part = raw[:, members]
                mean, spread = part.mean(axis=1), part.std(axis=1)
                scale[c, g] = np.where(spread > _TINY, gate[g] / np.maximum(spread, least), 0.0)
                least = np.maximum(self.gates.new_spread[c] * spread, _TINY)
                constant[g] -= scale[c, g] * mean
                raw[:, members] = np.multiply(part, scale[c, g][:, None].astype(dtype), out=part)
            total += raw
        for g, members in groups:
            total[:, members] += constant[g][:, None].astype(dtype)
        return _Mix(total, scale, constant, prior)


@dataclass(frozen=True)
class _Mix:
    """What mixing made: scores ``(users, items)`` and the numbers that explain them.

    ``scale`` is ``(channels, 2, users)``, ``constant`` and ``prior`` are ``(2, users)``: items with interactions, then
    new ones.
    """

    total: Array
    scale: Array
    constant: Array
    prior: Array
