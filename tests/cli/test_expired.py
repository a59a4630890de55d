"""`kgrec forget --expired`: what the schema keeps no longer is gone from log, graph and bundles."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.data.dataset import Interactions
from kgrec.data.records import Interaction
from kgrec.graph import open_store
from kgrec.live.event import Event
from kgrec.live.event_log import EventLog
from tests.support.bundles import FILMS, film_bundle, film_schema, film_store
from tests.support.shop import Shell

DAY = 86_400.0


def test_what_is_older_than_it_is_kept_is_gone_everywhere(shell: Shell) -> None:
    now, schema = time.time(), film_schema()
    kept = schema.interactions["WATCHED"].model_copy(update={"keep_days": 30.0})
    schema = schema.model_copy(update={"interactions": {"WATCHED": kept}})
    done = [
        Interaction("WATCHED", "ann", film, "watch", "cinema", now - days * DAY)
        for film, days in zip(FILMS, (400, 31, 29, 1), strict=False)
    ]
    with film_store(url="kglite:kgrec.kgl") as store:
        store.upsert_interactions(done)
        bundle = film_bundle(store.schema, store.graph_id)
    past = Interactions.of_pairs([0] * 4, range(4), np.array([one.time for one in done]))
    replace(bundle, interactions=replace(past, kinds=("watch",), platforms=("cinema",))).save("kgrec.bundle")
    versions = BundleVersions("kgrec.bundle")
    versions.use(versions.take_in())
    with EventLog("events.db") as log:
        log.append([Event(str(n), one) for n, one in enumerate(done)])

    said = shell("forget", "--expired")
    assert said.code == 2
    assert "keeps everything" in said.err
    with open_store("kglite:kgrec.kgl") as store:
        store.apply_schema(schema)
    for removed in (2, 0):
        found = shell("forget", "--expired", "--events", "events.db", "--json").json["removed"]
        assert list(found.values()) == [removed, removed, 2 * removed]
    with open_store("kglite:kgrec.kgl", read_only=True) as store:
        assert [one.item for one in store.history("ann")] == ["star-wars", "alien", "alien", "aliens"]
    with EventLog("events.db") as log:
        assert [one and one.item for _, one in log.after(0, 9)] == [None, None, "alien", "aliens"]
    assert versions.live is not None
    for folder in ("kgrec.bundle", versions.folder_of(versions.live)):
        assert Bundle.load(folder).interactions.item.tolist() == [2, 3]


def test_users_or_what_has_expired(shell: Shell) -> None:
    shell.learned()
    assert shell("forget").code == 2
    assert shell("forget", "ann", "--expired").code == 2
    assert shell("inspect", "--json").json["nodes"]["User"] == 3
