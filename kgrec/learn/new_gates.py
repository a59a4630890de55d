"""The gates of new items: how much each channel says of an item that nobody has taken, and how high it may stand.

What tells warm items apart need not tell new ones apart: they have no co-occurrences, only content. So the gates are
fitted on a rehearsal: a tenth of the items is hidden from training and met as new ones are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from kgrec.dataset import Array, IntArray, Interactions
from kgrec.learn.gate_view import Block
from kgrec.progress import Progress
from kgrec.ranking import block_size, per_user, rank_users
from kgrec.scoring import AdditiveModel, Gates, Histories

_K = 20
_MOST_USERS = 5_000
_BYTES = 256 * 2**20
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_SPREADS = (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
_OFFSETS = tuple(np.arange(-4.0, 2.25, 0.25).tolist())
_LEAST = 1e-6
_LOSS = 0.015
"""Share of recall@20, and of ndcg@10, of warm items that new ones beside them may cost."""


@dataclass(frozen=True)
class Rehearsal:
    """Items met as new ones are.

    Attributes:
        model: learned without them, with the gates of warm items. What is new to it are these and the truly new ones.
        train: behaviour that it was learned from.
        hidden, warm: who took the hidden items, and held-out behaviour of warm ones, users x items.
    """

    model: AdditiveModel
    train: Interactions
    hidden: sparse.csr_matrix
    warm: sparse.csr_matrix

    def fit(self, seed: int, progress: Progress) -> tuple[Gates, dict[str, float]]:
        """The model's gates with those of new items, and recall@20 of the hidden items among themselves.

        The mixture is the one that ranks them best among themselves; how far its spread reaches and where it stands is
        what ranks them best in the whole catalogue, while warm items lose at most 1.5 % of their recall@20 and of their
        ndcg@10: what stands on top of a list costs little recall.
        """
        model, n_users = self.model, self.hidden.shape[0]
        rng = np.random.default_rng(seed)
        seen = self.train.matrix(n_users, model.n_items)
        histories = model.histories(self.train, n_users)
        known = np.diff(seen.indptr) > 0
        most = max(100, min(_MOST_USERS, _BYTES // (4 * model.n_items * 2)))
        asked = _Asked.of(histories, seen, self.hidden, _some(known & (np.diff(self.hidden.indptr) > 0), most, rng))
        at_home = _Asked.of(histories, seen, self.warm, _some(known & (np.diff(self.warm.indptr) > 0), most, rng))
        if not (len(asked) and len(at_home)):
            return model.gates, {}
        mixture, found = self._mixture(asked, progress)
        gates = self._placed(mixture, asked, at_home, progress)
        return gates, found

    def _mixture(self, asked: _Asked, progress: Progress) -> tuple[Array, dict[str, float]]:
        """Weights of the channels and of the prior, by coordinate search from the best of them alone."""
        model = self.model
        candidates = np.flatnonzero(np.diff(self.hidden.tocsc().indptr) > 0)
        names = [*(channel.name for channel in model.channels), "prior"]
        parts = [
            _scores(replace(model, gates=_only_new(model.gates, weights)), asked.histories, candidates)
            for weights in np.eye(len(names))
        ]
        wanted = asked.wanted[:, candidates].tocsr()
        # Where nothing is said of new items, the order of their rows would decide, and might look good by chance.
        speaks = np.array([float(part.std(axis=1).max()) > _LEAST for part in parts])

        def quality(weights: Array) -> float:
            if not weights[speaks].any():
                return 0.0
            total = np.zeros_like(parts[0])
            for part, weight in zip(parts, weights, strict=True):
                total += np.float32(weight) * part
            top = rank_users(Block(total), sparse.csr_matrix(total.shape), np.arange(len(total)), _K)
            return float(per_user(top, wanted, (_K,))[f"recall@{_K}"].mean())

        alone = [quality(weights) for weights in np.eye(len(names))]
        weights = np.eye(len(names))[int(np.argmax(alone))]
        best = max(alone)
        for turn in range(2):
            for part in range(len(names)):
                progress("gates of new items", turn * len(names) + part + 1, 2 * len(names), f"recall@20 {best:.4f}")
                for step in _STEPS:
                    trial = weights.copy()
                    trial[part] = step
                    if trial.any() and (found := quality(trial)) > best:
                        weights, best = trial, found
        metrics = {f"new items, {name}": value for name, value in zip(names, alone, strict=True)}
        return weights, metrics | {"new items, fused": best}

    def _placed(self, mixture: Array, asked: _Asked, at_home: _Asked, progress: Progress) -> Gates:
        """Spread and offset of the mixture beside warm items.

        What new items cost the warm ones is measured with the truly new ones, as many as will stand there; what it
        brings, with the hidden ones, as nobody knows of the others.
        """
        new, hidden = self.model.new, np.diff(self.hidden.tocsc().indptr) > 0
        truly_new = new & ~hidden
        unit = replace(self.model, gates=_with_new(self.model.gates, mixture))
        everything = np.arange(self.model.n_items)
        guests = _scores(unit, asked.histories, everything)
        # What is said of new items is scaled among them, and of the truly new less may be known than of the hidden.
        home = _scores(replace(unit, new=truly_new), at_home.histories, everything)
        best = (-1.0, _with_new(self.model.gates, np.zeros_like(mixture), min(_OFFSETS)))
        said = float(home[:, truly_new].std(axis=1).mean())
        if said <= _LEAST:
            return best[1]  # there is nothing to spread
        wide = float(home[:, ~new].std(axis=1).mean()) / said
        guests[:, truly_new] = home[:, hidden] = -np.inf
        alone = home.copy()
        alone[:, new] = -np.inf
        least = (1.0 - _LOSS) * at_home.quality(alone)
        for number, spread in enumerate(_SPREADS):
            what = f"recall@20 {max(best[0], 0.0):.4f}"
            progress("placing new items beside the others", number + 1, len(_SPREADS), what)
            for offset in _OFFSETS:
                if (at_home.quality(_moved(home, new, spread * wide, offset)) < least).any():
                    break  # the higher, the more it costs
                found = float(asked.quality(_moved(guests, new, spread * wide, offset))[0])
                if found > best[0]:
                    best = found, _with_new(self.model.gates, mixture * spread * wide, offset)
        return best[1]


@dataclass(frozen=True)
class _Asked:
    """Some users, what they had taken and what they are looking for, users x items."""

    histories: Histories
    seen: sparse.csr_matrix
    wanted: sparse.csr_matrix

    @classmethod
    def of(cls, histories: Histories, seen: sparse.csr_matrix, wanted: sparse.csr_matrix, users: IntArray) -> _Asked:
        return cls(histories[users], seen[users], wanted[users])

    def __len__(self) -> int:
        return len(self.histories)

    def quality(self, scores: Array) -> Array:
        """Mean recall@20 and ndcg@10, ``(2,)``; the scores are overwritten."""
        top = rank_users(Block(scores), self.seen, np.arange(len(scores)), _K)
        found = per_user(top, self.wanted, (10, _K))
        return np.array([found[f"recall@{_K}"].mean(), found["ndcg@10"].mean()])


def _some(which: Array, most: int, rng: np.random.Generator) -> IntArray:
    users = np.flatnonzero(which)
    return users if len(users) <= most else np.sort(rng.choice(users, most, replace=False))


def _scores(model: AdditiveModel, histories: Histories, columns: IntArray) -> Array:
    """Scores of some items, a block of users at a time."""
    found = np.empty((len(histories), len(columns)), np.float32)
    step = block_size(model.n_items)
    for start in range(0, len(found), step):
        found[start : start + step] = model.scores(histories[slice(start, start + step)], np.float32)[:, columns]
    return found


def _with_new(gates: Gates, weights: Array, offset: float = 0.0) -> Gates:
    return replace(gates, new_channels=weights[:-1], new_prior=float(weights[-1]), new_item_offset=offset)


def _only_new(gates: Gates, weights: Array) -> Gates:
    """Warm items closed, which saves time; what is said of new ones does not change."""
    closed = replace(gates, channels=np.zeros_like(gates.channels), prior=np.zeros_like(gates.prior))
    return _with_new(closed, weights)


def _moved(scores: Array, new: Array, by: float, offset: float) -> Array:
    moved = scores.copy()
    moved[:, new] = scores[:, new] * np.float32(by) + np.float32(offset)
    return moved
