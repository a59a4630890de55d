"""The classes of item matrices by name."""

from __future__ import annotations

import pytest

from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.int8_matrices import LowRankInt8Matrix, SparseInt8Matrix
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.matrix_kinds import matrix_class
from kgrec.scoring.path_matrix import PathMatrix


def test_own_kinds() -> None:
    own = [SparseMatrix, LowRankMatrix, PathMatrix, BlockMatrix, SparseInt8Matrix, LowRankInt8Matrix]
    kinds = ("sparse", "low_rank", "paths", "block", "sparse_int8", "low_rank_int8")
    assert [matrix_class(kind) for kind in kinds] == own


def test_a_kind_that_nobody_has() -> None:
    with pytest.raises(ValueError, match="no kind of item matrix 'dense', there are sparse, low_rank"):
        matrix_class("dense")
