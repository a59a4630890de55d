"""A history that was read is kept while nobody writes, and only so many are."""

from __future__ import annotations

import pytest

from kgrec.data.dataset import Interactions
from kgrec.data.records import Interaction
from kgrec.graph import GraphStore
from kgrec.recommendation import Recommender
from kgrec.recommendation.kept_histories import KeptHistories


def of_length(n: int) -> Interactions:
    return Interactions.of_pairs([0] * n, range(n))


def test_only_the_same_version_is_the_same() -> None:
    kept = KeptHistories()
    past = of_length(3)
    kept.put("ann", (1, 4), past)
    assert kept.get("ann", (1, 4)) is past
    assert kept.get("ann", (1, 5)) is kept.get("ben", (1, 4)) is None
    kept.put("ben", None, past)
    assert kept.get("ben", None) is None


def test_the_oldest_make_room() -> None:
    kept = KeptHistories(most=100)
    for user in ("ann", "ben", "cid"):
        kept.put(user, 1, of_length(20))
        kept.get("ann", 1)
    assert [kept.get(user, 1) is not None for user in ("ann", "ben", "cid")] == [True, False, True]
    kept.put("dan", 1, of_length(200))
    assert not any(kept.get(user, 1) for user in ("ann", "ben", "cid", "dan"))


def test_a_history_is_read_again_after_a_write(
    films: Recommender, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    read = store.history

    def history(user: str) -> list[Interaction]:
        asked.append(user)
        return read(user)

    monkeypatch.setattr(store, "history", history)
    first = films.state_of("ann")
    assert films.state_of("ann") == first
    assert asked == ["ann"]
    store.upsert_interactions([Interaction("WATCHED", "ann", "empire", "watch", time=99.0)])
    assert films.state_of("ann").digest != first.digest
    assert asked == ["ann", "ann"]
    monkeypatch.setattr(store, "version", lambda: None)  # as on a server
    films.state_of("ann")
    films.state_of("ann")
    assert len(asked) == 4
