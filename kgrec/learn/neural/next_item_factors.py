"""Next-item factors: vectors of items by which a fading history ranks what is taken next, of low rank.

With the items ``s_0 .. s_T`` of a user in the order of time, the state before the item at position t and the score of
a candidate i are

    x(t) = SUM_{k >= 0} r^k W' q_{s_{t-1-k}} / sqrt(SUM_k r^k)        s(t, i) = <x(t), q_i>

so that ``M[j, i] = <W' q_j, q_i>`` is an item-item matrix and r the recency of its histories: a score is a sum over
past items. One vector q an item serves as past item and as candidate, which W, a matrix that starts as the identity,
tells apart. q, W and r minimise the softmax of the item that comes next among it and sampled ones. That is a factorised
Markov chain (Rendle et al. 2010) over all past items, as in Fossil (He and McAuley 2016, arXiv 1609.09152), trained as
SASRec's items are (Kang and McAuley 2018, arXiv 1808.09781), without what does not add up: attention and layers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from scipy import sparse
from torch import Tensor, nn

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural.checkpoint import Checkpoint, fingerprint
from kgrec.learn.neural.epoch_loop import VALID, Epoch, EpochLoop
from kgrec.learn.neural.losses import sampled_softmax
from kgrec.learn.neural.sequence_batches import batches, padded, windows
from kgrec.learn.processors import usable_processors
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import mean_metrics
from kgrec.parallel.allocator import memory_kept
from kgrec.progress import Progress
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix

_LENGTH = 50
"""Events of a sequence; a longer history is several."""
_RECENCY, _SPREAD = 0.7, 0.1
"""Where the recency and the standard deviation of the vectors start."""
_DROPOUT = 0.3
"""Share of the past items that a step hides, and of the numbers of a state."""
_SAMPLED = 512
"""Items that a step tells the next ones from."""
_PATIENCE = 2
"""Of the epochs that the settings wait for better ones: these are short, and improve by less than chance moves them."""


@dataclass(frozen=True)
class NextItemFactors:
    """What a training found.

    Attributes:
        source, target: vectors of items as past items and as candidates, float32 ``(items, d)``; 0 for an item that
            nobody had taken.
        recency: factor per step back in a history.
        best_epoch: its number from 1.
        log: the figures of every epoch.
    """

    source: Array
    target: Array
    recency: float
    best_epoch: int
    log: list[Epoch]

    def history(self, serving: HistoryWeights) -> HistoryWeights:
        """The weights of histories, whose kinds and platforms count as others say."""
        return replace(serving, recency=self.recency)


class NextItemModel(nn.Module):
    """The vectors q of items, the matrix W and the recency r.

    Args:
        n_items: items that somebody had taken.
        width: of the vectors.
    """

    def __init__(self, n_items: int, width: int) -> None:
        super().__init__()
        self.items = nn.Parameter(_SPREAD * torch.randn(n_items, width))
        self.mix = nn.Parameter(torch.eye(width))
        self.recency_logit = nn.Parameter(torch.logit(torch.tensor(_RECENCY)))

    @property
    def recency(self) -> Tensor:
        """The factor per step back, in (0, 1)."""
        return torch.sigmoid(self.recency_logit)

    def states(self, sequences: Tensor, kept: Tensor) -> Tensor:
        """What the history up to each event says of the next one, ``(n, length, d)``.

        Args:
            sequences: item rows ``(n, length)``, the oldest first.
            kept: weight of each event, 0 where it is hidden or no event.
        """
        place = torch.arange(sequences.shape[1])
        steps = place[:, None] - place[None, :]
        fading = torch.where(steps >= 0, self.recency ** steps.clamp(min=0), torch.zeros(()))
        past = F.embedding(sequences, self.items) * kept[:, :, None]
        return (fading @ past) @ self.mix / fading.detach().sum(1).sqrt()[None, :, None]


@dataclass(frozen=True)
class NextItemRun:
    """A training that is ready to run, here or in another process, on the CPU: its steps are small.

    Attributes:
        interactions: what histories are made of, all with known times.
        user, item: the events to learn from, by user and then by time; no user has an item twice.
        n_users, n_items: sizes.
        config: settings.
        serving: how histories are weighed but for their recency.
        checkpoint: folder for resuming; None keeps no state.
        valid: what validation stops on, users x items; None trains for exactly ``epochs``.
        epochs: None for as many as the settings allow.
    """

    interactions: Interactions
    user: IntArray
    item: IntArray
    n_users: int
    n_items: int
    config: TrainConfig
    serving: HistoryWeights
    checkpoint: Path | None = None
    valid: sparse.csr_matrix | None = None
    epochs: int | None = None

    @memory_kept()
    def __call__(self, progress: Progress) -> NextItemFactors:
        """Vectors of all items, and the figures of the epochs.

        Raises:
            TrainingDivergedError: a loss or a weight was not finite.
            ConfigError, BundleError: the checkpoint is of other settings or data, or damaged.
        """
        config = self.config
        torch.set_num_threads(config.num_threads or min(torch.get_num_threads(), usable_processors()))
        torch.manual_seed(config.seed)
        known, item = np.unique(self.item, return_inverse=True)
        start = np.r_[0, np.cumsum(np.bincount(self.user, minlength=self.n_users))].astype(np.int64)
        begins, ends = windows(start, _LENGTH)
        model = NextItemModel(len(known), config.next_item_dim)
        optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
        kept = None
        if self.checkpoint is not None:
            kept = Checkpoint(self.checkpoint, config, fingerprint(user=self.user, item=self.item))
        loop = EpochLoop(model, optimizer, _PATIENCE * config.patience, kept)

        def one_epoch(number: int) -> Epoch:
            rng = np.random.default_rng((config.seed, number))
            torch.manual_seed(int(rng.integers(2**62)))  # dropout
            started, lost, seen = time.perf_counter(), 0.0, 0
            rows = np.arange(len(begins))
            if len(rows) > LIMITS.epoch_users:
                rows = rng.choice(rows, LIMITS.epoch_users, replace=False)
            for drawn in batches((ends - begins)[rows], config.batch_size, rng):
                of_batch = rows[drawn]
                loss = _loss(model, item, begins[of_batch], ends[of_batch], rng)
                if not torch.isfinite(loss):
                    place = f"after {seen} of {len(rows)} sequences"
                    raise loop.diverged("the loss is not finite.", number, place, f"{float(loss.detach()):.3g}")
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                lost, seen = lost + float(loss.detach()) * len(of_batch), seen + len(of_batch)
            for name, value in model.named_parameters():
                if not torch.isfinite(value).all():
                    place = f"after {seen} of {len(rows)} sequences"
                    raise loop.diverged("a weight is not finite.", number, place, name)
            figures = {"loss": lost / max(seen, 1), "recency": float(model.recency.detach())}
            return {"epoch": float(number + 1), **figures, "seconds": time.perf_counter() - started}

        last = self.epochs or config.epochs

        def report(entry: Epoch) -> None:
            quality = f", ndcg@10 {entry[VALID]:.4f}" if VALID in entry else ""
            note = f"loss {entry['loss']:.4f}{quality}"
            progress("next-item factors", int(entry["epoch"]), last, note, unit="epochs")

        validate = None if self.valid is None else _Validation(self, known, self.valid, model)
        log, best_epoch = loop.run(one_epoch, last, validate, report)
        source, target = (self._at_places(table, known) for table in _tables(model))
        return NextItemFactors(source, target, float(model.recency.detach()), best_epoch, log)

    def _at_places(self, table: Array, known: IntArray) -> Array:
        """Vectors of the known items at their places among all, 0 for the others."""
        whole = np.zeros((self.n_items, table.shape[1]), np.float32)
        whole[known] = table
        return whole


class _Validation:
    """Validation ndcg@10 of a model among the known items, with histories as they will be served."""

    def __init__(self, run: NextItemRun, known: IntArray, valid: sparse.csr_matrix, model: NextItemModel) -> None:
        place = np.full(run.n_items, -1, np.int64)
        place[known] = np.arange(len(known))
        users = np.flatnonzero(np.diff(valid.indptr))
        row = np.full(run.n_users, -1, np.int64)
        row[users] = np.arange(len(users))
        of_users = run.interactions.select((row[run.interactions.user] >= 0) & (place[run.interactions.item] >= 0))
        self._history = replace(of_users, user=row[of_users.user], item=place[of_users.item])
        self._wanted = valid[users][:, known].tocsr()
        self._seen = self._history.matrix(*self._wanted.shape)
        self._serving, self._model = run.serving, model

    def __call__(self) -> float:
        weights = replace(self._serving, recency=float(self._model.recency.detach()))
        history = weights.matrix(self._history, *self._wanted.shape).astype(np.float32)
        ranker = ItemMatrixRanker((LowRankMatrix(*_tables(self._model)),), history)
        return mean_metrics(ranker, self._seen, self._wanted, ks=(10,))["ndcg@10"]


def _loss(model: NextItemModel, item: IntArray, begins: IntArray, ends: IntArray, rng: np.random.Generator) -> Tensor:
    """The mean loss of the next items of some sequences."""
    sequences, lengths = padded(item, begins, ends, 0)
    there = torch.arange(sequences.shape[1] - 1) < (lengths - 1)[:, None]
    kept = F.dropout(there.float(), _DROPOUT)
    states = F.dropout(model.states(sequences[:, :-1], kept)[there], _DROPOUT)
    return sampled_softmax(states, sequences[:, 1:][there], model.items, _SAMPLED, rng)


@torch.no_grad()
def _tables(model: NextItemModel) -> tuple[Array, Array]:
    """Vectors of items as past items and as candidates."""
    return (model.items @ model.mix).numpy().copy(), model.items.detach().numpy().copy()
