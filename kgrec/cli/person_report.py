"""Everything about one person as plain data that they can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.people_in_bundle import PeopleInBundle
from kgrec.graph.store import GraphReader
from kgrec.graph.store_types import AboutUser
from kgrec.live.event_log import EventLog
from kgrec.recommendation.fold_in import PastInteraction, past_interactions

if TYPE_CHECKING:
    from kgrec.service.api_keys import KeyRing

FORMAT = 1
"""Version of the report's form, kept in it."""

_TIMES = ("time", "arrived")
_EARLIEST_S, _LATEST_S = 1e8, 1e11


def person_report(
    ids: Sequence[str],
    *,
    store: GraphReader,
    bundle: PeopleInBundle,
    log: EventLog | None,
    ring: KeyRing | None,
    forgotten: bool,
    not_searched: Sequence[str],
) -> dict[str, Any]:
    """The report: what each place holds of a user, with names of items and times that people can read.

    Args:
        ids: by which they may be known, of all accounts, first as it was asked.

    Returns:
        ``graph`` (of each account properties, interactions, facts and published_lists), ``events`` as they were
        reported, ``api_keys`` without anything secret, ``bundles`` (what each version of a learned model keeps of
        them), ``forgotten``, and ``not_searched``.
    """
    reported = [] if log is None else [row for uid in ids for row in log.everything_of(uid)]
    return {
        "format": FORMAT,
        "user": ids[0],
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
        "kgrec": version("kgrec"),
        "forgotten": forgotten,
        "graph": [_in_graph(about, store.url) for uid in ids if (about := store.about_user(uid)) is not None],
        "events": [_readable(row) for row in reported],
        "api_keys": [] if ring is None else [key.about for key in ring.keys if key.user in ids],
        "bundles": [kept for folder in bundle.folders() if (kept := _kept(folder, ids)) is not None],
        "not_searched": list(not_searched),
    }


def entries(report: Mapping[str, Any]) -> int:
    """How much a report holds: a node, a relationship, an event, a key or what a bundle keeps is one."""
    parts = ("interactions", "facts", "published_lists")
    in_graph = sum(1 + sum(len(account[part]) for part in parts) for account in report["graph"])
    kept = sum(1 + len(bundle["interactions"]) for bundle in report["bundles"])
    return in_graph + len(report["events"]) + len(report["api_keys"]) + kept


def _in_graph(about: AboutUser, where: str) -> dict[str, Any]:
    return {
        "where": where,
        "properties": dict(about.node),
        "interactions": [_readable(row) for row in about.interactions],
        "facts": [dict(row) for row in about.facts],
        "published_lists": [dict(row) for row in about.lists],
    }


def _kept(folder: Path, ids: Sequence[str]) -> dict[str, Any] | None:
    """What a bundle keeps of a user; None where it does not know them."""
    bundle = Bundle.load(folder)
    row = next((row for uid in ids if (row := bundle.user_row(uid)) is not None), None)
    if row is None:
        return None
    past = past_interactions(bundle.interactions.select(bundle.interactions.user == row), bundle)
    rows = [_readable(_as_row(one, bundle)) for one in past]
    return {"where": str(folder), "created": bundle.manifest.created, "interactions": rows}


def _as_row(one: PastInteraction, bundle: Bundle) -> dict[str, Any]:
    row = bundle.items.row(one.item)
    name = None if row is None else bundle.names[row]
    what = {part: getattr(one, part) for part in ("kind", "platform", "time", "weight")}
    return {"item": one.item, "name": name, **what}


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same with moments as ISO times beside their numbers; what is absent is left out."""
    made = {}
    for name, value in row.items():
        if value is None:
            continue
        made[name] = value
        if name in _TIMES and isinstance(value, int | float) and _EARLIEST_S <= value <= _LATEST_S:
            made[f"{name}_iso"] = datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
    return made
