"""What accounts have that few have."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.records import Interaction, NodeRecord
from kgrec.graph import open_store
from kgrec.graph.account_features import FAR, AccountFeatures
from kgrec.testing.sample_graph import SampleGraph, linked_films_schema, node


def test_rare_things_weigh_by_how_rare_they_are() -> None:
    users = [NodeRecord("User", f"u{n}", {"email": "1f"}, "lens") for n in range(4)]
    took = {"u0": ["a", "b", "c"], "u1": ["a", "b"], "u2": ["a"], "u3": ["d"]}
    done = [
        Interaction("WATCHED", user, film, "watch", "lens", 1e9 + 1e6 * n)
        for user, films in took.items()
        for n, film in enumerate(films)
    ]
    with open_store("kglite::memory:") as store:
        SampleGraph(linked_films_schema(), [*users, *(node("Film", f) for f in "abcd")], [], done).put_into(store)
        features = AccountFeatures.of(store)
    a, b, alone = np.log(4 / 3), np.log(4 / 2), np.log(4)
    assert features.has.toarray()[:, :4] == pytest.approx(
        np.array([[a, b, 0, 0], [a, b, 0, 0], [a, 0, 0, 0], [0, 0, 0, 0]]), abs=1e-12
    )
    assert features.lengths == pytest.approx([np.sqrt(a**2 + b**2 + alone**2), np.hypot(a, b), a, alone])
    things, weights = features.shared(0, 1)
    assert things.tolist() == [1, 0]
    assert weights == pytest.approx(np.array([b, a]) ** 2 / features.lengths[0] / features.lengths[1])
    _, of_day = features.shared(0, 2)
    assert of_day == pytest.approx([a**2 / features.lengths[0] / a])
    assert features.near(0, 1, 1)
    assert not features.near(0, 3, 3)
    assert features.names[:2] == ["a, which 3 of 4 accounts took", "b, which 2 of 4 accounts took"]
    assert 0 < FAR < 1
