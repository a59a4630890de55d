"""Fold in: the history of anybody, known or not, as the arrays that the model scores.

A user is what they did, so there is nothing to train: ids become rows, kinds and platforms become indices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import IntArray, Interactions
from kgrec.data.near_misses import longer_ids, near_miss
from kgrec.data.records import Interaction
from kgrec.errors import UnknownItemError, did_you_mean, shorten
from kgrec.graph.polarity import with_polarity
from kgrec.plain_text import folded, short
from kgrec.schema.meanings import type_of_kind
from kgrec.schema.model import GraphSchema


@dataclass(frozen=True, slots=True)
class PastInteraction:
    """One thing that somebody did.

    Attributes:
        item: id of the item.
        kind, platform: as in the data; None stands for the most frequent one that the bundle has seen.
        time: unix seconds, or a position; recency counts only where every interaction of a history has a time.
        weight: strength (stars, play count); None where unknown: it counts 1, and the kind alone says what it says.
        type: interaction type of the graph schema; None stands for the one that has the kind.

    Kind and weight say, as in the data, whether it speaks for the item, against it, or hides it.
    """

    item: str
    kind: str | None = None
    time: float | None = None
    weight: float | None = None
    platform: str | None = None
    type: str | None = None


_PARTS_OF_RECORD = attrgetter("time", "weight", "kind", "platform", "type")


def fold_in(history: Iterable[str | PastInteraction], bundle: Bundle) -> Interactions:
    """A given history as arrays, ``user`` all 0.

    Raises:
        UnknownItemError: an item is not in the bundle's catalogue.
    """
    past = [PastInteraction(entry) if isinstance(entry, str) else entry for entry in history]
    rows = [item_row(bundle, entry.item) for entry in past]
    usual_kind, usual_platform = bundle.usual
    return _arrays(
        bundle.manifest.schema,
        rows,
        [entry.time for entry in past],
        [entry.weight for entry in past],
        [usual_kind if entry.kind is None else entry.kind for entry in past],
        [usual_platform if entry.platform is None else entry.platform for entry in past],
        [entry.type for entry in past],
    )


def fold_in_records(records: Iterable[Interaction], bundle: Bundle, *, apart: bool = False) -> Interactions:
    """A history as the store keeps it; items that came after the bundle was learned are passed over.

    Args:
        apart: each is somebody else's, so that none takes another back.
    """
    known = [(row, record) for record in records if (row := bundle.items.row(record.item)) is not None]
    parts = [_PARTS_OF_RECORD(record) for _, record in known]
    columns = zip(*parts, strict=True) if parts else [()] * 5
    return _arrays(bundle.manifest.schema, [row for row, _ in known], *columns, apart=apart)


def past_interactions(past: Interactions, bundle: Bundle) -> list[PastInteraction]:
    """The same as :func:`fold_in` was given, the oldest first; where times are unknown, in their order."""
    return [
        PastInteraction(
            bundle.items[int(past.item[n])],
            past.kinds[int(past.kind[n])],
            None if np.isnan(past.time[n]) else float(past.time[n]),
            float(past.weight[n]) if past.weighed[n] else None,
            past.platforms[int(past.platform[n])],
            past.types[int(past.type[n])] or None,
        )
        for n in np.argsort(past.time, kind="stable").tolist()
    ]


def item_row(bundle: Bundle, item: str) -> int:
    """Row of an item.

    Raises:
        UnknownItemError: it is not in the bundle's catalogue.
    """
    row = bundle.items.row(item)
    if row is None:
        raise UnknownItemError(
            "there is no such item in the bundle.",
            found=shorten(item),
            expected=f"one of {len(bundle.items)} item ids",
            next=near_miss(item, bundle.items.__contains__)
            or longer_ids(item, bundle.items)
            or _ids_of_name(item, bundle)
            or did_you_mean(item, bundle.items, 3)
            or f"an item's id looks like {shorten(bundle.items[0])}; train again where it is newer than the bundle",
        )
    return row


def _ids_of_name(name: str, bundle: Bundle) -> str | None:
    """The sentence ``'1721' is the id of Titanic (1997)`` for a name, or its beginning, given in the place of an id."""
    wanted, ids = folded(name), bundle.items
    texts = (bundle.names[: len(ids)], *(names[: len(ids)] for names in bundle.names_by_language.values()))
    fits = ((row, text) for names in texts for row, text in enumerate(names) if folded(text).startswith(wanted))
    popular = bundle.model.prior  # of several films of one title, the one that most people mean
    called = {(-float(popular[row]), text, row) for row, text in fits if wanted}
    said = [f"{shorten(ids[row])} is the id of {short(text)}" for _, text, row in sorted(called)[:3]]
    return "; ".join(said) or None


def _arrays(
    schema: GraphSchema | None,
    rows: Sequence[int],
    times: Sequence[float | None],
    weights: Sequence[float | None],
    kinds: Sequence[str],
    platforms: Sequence[str],
    types: Sequence[str | None],
    *,
    apart: bool = False,
) -> Interactions:
    kind_names, kind = _numbered(kinds)
    platform_names, platform = _numbered(platforms)
    past = Interactions(
        user=np.arange(len(rows)) if apart else np.zeros(len(rows), np.int64),
        item=np.array(rows, np.int64),
        time=np.array(times, np.float64),  # nan for None
        weight=np.array(weights, np.float32),
        kind=kind,
        platform=platform,
        kinds=kind_names,
        platforms=platform_names,
    )
    if schema is None:
        return _with_known_weights(past)
    number = {type: n for n, type in enumerate(schema.interactions)}
    known = set(types) <= number.keys()
    of_kind = {} if known else {kind: number[type_of_kind(schema, kind)] for kind in kind_names}
    numbers = [number[type] if type in number else of_kind[kind] for type, kind in zip(types, kinds, strict=True)]
    return _with_known_weights(
        with_polarity(replace(past, types=tuple(number), type=np.array(numbers, np.int64)), schema)
    )


def _numbered(names: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    """The distinct names in order, and which of them each one is."""
    distinct = tuple(sorted(set(names)))
    if len(distinct) == 1:
        return distinct, np.zeros(len(names), np.int64)
    number = {name: n for n, name in enumerate(distinct)}
    return distinct, np.array([number[name] for name in names], np.int64)


def _with_known_weights(past: Interactions) -> Interactions:
    weighed = ~np.isnan(past.weight)
    return past if weighed.all() else replace(past, weight=np.nan_to_num(past.weight, nan=1.0), weighed=weighed)
