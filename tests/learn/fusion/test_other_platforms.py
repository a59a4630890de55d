"""What other platforms count: all where they tell what is taken, nothing where they tell nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.fusion.other_platforms import OtherPlatforms, weights_of_others
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel

N_USERS, N = 120, 12
FILMS, MUSIC, BOOKS = np.arange(N), N + np.arange(N), 2 * N + np.arange(3 * N)


def matrix(entries: dict[tuple[int, int], float]) -> SparseMatrix:
    rows, columns = np.array(list(entries)).T
    return SparseMatrix(
        sparse.csr_matrix((list(entries.values()), (rows, columns)), shape=(5 * N, 5 * N), dtype=np.float32)
    )


def found(film_tells: float, sources: tuple[str, ...] = ("films", "music")) -> OtherPlatforms:
    """Everybody took a film, a record and a book, and takes the book next that goes with the film, or any other one."""
    rng = np.random.default_rng(0)
    film, record, book = rng.integers(0, N, N_USERS), rng.integers(0, N, N_USERS), rng.integers(0, N, N_USERS)
    goes_with = rng.random(N_USERS) < film_tells
    wanted = np.where(goes_with, BOOKS[N + film], BOOKS[rng.integers(N, 3 * N, N_USERS)])
    user = np.arange(N_USERS)
    train = Interactions.of_pairs(np.tile(user, 3), np.r_[FILMS[film], MUSIC[record], BOOKS[book]])
    platform = np.repeat([0, 1, 2], N_USERS)
    train = replace(train, platform=platform, platforms=("films", "music", "books"))
    valid = replace(Interactions.of_pairs(user, wanted), platforms=("books",))
    noise = {(int(a), int(b)): float(rng.random()) for a in range(5 * N) for b in BOOKS if a != b}
    tells = {(f, int(BOOKS[N + f])): 1.0 for f in range(N)}
    cold = np.ones(5 * N, bool)
    cold[BOOKS] = False
    channel = Channel("behaviour", matrix(noise), HistoryWeights(platform="books"))
    own = AdditiveModel((channel,), Gates.common(np.ones(1), 0.1), np.zeros(5 * N, np.float32), cold, platform="books")
    says = {"films": matrix(tells), "music": matrix(noise)}
    others = {
        name: [Channel(f"behaviour_from_{name}", says[name], HistoryWeights(platform=name), unit=0.2)]
        for name in sources
    }
    return weights_of_others(own, others, np.ones(1), train, valid, N_USERS, seed=0)


def test_a_platform_that_tells_counts_and_one_that_does_not_is_closed() -> None:
    result = found(film_tells=0.9)
    assert result.gates["films"].max() > 0.3
    assert not result.gates["music"].any()
    assert result.ndcg > result.ndcg_alone + 0.5
    assert result.users == N_USERS


def test_what_tells_nothing_is_closed_though_it_fits_those_who_chose() -> None:
    result = found(film_tells=0.0)
    assert not any(gates.any() for gates in result.gates.values())
    assert result.ndcg == result.ndcg_alone


def test_a_gain_that_may_be_chance_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def by_chance(gain: Array, errors: float = 2.0) -> bool:
        asked.append((float(gain.mean()), errors))
        return False

    monkeypatch.setattr("kgrec.learn.fusion.other_platforms.beyond_chance", by_chance)
    result = found(film_tells=0.9)
    assert not any(gates.any() for gates in result.gates.values())
    assert [errors for _, errors in asked] == [1.0]
    assert asked[0][0] > 0.5


@pytest.mark.parametrize("source", ["films", "music"])
def test_one_other_platform_has_the_weight_of_its_channels(source: str) -> None:
    result = found(0.9, (source,))
    assert result.gates[source].any() == (source == "films")
    if source == "films":
        assert result.ndcg_equal > result.ndcg_alone


def test_no_other_platform_is_no_weight() -> None:
    assert found(0.9, ()).gates == {}
