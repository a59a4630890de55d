"""A bundle without what is kept no longer: counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.bundle.without_expired import without_expired
from kgrec.data.dataset import Interactions
from kgrec.schema.retention import Expiry
from tests.support.bundles import film_bundle

NOW = 1.7e9
PAST = Interactions(
    user=np.array([0, 0, 0, 1, 1, 1, 2]),
    item=np.arange(7),
    time=np.array([NOW - 1, NOW, 5.0, NOW - 1, np.nan, NOW - 1, NOW - 1]),
    weight=np.ones(7, np.float32),
    kind=np.array([0, 0, 0, 1, 0, 0, 0]),
    platform=np.zeros(7, np.int64),
    kinds=("watch", "view"),
    types=("WATCHED", "RATED"),
    type=np.array([0, 0, 0, 0, 0, 1, 0]),
)


def left(*expired: Expiry) -> list[int]:
    items: list[int] = without_expired(replace(film_bundle(), interactions=PAST), expired).interactions.item.tolist()
    return items


def test_what_goes_and_what_stays() -> None:
    assert left(Expiry("WATCHED", (), (), NOW)) == [1, 2, 4, 5]
    assert left(Expiry("WATCHED", ("view",), (), NOW)) == [0, 1, 2, 4, 5, 6]
    assert left(Expiry("WATCHED", (), ("view",), NOW), Expiry("RATED", (), (), NOW)) == [1, 2, 3, 4]
    bundle = replace(film_bundle(), interactions=PAST)
    assert without_expired(bundle, [Expiry("LIKED", (), (), NOW), Expiry("WATCHED", (), (), 1e8)]) is bundle
    unnamed = replace(bundle, interactions=replace(PAST, types=("", ""), type=np.zeros(7, np.int64)))
    assert without_expired(unnamed, [Expiry("LIKED", (), (), NOW)]).interactions.item.tolist() == [1, 2, 4]
