"""What every item-item matrix must fulfil, so that a score stays the sum of its contributions."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import ItemMatrix
from kgrec.scoring.matrix_kinds import matrix_class
from kgrec.scoring.model import AdditiveModel, Channel

N_ITEMS = 9
_SUM = 1e-5


class ItemMatrixContract:
    """Tests of an item-item matrix; a subclass whose name starts with ``Test`` has the fixture ``matrix`` to test.

    It is of ``N_ITEMS`` items, and not all of its entries are 0.

    .. code-block:: python

        class TestMyMatrix(ItemMatrixContract):
            @pytest.fixture
            def matrix(self) -> ItemMatrix:
                return MyMatrix.of(N_ITEMS)
    """

    def test_scores_are_sums_of_its_block(self, matrix: ItemMatrix) -> None:
        history, everything = _histories(), np.arange(N_ITEMS)
        block = matrix.block(everything, everything)
        assert block.shape == (N_ITEMS, N_ITEMS)
        assert block.any(), "a matrix of zeros tests nothing"
        np.testing.assert_allclose(matrix.scores(history), history @ block, atol=_SUM, rtol=_SUM)

    def test_a_block_is_cut_by_row_and_column(self, matrix: ItemMatrix) -> None:
        everything = np.arange(N_ITEMS)
        rows, columns = everything[::-2], everything[1:]
        whole = matrix.block(everything, everything)
        np.testing.assert_allclose(matrix.block(rows, columns), whole[np.ix_(rows, columns)], atol=_SUM)

    def test_an_item_says_nothing_of_itself(self, matrix: ItemMatrix) -> None:
        everything = np.arange(N_ITEMS)
        assert not np.diagonal(matrix.block(everything, everything)).any()
        alone = matrix.scores(sparse.identity(N_ITEMS, format="csr"))
        assert not np.diagonal(alone).any()

    def test_scores_are_in_the_type_of_the_histories(self, matrix: ItemMatrix) -> None:
        for dtype in (np.float32, np.float64):
            scores = matrix.scores(_histories().astype(dtype))
            assert scores.dtype == dtype
            assert scores.shape == (6, N_ITEMS)

    def test_an_empty_history_says_nothing(self, matrix: ItemMatrix) -> None:
        assert not matrix.scores(sparse.csr_matrix((2, N_ITEMS))).any()

    def test_restricted_to_some_items_it_says_the_same_of_them(self, matrix: ItemMatrix) -> None:
        kept = np.arange(N_ITEMS)[::-1][: N_ITEMS // 2 + 1]
        places = np.arange(len(kept))
        few = matrix.restricted_to(kept)
        np.testing.assert_allclose(few.block(places, places), matrix.block(kept, kept), atol=_SUM)

    def test_it_comes_back_from_its_arrays(self, matrix: ItemMatrix) -> None:
        everything, arrays = np.arange(N_ITEMS), matrix.arrays()
        assert all(isinstance(array, np.ndarray) and array.dtype.kind in "biuf" for array in arrays.values())
        again = type(matrix).from_arrays(arrays, N_ITEMS)
        np.testing.assert_allclose(
            again.block(everything, everything), matrix.block(everything, everything), atol=_SUM, rtol=_SUM
        )

    def test_a_bundle_finds_its_class_by_its_kind(self, matrix: ItemMatrix) -> None:
        assert matrix_class(matrix.kind) is type(matrix)

    def test_contributions_add_up_to_the_score(self, matrix: ItemMatrix) -> None:
        for is_cold in (np.zeros(N_ITEMS, np.bool_), np.arange(N_ITEMS) >= 5):
            gates = Gates.common(np.array([0.8, 0.5]), 0.3, cold_items=0.7, cold_offset=0.2)
            channels = (Channel("one", matrix), Channel("other", matrix))
            model = AdditiveModel(channels, gates, np.linspace(-1.0, 1.0, N_ITEMS), is_cold)
            past = Interactions.of_pairs(np.zeros(3, np.int64), np.array([0, 4, 8]))
            parts = model.contributions(past, np.arange(N_ITEMS))
            scores = model.scores(model.histories(past, 1))[0]
            np.testing.assert_allclose(parts.scores, scores, atol=_SUM, rtol=0)


def _histories() -> sparse.csr_matrix:
    """Weights of six users' histories, each of about half of the items."""
    rng = np.random.default_rng(0)
    weights: Array = rng.random((6, N_ITEMS)) * (rng.random((6, N_ITEMS)) < 0.5)
    return sparse.csr_matrix(weights)
