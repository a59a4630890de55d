"""Each part of work that is done in blocks comes out the same, to the last bit, on workers of which one is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from kgrec.data.dataset import Array
from kgrec.learn.channels.ease import ease, ridge_system
from kgrec.learn.channels.linear_systems import largest_per_column
from kgrec.learn.channels.nearest_ridge import nearest_ridge
from kgrec.learn.channels.neighbours import item_knn
from kgrec.learn.encoders.cache import encode_cached
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.fusion.candidate_scores import CandidateScores
from kgrec.learn.limits import LIMITS
from kgrec.learn.named_executors import open_executor
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import rank_users
from kgrec.parallel.executor import Executor, here
from kgrec.recommendation.batch import similar_to_all
from kgrec.testing.executed_calls import LosesAWorker
from tests.learn.fusion.test_gate_search import held_out, pairs
from tests.support.bundles import film_bundle, random_interactions, random_model

N_USERS, N_ITEMS = 400, 300


@dataclass(frozen=True)
class Columns:
    """Columns of a dense matrix."""

    matrix: Array

    def __call__(self, columns: slice) -> Array:
        return self.matrix[:, columns]


def _seen() -> sparse.csr_matrix:
    return random_interactions(np.random.default_rng(0), N_USERS, N_ITEMS, 8000).matrix(N_USERS, N_ITEMS)


def _said() -> Columns:
    said = np.random.default_rng(1).random((N_ITEMS, N_ITEMS), np.float32)
    np.fill_diagonal(said, 0)
    return Columns(said)


def nearest(executor: Executor) -> list[Array]:
    rows, penalty = ridge_system(_seen(), 2.0, user_exponent=0.5)
    found = [nearest_ridge(rows, penalty, 20, instead, executor) for instead in (None, _said())]
    return [array for one in found for array in (one.data, one.indices, one.indptr)]


def over_all(executor: Executor) -> list[Array]:
    """By the inverse of the items' system, and, of fewer users than items, of the users'."""
    seen = _seen()
    found = [ease(some, 3.0, top=50, instead=_said(), executor=executor) for some in (seen, seen[:100])]
    return [array for one in found for array in (one.data, one.indices, one.indptr)]


def neighbours(executor: Executor) -> list[Array]:
    found = item_knn(_seen(), neighbours=30, user_exponent=0.5, executor=executor)
    return [found.data, found.indices, found.indptr]


def candidates(executor: Executor) -> list[Array]:
    rng = np.random.default_rng(3)
    interactions = random_interactions(rng, N_USERS, N_ITEMS, 4000)
    wanted = pairs(held_out(rng, interactions.matrix(N_USERS, N_ITEMS)))
    model = replace(random_model(rng, N_ITEMS), is_cold=np.arange(N_ITEMS) % 50 == 0)
    found = CandidateScores.of(model, interactions, wanted, N_USERS, rng, executor=executor)
    return [*found.parts, found.padding, found.hits.toarray()]


def lists(executor: Executor) -> list[Array]:
    rng = np.random.default_rng(4)
    interactions = random_interactions(rng, N_USERS, N_ITEMS, 4000)
    ranker = ModelRanker.over(random_model(rng, N_ITEMS), interactions, N_USERS)
    seen = interactions.matrix(N_USERS, N_ITEMS)
    return [rank_users(ranker, seen, np.arange(N_USERS), 10, block=50, executor=executor)]


def published(executor: Executor) -> list[Array]:
    found = similar_to_all(film_bundle(), 3, np.ones(7, np.bool_), executor=executor)
    return [found.items, found.scores]


def encoded(executor: Executor) -> list[Array]:
    texts = [f"text {'of some words ' * (number % 7)}{number}" for number in range(50)]
    return [encode_cached(HashingEncoder(16), texts, executor=executor)]


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with open_executor("processes:2") as opened:
        yield opened


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Workers have one, and dense products by several threads differ in their last digits."""
    with threadpool_limits(1):
        yield


PARTS = nearest, over_all, neighbours, candidates, lists, published, encoded


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_it_is_the_same_on_processes_of_which_one_is_killed(
    part: Callable[[Executor], list[Array]], processes: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_small(monkeypatch)
    lossy = LosesAWorker(processes, tmp_path / "killed")
    found = part(lossy)
    assert lossy.submitted > 3
    assert lossy.mark.exists(), "nobody was killed"
    assert_same(found, part(here))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_it_is_the_same_on_a_cluster(
    part: Callable[[Executor], list[Array]], ray_cluster: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_small(monkeypatch)
    assert_same(part(ray_cluster), part(here))


@pytest.mark.slow  # a worker of a cluster takes its time to be replaced
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_it_is_the_same_on_a_cluster_of_which_a_worker_is_killed(
    part: Callable[[Executor], list[Array]], ray_cluster: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_small(monkeypatch)
    lossy = LosesAWorker(ray_cluster, tmp_path / "killed")
    found = part(lossy)
    assert lossy.mark.exists(), "nobody was killed"
    assert_same(found, part(here))


def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut work that would be one block into several."""
    monkeypatch.setattr("kgrec.learn.channels.nearest_ridge._SYSTEMS", 40)
    monkeypatch.setattr("kgrec.learn.channels.linear_systems._COLUMNS", 40)
    monkeypatch.setattr("kgrec.learn.channels.linear_systems._PRODUCTS", 20_000)
    monkeypatch.setattr("kgrec.learn.fusion.candidate_scores.block_size", lambda _: 50)
    monkeypatch.setattr("kgrec.recommendation.batch._LISTS_AT_ONCE", 2)
    monkeypatch.setattr("kgrec.learn.encoders.cache._TEXTS_AT_ONCE", 8)
    monkeypatch.setenv("KGREC_CACHE", str(Path(__file__)))  # no folder: nothing is kept there
    monkeypatch.setattr("kgrec.learn.channels.neighbours.LIMITS", replace(LIMITS, dense_cosine_items=10))


def assert_same(found: list[Array], expected: list[Array]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_matrix_of_no_columns_is_empty() -> None:
    assert largest_per_column(Columns(np.zeros((3, 0), np.float32)), 3, 0, 2).shape == (3, 0)
