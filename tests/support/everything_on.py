"""A small shop with everything on: graph, lists written back, bundle with versions, event log, keys, checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.data.dataset import Interactions
from kgrec.data.records import Interaction
from kgrec.live.event import Event
from kgrec.live.event_log import EventLog
from kgrec.recommendation.publishing import publish
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from tests.support.bundles import FILMS, film_bundle, film_store

PEOPLE = tuple(f"customer-{number:03}" for number in range(6))
PLACES = ("--events", "events.db", "--keys", "kgrec.keys")
"""What a command is told beside the usual places."""


def everything_on(url: str = "kglite:kgrec.kgl", people: tuple[str, ...] = PEOPLE) -> None:
    """Write it into this folder; everybody did two things, and an event of each is in the log."""
    taken = [(user, row, (row + step) % 5) for row, user in enumerate(people) for step in (0, 2)]
    with film_store(users=people, url=url) as store:
        store.upsert_interactions(
            [Interaction("WATCHED", user, FILMS[item], "watch", "cinema", 10.0 + row) for user, row, item in taken]
        )
        store.checkpoint()
        past = Interactions.of_pairs([row for _, row, _ in taken], [item for *_, item in taken], np.arange(len(taken)))
        learned = film_bundle(store.schema, store.graph_id, users=people)
        learned = replace(learned, interactions=replace(past, kinds=("watch",), platforms=("cinema",)))
        for day in (1, 2):
            made = replace(learned.manifest, created=f"2026-01-{day:02}")
            replace(learned, manifest=made).save("kgrec.bundle")
            versions = BundleVersions("kgrec.bundle")
            versions.use(versions.take_in())
        publish(learned, store, k=3, similar=2, grace_s=0)
    Path("kgrec.bundle.checkpoint").mkdir()
    Path("kgrec.bundle.checkpoint/state.json").write_text("{}")
    with EventLog("events.db") as log:
        log.append([_event(number, user, "blade") for number, user in enumerate(people)])
        log.append([replace(_event(f"odd {user}", user, "none"), aside="item unknown") for user in people[:3]])
    ring = KeyRing.empty()
    for user in people[:2]:
        ring, _ = ring.with_new(f"key of {user}", [Scope.READ], user=user)
    ring, _ = ring.with_new("the shop", [Scope.READ])
    ring.save("kgrec.keys")


def _event(id: object, user: str, item: str) -> Event:
    return Event(str(id), Interaction("WATCHED", user, item, "watch", "cinema", 500.0, 1.0))
