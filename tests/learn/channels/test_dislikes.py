"""What speaks against an item: the ridge against dense algebra, its sign, and when there is such a channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import AGAINST, HIDES, Interactions
from kgrec.data.splits import hold_out
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.channels.dislikes import dislike_weights
from kgrec.progress import silent
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import dataset_of, genre_world


def random_pairs(rng: np.random.Generator, share: float) -> sparse.csr_matrix:
    return sparse.csr_matrix((rng.random((30, 9)) < share).astype(np.float32))


@pytest.mark.parametrize("top", [None, 3])
def test_the_weights_are_those_of_the_formula(top: int | None) -> None:
    rng = np.random.default_rng(1)
    liked, disliked = random_pairs(rng, 0.3), random_pairs(rng, 0.2)
    weights = rng.random((9, 9)) * 0.3
    x, d = liked.toarray().astype(float), disliked.toarray().astype(float)
    gram = d.T @ d
    exact = np.linalg.solve(gram + 10.0 * gram.diagonal().mean() * np.eye(9), d.T @ (x - x @ weights))
    expected = np.minimum(exact, 0.0)
    np.fill_diagonal(expected, 0.0)
    assert (expected < 0).sum() > 10
    found = dislike_weights(liked, disliked, sparse.csr_matrix(weights), top).toarray()
    if top is not None:
        smallest = np.sort(expected, axis=0)[top]  # of each column, the first that is left out
        expected[expected >= smallest] = 0.0
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_who_dislikes_c_leaves_b_alone_but_not_a() -> None:
    a, b, c = range(3)
    liked, disliked = np.zeros((4, 3), np.float32), np.zeros((4, 3), np.float32)
    liked[:, a], liked[:2, b], disliked[2:, c] = 1.0, 1.0, 1.0
    from_a = np.zeros((3, 3), np.float32)
    from_a[a, b] = 0.5  # half of those who like a like b
    weights = dislike_weights(sparse.csr_matrix(liked), sparse.csr_matrix(disliked), sparse.csr_matrix(from_a))
    assert weights[c, b] < 0
    assert weights[c, a] == 0


def test_without_dislikes_nothing_is_said() -> None:
    liked = random_pairs(np.random.default_rng(0), 0.3)
    assert dislike_weights(liked, sparse.csr_matrix((30, 9)), liked.T @ liked).nnz == 0


def against(says: int) -> Interactions:
    pairs = Interactions.of_pairs(np.arange(40), (np.arange(40) + 1) % 24)
    return replace(pairs, says=np.full(40, says, np.int8))


def test_a_data_set_with_dislikes_has_a_channel_of_them_that_reads_dislikes_only() -> None:
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=5, texts=False)
    train, held = hold_out(world.interactions)
    disliked = replace(world.with_interactions(train), against=against(AGAINST))
    learner = BehaviourChannels(disliked, None, silent)
    settings, _ = learner.choose(held.matrix(40, 24))
    channel = learner.channels(settings)[-1]
    assert (channel.name, channel.history) == ("dislikes", HistoryWeights(against=True))
    histories = channel.history.matrix(disliked.behaviour, 40, 24)
    np.testing.assert_array_equal(histories.toarray() > 0, against(AGAINST).matrix(40, 24).toarray() > 0)
    scores = channel.matrix.scores(histories)
    assert scores.max() <= 0 < -scores.min()


@pytest.mark.parametrize("says", [None, HIDES])
def test_without_dislikes_there_is_no_such_channel(says: int | None) -> None:
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=5, texts=False)
    train, held = hold_out(world.interactions)
    world = world.with_interactions(train)
    learner = BehaviourChannels(world if says is None else replace(world, against=against(says)), None, silent)
    settings, _ = learner.choose(held.matrix(40, 24))
    assert "dislikes" not in [channel.name for channel in learner.channels(settings)]


@pytest.mark.parametrize("alike", [True, False])
def test_weights_are_learned_from_all_that_users_met_where_that_finds_more(alike: bool) -> None:
    """Each user likes two items of a genre and dislikes two: of the same genre, or of the next one."""
    rng = np.random.default_rng(0)
    n_users, n_items, genres = 80, 24, 4
    user, liked, disliked = [], [], []
    for u in range(n_users):
        own = rng.permutation(np.arange(u % genres, n_items, genres))
        other = own[3:] if alike else rng.permutation(np.arange((u + 1) % genres, n_items, genres))
        user += [u] * 3
        liked += own[:3].tolist()
        disliked += other[:3].tolist()
    is_valid = np.arange(len(user)) % 3 == 2
    likes = Interactions.of_pairs(user, liked)
    world = dataset_of(likes.select(~is_valid), n_users, n_items)
    dislikes = Interactions.of_pairs(user, disliked)
    world = replace(world, against=replace(dislikes, says=np.full(len(user), AGAINST, np.int8)))
    learner = BehaviourChannels(world, None, silent)
    settings, _ = learner.choose(likes.select(is_valid).matrix(n_users, n_items))
    assert settings.from_all is alike
    weights = [learner.channels(replace(settings, from_all=flag))[0].matrix for flag in (True, False)]
    same = np.arange(n_items)[:, None] % genres == np.arange(n_items)[None, :] % genres
    across = [float(abs(matrix.block(np.arange(n_items), np.arange(n_items))[~same]).sum()) for matrix in weights]
    assert (across[0] > across[1]) is not alike
