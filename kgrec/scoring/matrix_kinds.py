"""Kinds of item matrices by name: kgrec's own, and those that packages add."""

from __future__ import annotations

from typing import Any

from kgrec.data.plugins import entry_points
from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.int8_matrices import LowRankInt8Matrix, SparseInt8Matrix
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from kgrec.scoring.path_matrix import PathMatrix
from kgrec.scoring.refind_matrix import RefindMatrix

MATRIX_GROUP = "kgrec.matrices"
"""Entry points of this group are classes of item matrices, by their ``kind``."""


_OWN: tuple[type[ItemMatrix], ...] = (
    SparseMatrix,
    LowRankMatrix,
    PathMatrix,
    BlockMatrix,
    RefindMatrix,
    SparseInt8Matrix,
    LowRankInt8Matrix,
)


def matrix_class(kind: str) -> type[ItemMatrix]:
    """The class of item matrices of a kind: kgrec's own, or one that a package adds.

    Raises:
        ValueError: nobody has such a kind.
    """
    own: dict[str, type[ItemMatrix]] = {each.kind: each for each in _OWN}
    if kind in own:
        return own[kind]
    added: dict[str, Any] = {point.name: point for point in entry_points(group=MATRIX_GROUP)}
    if kind not in added:
        raise ValueError(f"no kind of item matrix {kind!r}, there are {', '.join([*own, *sorted(added)])}")
    found: type[ItemMatrix] = added[kind].load()
    return found
