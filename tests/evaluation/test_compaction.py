"""Compacting: whose newest item is hidden, what the search finds, and when it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import HIDES, Interactions
from kgrec.errors import BundleError, CompactionRefusedError
from kgrec.evaluation.compaction import ENOUGH, Compared, Hidden, compacted
from kgrec.evaluation.model_card import model_card
from kgrec.progress import silent
from kgrec.recommendation import Recommender
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.bundles import bundle_of, random_bundle

USERS, ITEMS = 60, 12


def _bundle() -> Bundle:
    """Everybody took five items from u on: a chain says so, and murmurs of all else; a closed channel shouts."""
    murmur = np.random.default_rng(0).random((ITEMS, ITEMS)) * 0.02
    chain = np.eye(ITEMS, k=1) + np.eye(ITEMS, k=1 - ITEMS) + murmur
    vectors = np.random.default_rng(1).normal(size=(ITEMS, 2)).astype(np.float32) * 1e-3
    channels = (
        Channel("behaviour", SparseMatrix(sparse.csr_matrix(chain.astype(np.float32)))),
        Channel("short_term", SparseMatrix(sparse.csr_matrix(9 * murmur.astype(np.float32)))),
        Channel("semantic", LowRankMatrix(vectors, vectors), unit=1.0),
    )
    gates = Gates.common(np.array([1.0, 0.0, 0.5]), 0.0)
    model = AdditiveModel(channels, gates, np.zeros(ITEMS, np.float32), np.zeros(ITEMS, bool))
    user, step = np.repeat(np.arange(USERS), 5), np.tile(np.arange(5), USERS)
    return bundle_of(model, Interactions.of_pairs(user, (user + step) % ITEMS, step.astype(float)), USERS)


def test_the_newest_items_are_hidden_with_all_that_was_done_with_them() -> None:
    """Two users of ten items each, who took two of them last; one of these was taken before, too, and then hidden."""
    user, item = np.repeat([0, 1], 10), np.tile(np.arange(10), 2)
    done = Interactions.of_pairs(np.r_[user, 0, 1], np.r_[item, 8, 3], np.r_[np.tile(np.arange(10.0), 2), -1.0, 20.0])
    done = replace(done, says=np.r_[np.ones(21, np.int8), np.int8(HIDES)])
    hidden = Hidden.of(bundle_of(_bundle().model, done, 3))
    assert [row.indices.tolist() for row in hidden.wanted] == [[8, 9], [8, 9]]
    assert hidden.past.item.tolist() == [*range(8), *range(8), 3]
    assert hidden.asked.at.tolist() == [-1.0, 8.0]


def test_without_times_any_are_hidden_and_users_are_spread() -> None:
    user = np.repeat(np.arange(10), 5)
    untimed = bundle_of(_bundle().model, Interactions.of_pairs(user, np.tile(np.arange(5), 10)), 10)
    hidden = Hidden.of(untimed, most=4)
    assert np.diff(hidden.wanted.indptr).tolist() == [1] * 4  # of every third of ten
    assert np.bincount(hidden.past.user).tolist() == [4] * 4


def test_a_comparison_by_hand() -> None:
    wanted = sparse.csr_matrix(np.eye(12)[[3, 4]])
    hidden = Hidden(Interactions.of_pairs([], []), wanted, Hidden.of(_bundle()).asked)
    before, after = np.array([[3, 1, 2], [1, 4, -1]]), np.array([[1, 2, 3], [1, 4, -1]])
    compared = Compared.of(hidden, before, after)
    second = 1 / np.log2(3)
    assert (compared.users, compared.same) == (2, 1.0)
    np.testing.assert_allclose([compared.before, compared.after], [(1 + second) / 2, (0.5 + second) / 2])
    np.testing.assert_allclose(compared.loss, 0.5 / (1 + second))
    np.testing.assert_allclose(compared.loss_at_most, (0.25 + 0.25 / np.sqrt(2)) / ((1 + second) / 2))
    assert Compared.of(hidden, before, np.array([[3, 5, 6], [1, 4, -1]])).same == 3 / 5


def test_what_only_murmurs_goes_and_lists_stay(tmp_path: Path) -> None:
    bundle = _bundle()
    done = compacted(bundle, 0.0, silent)
    assert done.shares["short_term"] == 0.0  # closed: nobody hears it
    behaviour, short_term, semantic = (channel.matrix.arrays() for channel in done.bundle.model.channels)
    assert len(short_term["whole"]) == 0
    assert len(behaviour["whole"]) == ITEMS, "the chain alone"
    assert set(semantic) == {"source.whole", "source.scale", "target.whole", "target.scale"}
    assert (done.compared[""].users, done.compared[""].loss) == (USERS, 0.0)
    done.bundle.save(tmp_path / "b")
    read = Bundle.load(tmp_path / "b")
    assert read.manifest.compacted["max_loss"] == 0.0
    assert read.manifest.compacted["share that stays"] == done.shares
    assert model_card(read)["compacted"] == read.manifest.compacted
    after, before = (Recommender(one).explain("u3", "i5") for one in (read, bundle))
    for one in (before, after):
        np.testing.assert_allclose(one.constant + sum(part.value for part in one.reasons), one.score, atol=1e-5)


def test_more_loss_leaves_less() -> None:
    sizes = []
    for max_loss in (0.0, 0.3, 1.0):
        done = compacted(random_bundle(np.random.default_rng(4), n_users=80, n=900), max_loss, silent)
        assert all(one.loss_at_most <= max_loss for one in done.compared.values())
        sizes.append(sum(one.nbytes for of in done.bundle.model.channels for one in of.matrix.arrays().values()))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


def test_what_loses_too_much_is_refused() -> None:
    bundle = _bundle()
    alike = np.full((ITEMS, 1), 1000.0)  # in whole numbers of this row nothing else is left, and ties go by row
    next_one = np.hstack([np.ones((ITEMS, 1)), np.roll(np.eye(ITEMS), 1, axis=1)]).astype(np.float32)
    only = LowRankMatrix(next_one, np.hstack([alike, 0.1 * np.eye(ITEMS)]).astype(np.float32))
    channels = *bundle.model.channels[:2], replace(bundle.model.channels[2], matrix=only)
    model = replace(bundle.model, channels=channels)
    model = replace(model, gates=Gates.common(np.array([0.0, 0.0, 1.0]), 0.0))
    with pytest.raises(CompactionRefusedError, match="loses too much") as caught:
        compacted(replace(bundle, model=model), 0.005, silent)
    assert caught.value.exit_code == 7
    assert "at most 0.5 %" in str(caught.value)


def test_a_compacted_bundle_and_one_without_users_are_refused() -> None:
    with pytest.raises(BundleError, match="is a compacted one"):
        compacted(compacted(_bundle(), 0.0, silent).bundle, 0.0, silent)
    few = bundle_of(_bundle().model, Interactions.of_pairs([0, 0, 1], [0, 1, 2]), USERS)
    with pytest.raises(BundleError, match="nobody to compare") as caught:
        compacted(few, 0.0, silent)
    assert f"at least {ENOUGH}" in str(caught.value)
