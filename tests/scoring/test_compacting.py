"""Which entries of a model's matrices stay, and that what is left is scored and explained as any model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.scoring import retrieval
from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.channel_names import FROM
from kgrec.scoring.compacting import CompactableModel, Narrowable, Prunable, smaller
from kgrec.scoring.gates import Gates
from kgrec.scoring.int8_matrices import LowRankInt8Matrix
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.retrieved import Retrieved
from tests.support.bundles import random_model
from tests.support.paths import random_paths

ROWS = np.array([[9.0, 3, -2, 1, 0.5, 0.5], [0, 0, 0, 0, 0, 0], [1, 1, 0, 1, 1, 1], *np.eye(6)[3:]], np.float32)
"""Row 0 says 7 of others, row 2 says five times the same; what stands on the diagonal is of no account."""


def kept(matrix: ItemMatrix, share: float) -> list[list[int]]:
    prunable = Prunable.of(matrix)
    assert prunable is not None
    block = prunable.with_share(share).block(np.arange(6), np.arange(6))
    return [np.flatnonzero(row).tolist() for row in block[[0, 1, 2]]]


@pytest.mark.parametrize(
    ("share", "of_first"),
    [(1.0, [1, 2, 3, 4, 5]), (0.9, [1, 2, 3, 4]), (0.7, [1, 2]), (0.43, [1, 2]), (0.42, [1]), (0.0, [])],
)
def test_the_largest_stay_until_they_make_up_the_share(share: float, of_first: list[int]) -> None:
    assert kept(SparseMatrix(sparse.csr_matrix(ROWS)), share)[:2] == [of_first, []]


def test_a_table_is_pruned_as_a_list_is() -> None:
    weights = sparse.csr_matrix(np.abs(np.random.default_rng(0).normal(size=(6, 6))).astype(np.float32))
    table = BlockMatrix.of(weights)
    assert table is not None
    for share in (1.0, 0.6, 0.2):
        assert kept(table, share) == kept(SparseMatrix(weights), share)
    beyond = replace(table, items=table.items[:5], inside=table.inside[:5, :5], outside=sparse.csr_matrix(ROWS))
    assert kept(beyond, 1.0)[2] == [0, 1, 3, 4, 5]


def test_other_matrices_stay_as_they_are() -> None:
    assert smaller(random_paths(np.random.default_rng(0), 6)) is None


@pytest.mark.parametrize(("share", "rank"), [(0.99, 3), (0.89, 2), (0.61, 2), (0.6, 1), (0.0, 0)])
def test_the_largest_directions_stay_until_they_make_up_the_share(share: float, rank: int) -> None:
    """Singular values 6, 3 and 1 of a made matrix; what is left is the one that numpy truncates."""
    rng = np.random.default_rng(1)
    left, right = (np.linalg.qr(rng.normal(size=(9, 3)))[0] for _ in range(2))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    matrix = LowRankMatrix((left * [6, 3, 1] @ turn).astype(np.float32), (right @ turn).astype(np.float32))
    found = Narrowable.of(matrix).with_share(share)
    assert found.source.shape == found.target.shape == (9, rank)
    expected = (left[:, :rank] * [6, 3, 1][:rank]) @ right[:, :rank].T
    np.testing.assert_allclose(found.source[:] @ found.target[:].T, expected, atol=0.05)


def test_of_members_that_say_the_same_one_is_left() -> None:
    rng = np.random.default_rng(2)
    source, target = rng.normal(size=(2, 20, 4)).astype(np.float32)
    target[5] = 0  # nothing is known of it
    ensemble = LowRankMatrix(np.hstack([source] * 3), np.hstack([target] * 3))
    found = Narrowable.of(ensemble).with_share(0.999)
    assert found.source.shape == (20, 4)
    np.testing.assert_allclose(found.source[:] @ found.target[:].T, 3 * source @ target.T, atol=0.2)
    assert not found.target[:][5].any()
    whole = Narrowable.of(ensemble).with_share(1.0)
    np.testing.assert_array_equal(whole.source[:], LowRankInt8Matrix.of(ensemble).source[:])


def low_rank(model: AdditiveModel, width: int) -> AdditiveModel:
    """The model whose matrices of low rank say nothing, in tables of some width."""
    zeros = LowRankMatrix(*[np.zeros((model.n_items, width), np.float32)] * 2)
    return model.with_matrices(
        [zeros if isinstance(one.matrix, LowRankMatrix) else one.matrix for one in model.channels]
    )


@pytest.mark.parametrize("least", [100, 0])
def test_a_matrix_without_a_direction_says_nothing(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "RETRIEVED_FROM", least)
    past, everything = Interactions.of_pairs(np.zeros(3, np.int64), np.arange(3)), np.ones(12, np.bool_)
    ways = set()
    for seed in range(10):
        model = random_model(np.random.default_rng(seed), 12)
        emptied, silent = (low_rank(model, width).scored(past) for width in (0, 1))
        ways.add(type(emptied.mix))
        np.testing.assert_array_equal(emptied.best(everything, 5), silent.best(everything, 5))
    assert (Retrieved in ways) is (least == 0)


def test_what_is_closed_has_no_direction_left() -> None:
    model = random_model(np.random.default_rng(0), 12)
    smaller_one = CompactableModel.of(model).with_shares({"knowledge": 0.0})
    knowledge, semantic = smaller_one.channels[1].matrix, smaller_one.channels[2].matrix
    assert isinstance(knowledge, LowRankInt8Matrix)
    assert isinstance(semantic, LowRankInt8Matrix)
    assert (knowledge.source.shape, semantic.source.shape) == ((12, 0), (12, 2))
    assert CompactableModel.of(model).prunable["knowledge"].size == 2 * 12 * 3


def test_contributions_add_up_to_the_score_of_the_smaller_model() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        model = CompactableModel.of(random_model(rng, 9)).with_shares({"behaviour": 0.6})
        assert [channel.matrix.kind for channel in model.channels[:3]] == ["sparse_int8", *["low_rank_int8"] * 2]
        past = Interactions.of_pairs(np.zeros(4, np.int64), rng.integers(0, 9, 4))
        parts = model.contributions(past, np.arange(9))
        scores = model.scores(model.histories(past, 1))[0]
        np.testing.assert_allclose(parts.scores, scores, atol=1e-5, rtol=0)


def _model(*names: str, gates: list[float]) -> AdditiveModel:
    channels = tuple(Channel(name, SparseMatrix(sparse.csr_matrix(ROWS))) for name in names)
    return AdditiveModel(channels, Gates.common(np.array(gates), 0.0), np.zeros(6, np.float32), np.zeros(6, bool))


def test_what_no_gate_opens_is_silent() -> None:
    model = CompactableModel.of(_model("behaviour", "short_term", gates=[1.0, 0.0]))
    assert model.silent == {"short_term"}
    for_cold = model.model.gates.with_cold(channels=np.array([0.0, 0.2]))
    assert CompactableModel.of(replace(model.model, gates=for_cold)).silent == frozenset()


def test_a_platform_has_matrices_of_its_own_and_shares_those_that_read_others() -> None:
    shared = _model("behaviour", gates=[0.0])
    target = _model("behaviour", f"behaviour{FROM}books", gates=[1.0, 0.5])
    shared = replace(shared, targets={"films": target})
    model = CompactableModel.of(shared)
    assert set(model.prunable) == {"behaviour", "behaviour@films"}
    assert model.silent == frozenset()  # what the shared model does not open, the platform does
    smaller = model.with_shares({"behaviour": 0.42, "behaviour@films": 0.7})
    own, of_others = (channel.matrix for channel in smaller.targets["films"].channels)
    assert of_others is smaller.channels[0].matrix
    first = np.zeros(1, np.int64)
    assert [np.count_nonzero(one.block(first, np.arange(6))) for one in (own, of_others)] == [2, 1]
