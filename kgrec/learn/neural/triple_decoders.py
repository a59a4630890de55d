"""Triple decoders: the score of a triple by the embeddings of head, relation and tail.

All take shapes that broadcast to ``(..., d)`` and return ``(...)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from kgrec.data.dataset import Array, IntArray

_MARGIN = 6.0


def distmult(head: Tensor, relation: Tensor, tail: Tensor) -> Tensor:
    """``SUM_d h r t`` (Yang et al., arXiv 1412.6575)."""
    return (head * relation * tail).sum(-1)


def transe(head: Tensor, relation: Tensor, tail: Tensor) -> Tensor:
    """``margin - |h + r - t|_2`` (Bordes et al., NeurIPS 2013)."""
    distance: Tensor = torch.linalg.vector_norm(head + relation - tail, dim=-1)
    return _MARGIN - distance


def rotate(head: Tensor, relation: Tensor, tail: Tensor) -> Tensor:
    """``margin - |h o e^{i r} - t|`` (Sun et al., arXiv 1902.10197).

    The two halves of an embedding are real and imaginary part; of the relation only the first half is read, as phases.
    """
    head_re, head_im = head.chunk(2, -1)
    tail_re, tail_im = tail.chunk(2, -1)
    phase = relation.chunk(2, -1)[0]
    cos, sin = torch.cos(phase), torch.sin(phase)
    re = head_re * cos - head_im * sin - tail_re
    im = head_re * sin + head_im * cos - tail_im
    return _MARGIN - torch.sqrt(re**2 + im**2 + 1e-9).sum(-1)


DECODERS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "distmult": distmult,
    "transe": transe,
    "rotate": rotate,
}


@dataclass(frozen=True)
class DecodedFacts:
    """Link prediction by embeddings with a decoder: scores of every node as head or tail of a fact.

    Attributes:
        nodes: float32 ``(nodes, d)``.
        relations: float32 ``(relations, d)``.
        decoder: one of :data:`DECODERS`.
    """

    nodes: Array
    relations: Array
    decoder: str

    def tails(self, head: IntArray, relation: IntArray) -> Array:
        """Scores of all nodes as tails, float32 ``(n, nodes)``."""
        return self._scores(head, relation, DECODERS[self.decoder])

    def heads(self, relation: IntArray, tail: IntArray) -> Array:
        """Scores of all nodes as heads, float32 ``(n, nodes)``."""
        return self._scores(tail, relation, lambda known, kind, every: DECODERS[self.decoder](every, kind, known))

    def _scores(self, node: IntArray, relation: IntArray, decode: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Array:
        """Scores ``(n, nodes)``, a row at a time, as a decoder's intermediate values take ``(nodes, d)`` each."""
        nodes, relations = torch.from_numpy(self.nodes), torch.from_numpy(self.relations)
        rows = [decode(nodes[n], relations[r], nodes) for n, r in zip(node, relation, strict=True)]
        scores: Array = torch.stack(rows).numpy()
        return scores
