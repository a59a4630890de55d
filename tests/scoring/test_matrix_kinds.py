"""The classes of item matrices by name."""

from __future__ import annotations

import pytest

from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.matrix_kinds import matrix_class
from kgrec.scoring.path_matrix import PathMatrix


def test_own_kinds() -> None:
    own = [SparseMatrix, LowRankMatrix, PathMatrix, BlockMatrix]
    assert [matrix_class(kind) for kind in ("sparse", "low_rank", "paths", "block")] == own


def test_a_kind_that_nobody_has() -> None:
    with pytest.raises(ValueError, match="no kind of item matrix 'dense', there are sparse, low_rank"):
        matrix_class("dense")
