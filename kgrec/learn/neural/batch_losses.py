"""The terms of the joint loss over a batch of users, of which every shard makes its part.

What is random is drawn for the whole batch before it is divided: whoever works a shard draws the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, IntArray
from kgrec.learn.neural.losses import exact_bce, gbce, info_nce, kg_loss, sampled_bce, softmax_loss
from kgrec.learn.neural.model import JointModel, entries, rows_of, unit_history
from kgrec.learn.neural.sampling import TripleSampler, popularity_negatives
from kgrec.learn.neural.triple_decoders import DECODERS

TERMS = "behaviour", "kg", "text"
"""The terms, in the order in which they are told."""
_TRIPLES, _CORRUPTED, _ALIGNED = 2048, 8, 512


@dataclass(frozen=True)
class Drawn:
    """What was drawn for a batch.

    Attributes:
        users: rows of the batch.
        history: of these users, a random share of each hidden (dropout): the model must predict the rest.
        negatives: rows of items and log weights, where the loss is sampled; uniform ones (gbce) have no weights.
        triples: heads, relations and tails ``(n,)`` and corrupted tails ``(n, m)``; None without the KG term.
        aligned: rows of nodes that have a text; None without the text term.
    """

    users: IntArray
    history: sparse.csr_matrix
    negatives: tuple[IntArray, Array] | None
    triples: tuple[Tensor, Tensor, Tensor, Tensor] | None
    aligned: IntArray | None


class BatchLosses:
    """Makes the terms ``L_behaviour``, ``L_kg`` and ``L_text`` of a batch.

    Args:
        model: what encodes and scores.
        dataset: the facts and the interactions to learn from.
        texts: text embeddings of all nodes, float32 ``(nodes, t)``, or None.
        histories: weighted histories to learn from, ``(users, items)``.
        config: settings; ``user_shards`` is into how many parts a batch is divided.
    """

    def __init__(
        self,
        model: JointModel,
        dataset: Dataset,
        texts: Array | None,
        histories: sparse.csr_matrix,
        config: TrainConfig,
    ) -> None:
        self.model, self.config = model, config
        self.sampled = config.loss in ("sampled_bce", "gbce") or len(dataset.items) > config.exact_items
        self.histories = unit_history(histories)
        self.positives = (histories > 0).astype(np.float32)
        self._counts = np.bincount(dataset.interactions.item, minlength=len(dataset.items)).astype(np.float64)
        self._triples = TripleSampler(dataset.facts) if len(dataset.facts) and config.kg_weight else None
        self._texts = np.zeros((0, 0), np.float32) if texts is None else texts
        with_text = np.flatnonzero(np.abs(texts).sum(1) > 0) if texts is not None else np.zeros(0, np.int64)
        self._with_text = with_text if config.text_weight else with_text[:0]

    @property
    def parameters(self) -> list[Tensor]:
        """Parameters that the terms read beside what the encoders made of theirs."""
        read: list[Tensor] = [self.model.bias]
        if self._triples is not None:
            read.append(self.model.relation.weight)
        if len(self._with_text):
            assert self.model.target.text is not None
            read.append(self.model.target.text.weight)
        return read

    def draw(self, users: IntArray, rng: np.random.Generator) -> Drawn:
        """What is random of a batch."""
        config, negatives = self.config, None
        if self.sampled and config.loss == "gbce":
            negatives = rng.integers(0, len(self._counts), config.num_negatives), np.zeros(0, np.float32)
        elif self.sampled:
            negatives = popularity_negatives(self._counts, config.num_negatives, rng)
        history = self.histories[users]
        history.data = history.data * (rng.random(history.nnz) >= config.dropout) / (1 - config.dropout)
        history.eliminate_zeros()
        triples = None if self._triples is None else self._triples.draw(_TRIPLES, _CORRUPTED, rng)
        n = min(_ALIGNED, len(self._with_text))
        aligned = rng.choice(self._with_text, n, replace=False) if n else None
        return Drawn(users, history, negatives, triples, aligned)

    def of_shard(
        self, source: Tensor, target: Tensor, texts: Tensor | None, drawn: Drawn, shard: int
    ) -> dict[str, Tensor]:
        """A shard's part of each term: over all shards they add up to the terms of the batch.

        Users and triples are divided; texts, which are compared with each other, are the matter of the last shard.

        Args:
            source, target, texts: as :meth:`JointModel.encode` gives them.
        """
        rows, zero = self._part(len(drawn.users), shard), self.model.bias.new_zeros(())
        behaviour = kg = text = zero
        if len(rows):
            score = self._sampled_loss if self.sampled else self._exact_loss
            behaviour = score(source, target, texts, drawn, slice(rows.start, rows.stop))
            behaviour = behaviour * (len(rows) / len(drawn.users))
        if drawn.triples is not None:
            kg = self._kg_loss(target, drawn.triples, self._part(len(drawn.triples[0]), shard))
        if drawn.aligned is not None and shard == self.config.user_shards - 1:
            text = self._text_loss(target, drawn.aligned)
        return dict(zip(TERMS, (behaviour, kg, text), strict=True))

    def _part(self, n: int, shard: int) -> range:
        """The rows of a shard out of n: as many as in any other, or one less."""
        shards = self.config.user_shards
        return range(n * shard // shards, n * (shard + 1) // shards)

    def _exact_loss(self, source: Tensor, target: Tensor, texts: Tensor | None, drawn: Drawn, rows: slice) -> Tensor:
        scores = self.model.scores(source, target, texts, drawn.history[rows])
        owner, item = entries(self.positives[drawn.users[rows]], self.model.device)
        return (softmax_loss if self.config.loss == "softmax" else exact_bce)(scores, owner, item)

    def _sampled_loss(self, source: Tensor, target: Tensor, texts: Tensor | None, drawn: Drawn, rows: slice) -> Tensor:
        """The loss over the positives of the shard and sampled negatives; no array is as wide as the catalogue."""
        assert drawn.negatives is not None
        device, (items, log_weight) = self.model.device, drawn.negatives
        positives, history = self.positives[drawn.users[rows]], drawn.history[rows]
        n_positives = np.diff(positives.indptr)
        pairs = np.repeat(np.arange(len(n_positives)), n_positives), positives.indices
        positive, negative = self.model.sampled_scores(source, target, texts, history, pairs, items)
        owner = torch.from_numpy(pairs[0]).to(device)
        n = torch.from_numpy(n_positives.astype(np.float32)).to(device)
        own = torch.from_numpy(positives[:, items].toarray() > 0).to(device)
        if self.config.loss == "gbce":
            return gbce(positive, owner, n, negative, own, len(self._counts))
        return sampled_bce(positive, owner, n, negative, torch.from_numpy(log_weight).to(device), own)

    def _kg_loss(self, nodes: Tensor, triples: tuple[Tensor, Tensor, Tensor, Tensor], rows: range) -> Tensor:
        decode, n = DECODERS[self.config.kg_decoder], len(triples[0])
        parts = (part[rows.start : rows.stop].to(self.model.device) for part in triples)
        head, relation, tail, corrupted_tail = parts
        of_relation = self.model.relation(relation)
        of_head = rows_of(nodes, head)
        true = decode(of_head, of_relation, rows_of(nodes, tail))
        corrupted = decode(of_head[:, None], of_relation[:, None], rows_of(nodes, corrupted_tail))
        return kg_loss(true, corrupted) * (len(rows) / n)

    def _text_loss(self, nodes: Tensor, rows: IntArray) -> Tensor:
        assert self.model.target.text is not None
        device = self.model.device
        texts = torch.from_numpy(self._texts[rows]).to(device)
        return info_nce(rows_of(nodes, torch.from_numpy(rows).to(device)), self.model.target.text(texts))
