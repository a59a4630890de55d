"""What a graph's schema keeps no longer, out of the event log, the graph and bundles."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.bundle.without_expired import without_expired
from kgrec.cli import output
from kgrec.cli.personal_places import opened_log
from kgrec.data.time_units import EARLIEST
from kgrec.errors import ConfigError
from kgrec.graph import open_store
from kgrec.graph.store import schema_of
from kgrec.schema.retention import expiries


def forget_expired(store: str, bundle: str, events: str, opened: ExitStack) -> dict[str, Any]:
    """How many interactions were removed from each place, as plain data; stopped on the way, run it again.

    Raises:
        ConfigError: the schema keeps everything, or there is no such event log.
        StoreUnavailableError: the graph cannot be reached, or another process holds it.
        BundleError: a bundle is damaged.
    """
    graph = opened.enter_context(open_store(store, create=False))
    schema = schema_of(graph)
    expired = expiries(schema, time.time())
    if not expired:
        raise ConfigError(
            "the graph's schema keeps everything.",
            where=store,
            found=f"no `keep_days` in the schema '{schema.domain}'",
            next="write it to the interaction types or kinds, and import once more: shape and data stay",
        )
    removed: dict[str, int] = {}
    if events:
        log = opened_log(events, opened)
        removed[f"event log {events}"] = sum(
            log.forget_expired(one.type, list(filter(one.is_about, log.kinds(one.type))), EARLIEST, one.before)
            for one in expired
        )
    removed[f"graph {graph.url}"] = sum(graph.delete_expired(one) for one in expired)
    graph.checkpoint()
    versions, of_bundles = BundleVersions(bundle), 0

    def changed(old: Bundle) -> Bundle:
        nonlocal of_bundles
        made = without_expired(old, expired)
        of_bundles += len(old.interactions) - len(made.interactions)
        return made

    if versions.present() is not None or versions.listed():
        versions.renew(changed)
        removed[f"bundle {bundle} with its versions"] = of_bundles
    kept = [
        {"type": one.type, "kinds": list(one.kinds), "all_but": list(one.others), "from": _iso(one.before)}
        for one in expired
    ]
    return {"kept": kept, "removed": removed}


def show_expired(found: Mapping[str, Any], as_json: bool, quiet: bool) -> None:
    """What was removed, on the terminal."""
    if as_json:
        output.print_json(found)
        return
    output.show(output.table(("interactions that are kept no longer", "removed"), found["removed"].items()))
    if not quiet:
        output.note("note: what was learned from them stays until the next `kgrec train`; sources may bring them back")


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
