"""A model with smaller matrices: what says little is left out, all other numbers are whole ones of one byte.

Of a row the largest entries stay that make up a share of what all of them say, by their absolute values:

    row          3, -2, 1, .5, .5     all of them 7
    share .7     3, -2                5 of 7; before the last of them there were 3, less than .7 * 7

Of a matrix of low rank those directions stay whose singular values, the largest first, make up a share of all: what is
left is the nearest matrix of its rank (Eckart and Young 1936). Members of an ensemble say much the same side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, FloatArray
from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.channel_names import FROM
from kgrec.scoring.history_weights import with_data
from kgrec.scoring.int8_matrices import LowRankInt8Matrix, SparseInt8Matrix
from kgrec.scoring.int8_table import scales_of
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel

Shares = Mapping[str, float]
"""Share of what each matrix says that stays, by its name: of each row, or of the directions of one of low rank."""

_TOLD = 1e-6
"""A direction that is as much smaller than the first is rounding."""


@dataclass(frozen=True)
class Prunable:
    """A matrix of which a part of the entries can be left out.

    Attributes:
        whole: the entries as whole numbers, int8 ``(items, items)`` without a diagonal.
        scale: of each row, float32 ``(items,)``.
        before: of each entry the share of its row that larger ones make up, float32 ``(entries,)``.
    """

    whole: sparse.csr_matrix
    scale: FloatArray
    before: FloatArray

    @classmethod
    def of(cls, matrix: ItemMatrix) -> Self | None:
        """A matrix that is kept as its entries; None for any other."""
        if isinstance(matrix, SparseMatrix):
            entries = matrix.weights.tocoo()
        elif isinstance(matrix, BlockMatrix):
            entries = _entries(matrix)
        else:
            return None
        other = entries.row != entries.col
        parts = entries.data[other], (entries.row[other], entries.col[other])
        weights = sparse.csr_matrix(parts, shape=entries.shape)
        size, before = np.abs(weights.data), np.zeros(weights.nnz, np.float32)
        scale, whole = np.zeros(entries.shape[0], np.float32), np.zeros(weights.nnz, np.int8)
        for row, span in enumerate(slice(*ends) for ends in pairwise(weights.indptr.tolist())):
            before[span] = _before(size[span])
            scale[row] = scales_of(size[span].max(initial=0.0))
            whole[span] = np.rint(weights.data[span] / (scale[row] or 1.0))
        return cls(with_data(weights, whole), scale, before)

    @property
    def size(self) -> int:
        """Numbers of the matrix."""
        return int(self.whole.nnz)

    def with_share(self, share: float) -> SparseInt8Matrix:
        """The matrix of the largest entries of each row that make up a share of it."""
        kept = self.before < share
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])[self.whole.indptr]
        parts = self.whole.data[kept], self.whole.indices[kept], starts
        return SparseInt8Matrix.of_whole(sparse.csr_matrix(parts, shape=self.whole.shape), self.scale)


@dataclass(frozen=True)
class Narrowable:
    """A matrix of low rank of which a part of the directions can be left out.

    Attributes:
        matrix: all of it.
        source, target: what its factors are multiplied with to be along the directions, ``(d, directions)``.
        before: of each direction the share of all singular values that larger ones make up, ``(directions,)``.
    """

    matrix: LowRankMatrix
    source: Array
    target: Array
    before: Array

    @classmethod
    def of(cls, matrix: LowRankMatrix) -> Self:
        """A matrix in the directions in which it says most."""
        factors = matrix.source, matrix.target
        source, target = (np.asarray(np.linalg.qr(factor.astype(np.float64), mode="r")) for factor in factors)
        left, sizes, right = np.linalg.svd(source @ target.T, full_matrices=False)
        told = sizes > _TOLD * sizes[:1].sum()
        roots = np.sqrt(sizes[told])
        turned = target.T @ right[told].T / roots, source.T @ left[:, told] / roots
        return cls(matrix, *turned, _before(sizes[told]))

    @property
    def size(self) -> int:
        """Numbers of both factors."""
        return 2 * int(np.prod(self.matrix.source.shape))

    def with_share(self, share: float) -> LowRankInt8Matrix:
        """The matrix of the first directions that make up a share of all; for 1 the factors as they are."""
        if share >= 1:
            return LowRankInt8Matrix.of(self.matrix)
        kept = self.before < share
        to_source, to_target = (turned[:, kept].astype(np.float32) for turned in (self.source, self.target))
        return LowRankInt8Matrix.of(LowRankMatrix(self.matrix.source @ to_source, self.matrix.target @ to_target))


def smaller(matrix: ItemMatrix) -> Prunable | Narrowable | None:
    """What can be left out of a matrix; None for one that stays as it is."""
    return Narrowable.of(matrix) if isinstance(matrix, LowRankMatrix) else Prunable.of(matrix)


def _before(size: Array) -> Array:
    """Of each entry of a row the share of the row that larger ones make up; of equal ones the first is the larger."""
    order = np.argsort(-size, kind="stable")
    sums = np.cumsum(size[order], dtype=np.float64)
    before = np.empty(len(size))
    before[order] = (sums - size[order]) / max(sums[-1:].sum(), np.finfo(np.float64).tiny)
    return before


def _entries(matrix: BlockMatrix) -> sparse.coo_matrix:
    inside = sparse.coo_matrix(matrix.inside)
    outside = matrix.outside.tocoo()
    row = np.concatenate([matrix.items[inside.row], outside.row])
    column = np.concatenate([matrix.items[inside.col], outside.col])
    parts = np.concatenate([inside.data, outside.data]), (row, column)
    return sparse.coo_matrix(parts, shape=outside.shape)


@dataclass(frozen=True)
class CompactableModel:
    """A model whose matrices can be made smaller.

    Attributes:
        model: as it was learned.
        prunable: matrices of which a part can be left out, by name: of the shared model that of their channel, of a
            platform's with the name of the platform after an @.
    """

    model: AdditiveModel
    prunable: Mapping[str, Prunable | Narrowable]

    @classmethod
    def of(cls, model: AdditiveModel) -> Self:
        """A model with the models of its platforms."""
        found = {name: smaller(matrix) for name, matrix in _named_matrices(model).items()}
        return cls(model, {name: one for name, one in found.items() if one is not None})

    def with_shares(self, shares: Shares) -> AdditiveModel:
        """The model with these shares of its prunable matrices, 1 where none is given."""
        named = _named_matrices(self.model)
        return _with_matrices(self.model, {name: self._made(shares, name, matrix) for name, matrix in named.items()})

    def _made(self, shares: Shares, name: str, matrix: ItemMatrix) -> ItemMatrix:
        return self.prunable[name].with_share(shares.get(name, 1.0)) if name in self.prunable else matrix

    @property
    def silent(self) -> frozenset[str]:
        """Prunable matrices whose channels are closed for all items and histories."""
        heard = set(_heard(self.model, ""))
        for platform, target in self.model.targets.items():
            heard |= set(_heard(target, platform))
        return frozenset(self.prunable.keys() - heard)


def _heard(model: AdditiveModel, platform: str) -> list[str]:
    """Matrices of the channels that are open for any."""
    gates = model.gates
    opens = gates.by_history.channels.any(axis=(0, 1)) | (gates.cold.channels != 0)
    return [_name(channel.name, platform) for channel, is_open in zip(model.channels, opens, strict=True) if is_open]


def _name(channel: str, platform: str) -> str:
    """The name of a channel's matrix: one that reads another platform has that of the shared model."""
    base, reads_another, _ = channel.partition(FROM)
    return base if reads_another or not platform else f"{channel}@{platform}"


def _named_matrices(model: AdditiveModel) -> dict[str, ItemMatrix]:
    named = {_name(channel.name, ""): channel.matrix for channel in model.channels}
    for platform, target in model.targets.items():
        for channel in target.channels:
            named.setdefault(_name(channel.name, platform), channel.matrix)
    return named


def _with_matrices(model: AdditiveModel, named: Mapping[str, ItemMatrix]) -> AdditiveModel:
    def of(one: AdditiveModel, platform: str) -> AdditiveModel:
        matrices = [named[_name(channel.name, platform)] for channel in one.channels]
        channels = (replace(channel, matrix=matrix) for channel, matrix in zip(one.channels, matrices, strict=True))
        return replace(one, channels=tuple(channels))

    return replace(of(model, ""), targets={name: of(target, name) for name, target in model.targets.items()})
