"""A bundle brought up to date with its graph, and refused where it finds less than the live one.

What is in closed form is made anew, what was trained stays (:mod:`kgrec.learn.refresh`). The newest fifth of what was
done since is not learned from: on it the new model is compared with the one that answers now. What goes live is what
was compared; histories have everything, as always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Dataset
from kgrec.errors import UpdateRefusedError
from kgrec.evaluation.live_comparison import LiveComparison, compare_with_live, hold_out_newest, is_new
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.refresh import refresh, settings_of
from kgrec.progress import Progress

LEVEL = 0.95
"""Of all comparisons together: an update that is no worse anywhere is refused once in forty times at most."""


@dataclass(frozen=True)
class UpdateReport:
    """What an update took in, and how the new model compares with the one before it.

    Attributes:
        interactions: of a user with an item that they had nothing to do with before.
        users, items: who and what came since.
        gone: items that are not in the graph any more.
        comparison: on what of it was held out.
        bundle: the new one.
        platforms: comparisons of the lists of each platform that has a model of its own.
    """

    interactions: int
    users: int
    items: int
    gone: int
    comparison: LiveComparison
    bundle: Bundle
    platforms: Mapping[str, LiveComparison] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for ``--json`` and the manifest."""
        counts = {"interactions": self.interactions, "users": self.users, "items": self.items, "gone": self.gone}
        of_platforms = {name: one.as_dict() for name, one in self.platforms.items()}
        return {
            "new": counts,
            "comparison": self.comparison.as_dict(),
            **({"platforms": of_platforms} if of_platforms else {}),
        }


def updated(dataset: Dataset, old: Bundle, progress: Progress) -> UpdateReport:
    """Report of an update with the new bundle, which is nowhere saved yet.

    Args:
        dataset: what the graph of the bundle holds today.
        old: answers now.

    Raises:
        UpdateRefusedError: the new model finds less of the newest than the live one, beyond chance.
        BundleError: it cannot be brought up to date, see :func:`kgrec.learn.refresh.refresh`.
    """
    making, measuring = progress.parts(10, 1)
    config, _ = settings_of(old)
    train, held = hold_out_newest(dataset, old)
    known = dataset.with_interactions(train, held if len(held) else None)
    refreshed = refresh(known, old, making.named("Update"))
    measuring.named("Compare")("with the live model", 0)
    names = "", *refreshed.model.targets
    level = 1 - (1 - LEVEL) / len(names)
    comparisons = {name: compare_with_live(old, refreshed.model, known, held, name, level) for name in names}
    for name, comparison in comparisons.items():
        if comparison.is_worse:
            raise _refused(comparison, old, name)
    said = old.manifest
    fresh = to_bundle(dataset, refreshed, config, schema=said.schema, graph_id=said.graph_id)
    report = _report(dataset, old, comparisons, fresh)
    kept = {name: value for name, value in said.metrics.items() if name not in fresh.manifest.metrics}
    metrics = {**fresh.manifest.metrics, **kept, "update": {"of": old.version, **report.as_dict()}}
    manifest = replace(fresh.manifest, metrics=metrics, forgotten=said.forgotten)
    return replace(report, bundle=replace(fresh, manifest=manifest))


def _report(dataset: Dataset, old: Bundle, comparisons: Mapping[str, LiveComparison], fresh: Bundle) -> UpdateReport:
    return UpdateReport(
        interactions=int(np.count_nonzero(is_new(dataset.interactions, dataset, old))),
        users=int((old.users.rows(list(dataset.users)) < 0).sum()),
        items=int((old.items.rows(list(dataset.items)) < 0).sum()),
        gone=int((dataset.items.rows(list(old.items)) < 0).sum()),
        comparison=comparisons[""],
        platforms={name: one for name, one in comparisons.items() if name},
        bundle=fresh,
    )


def _refused(comparison: LiveComparison, old: Bundle, platform: str) -> UpdateRefusedError:
    return UpdateRefusedError(
        "the updated model finds less of the newest than the live one.",
        where=f"lists of {platform}" if platform else None,
        found=comparison.in_words,
        expected=f"no less than the live model, for {comparison.users} users",
        next=f"version {old.version} answers on; look at what was imported since, or train again",
    )
