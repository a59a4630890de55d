"""What is kept no longer goes, some at a time; what is newer, a position or of another kind stays."""

from __future__ import annotations

import pytest

from kgrec.data.records import Interaction
from kgrec.graph import expired_interactions
from kgrec.schema.retention import Expiry
from tests.support.bundles import FILMS, film_store

NOW = 1.7e9


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_what_is_kept_no_longer_goes(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(expired_interactions, "AT_ONCE", at_once)
    with film_store() as store:
        old = [Interaction("WATCHED", "ann", film, "watch", "cinema", NOW - 1 - n) for n, film in enumerate(FILMS[:5])]
        kept = [
            Interaction("WATCHED", "ann", "alien", "watch", "cinema", NOW),
            Interaction("WATCHED", "ann", "alien", "watch", "cinema", None),
            Interaction("WATCHED", "ann", "alien", "view", "cinema", NOW - 9),
        ]
        before = store.counts().interactions["WATCHED"]  # at positions
        store.upsert_interactions([*old, *kept])
        assert store.delete_expired(Expiry("WATCHED", ("buy",), (), NOW)) == 0
        assert store.delete_expired(Expiry("WATCHED", (), ("view",), NOW)) == 5
        assert store.delete_expired(Expiry("WATCHED", (), ("view",), NOW)) == 0
        assert store.counts().interactions["WATCHED"] == before + 3
        assert store.delete_expired(Expiry("WATCHED", ("view",), (), NOW)) == 1
        assert [one.time for one in store.history("ann")] == [1.0, 2.0, NOW, None]
