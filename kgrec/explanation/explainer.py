"""Explanations: a score taken apart, with the graph's facts beside it and the exact effect of leaving one item out.

Contributions are the model's own terms (see :mod:`kgrec.scoring.model`), not an approximation after the event: they
add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.explanation.evidence_paths import ShownPath, shown_paths
from kgrec.graph.cypher.pasteable import explanation_statement
from kgrec.graph.store_link import GraphLink
from kgrec.schema.model import GraphSchema
from kgrec.scoring.channel_names import SEMANTIC
from kgrec.scoring.model import Contributions
from kgrec.scoring.top_k import rank_of

TOLERANCE = 1e-5
"""How far the parts of a score may be from the score."""

_PAST_ITEMS_WITH_PATHS = 5


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one past item adds to the score through one channel."""

    item: str
    name: str
    channel: str
    value: float


@dataclass(frozen=True, slots=True)
class PastItem:
    """What one past item adds through all channels; ``verb`` is what the user did with it, by language."""

    item: str
    name: str
    value: float
    verb: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The score and rank without every interaction with one past item, computed by scoring again.

    Attributes:
        item, name: the past item that is left out.
        score: of the explained item, without it.
        rank_before, rank_after: of the explained item among the same ``candidates`` items.
    """

    item: str
    name: str
    score: float
    rank_before: int
    rank_after: int
    candidates: int


@dataclass(frozen=True)
class Explanation:
    """Why an item has its score for a user. ``base`` and ``contributions`` add up to ``score`` within 1e-5.

    Attributes:
        user: None for a history that was given.
        new: the item had no interaction when the model was learned.
        history: number of past items that the score could draw on.
        base: popularity prior and the constants of scaling.
        contributions: largest first (by absolute value); those of exactly 0 are left out.
        past: totals by past item, the strongest first.
        channels: totals by channel.
        paths: from the strongest past items to the item; the store has confirmed every edge.
        semantic: the past item whose text speaks most for the item, None where no text does.
        counterfactual: leaving out the strongest past item; None where nothing speaks for the item.
        degraded: why something is missing (graph paths, newest history), None where nothing is.
        cypher: a statement to paste into Neo4j Browser, which shows the strongest past items, the paths and the item,
            and nothing else; None where the bundle comes from plain arrays and has no schema.
    """

    user: str | None
    item: str
    name: str
    new: bool
    history: int
    score: float
    base: float
    contributions: tuple[Contribution, ...]
    past: tuple[PastItem, ...]
    channels: Mapping[str, float]
    paths: tuple[ShownPath, ...]
    semantic: Contribution | None
    counterfactual: Counterfactual | None
    degraded: str | None
    cypher: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dicts, ready for JSON."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


@dataclass(frozen=True)
class Person:
    """Whom to answer, and what there is to answer from.

    Attributes:
        user: id, None for a history that was given.
        interactions: the history, ``user`` rows all 0.
        link: to the graph, for paths.
        degraded: why the history could not be read from the graph; None where it was, or was given.
        at: when they ask, unix seconds; None where that is unknown.
    """

    user: str | None
    interactions: Interactions
    link: GraphLink
    degraded: str | None = None
    at: float | None = None


def explain_items(
    bundle: Bundle, person: Person, rows: IntArray, scores: Array, candidates: IntArray
) -> list[Explanation]:
    """Explain some items for one person.

    Args:
        rows: the items.
        scores: of all items, as they rank.
        candidates: rows that the counterfactual's ranks are counted among.

    Raises:
        KgrecError: the contributions do not add up to the score.
    """
    parts = bundle.model.contributions(person.interactions, rows, person.at)
    _check_sums(parts, scores[rows])
    without: dict[int, Array] = {}
    result = []
    for position, row in enumerate(rows.tolist()):
        values = parts.values[:, :, position]
        strongest_first = _strongest_first(values.sum(axis=0))
        counterfactual = None
        if len(strongest_first) and values[:, strongest_first[0]].sum() > 0:
            left_out = int(parts.history[strongest_first[0]])
            if left_out not in without:
                without[left_out] = scores_without(bundle, person.interactions, left_out, person.at)
            counterfactual = Counterfactual(
                bundle.items[left_out],
                bundle.names[left_out],
                float(without[left_out][row]),
                rank_of(row, scores, candidates),
                rank_of(row, without[left_out], candidates),
                len(np.union1d(candidates, [row])),
            )
        result.append(
            _explanation(bundle, person, row, float(scores[row]), parts, position, strongest_first, counterfactual)
        )
    return result


def scores_without(bundle: Bundle, interactions: Interactions, item: int, at: float | None = None) -> Array:
    """Scores of all items for one history from which every interaction with ``item`` is taken."""
    rest = interactions.select(interactions.item != item)
    scores: Array = bundle.model.scores(bundle.model.histories(rest, 1, at))[0]
    return scores


def _explanation(
    bundle: Bundle,
    person: Person,
    row: int,
    score: float,
    parts: Contributions,
    position: int,
    strongest_first: IntArray,
    counterfactual: Counterfactual | None,
) -> Explanation:
    values = parts.values[:, :, position]
    contributions = [
        Contribution(bundle.items[past], bundle.names[past], channel, float(values[c, h]))
        for h, past in enumerate(parts.history.tolist())
        for c, channel in enumerate(parts.channels)
        if values[c, h] != 0
    ]
    contributions.sort(key=lambda part: -abs(part.value))
    verbs = _verbs(person.interactions, bundle.manifest.schema)
    past_items = tuple(
        PastItem(bundle.items[past], bundle.names[past], float(values[:, h].sum()), verbs[past])
        for h in strongest_first
        for past in [int(parts.history[h])]
        if values[:, h].any()
    )
    speaking = [part for part in contributions if part.channel == SEMANTIC and part.value > 0]
    strongest = [past.item for past in past_items if past.value > 0][:_PAST_ITEMS_WITH_PATHS]
    paths: tuple[ShownPath, ...] = ()
    degraded = person.degraded
    if degraded is None:
        paths, degraded = shown_paths(person.link, strongest, bundle.items[row])
    return Explanation(
        user=person.user,
        item=bundle.items[row],
        name=bundle.names[row],
        new=bool(bundle.model.new[row]),
        history=len(parts.history),
        score=score,
        base=float(parts.base[position]),
        contributions=tuple(contributions),
        past=past_items,
        channels={channel: float(values[c].sum()) for c, channel in enumerate(parts.channels)},
        paths=paths,
        semantic=speaking[0] if speaking else None,
        counterfactual=counterfactual,
        degraded=degraded,
        cypher=_cypher(bundle, person, bundle.items[row], strongest, paths),
    )


def _cypher(bundle: Bundle, person: Person, item: str, past: list[str], paths: tuple[ShownPath, ...]) -> str | None:
    schema, seen = bundle.manifest.schema, person.interactions
    if schema is None:
        return None
    present = sorted({seen.kinds[kind] for kind in seen.kind.tolist()})
    counted = [kind for kind in present if any(c.history.kinds.get(kind, 1.0) for c in bundle.model.channels)]
    return explanation_statement(schema, person.user, item, past, counted, [path.walk for path in paths])


def _strongest_first(totals: Array) -> IntArray:
    order: IntArray = np.argsort(-totals, kind="stable")
    return order


def _check_sums(parts: Contributions, scores: Array) -> None:
    gap = np.abs(parts.scores - scores)
    if len(gap) and not gap.max() <= TOLERANCE:
        worst = int(gap.argmax())
        raise KgrecError(
            "the contributions do not add up to the score.",
            where=f"item row {int(parts.items[worst])}",
            found=f"a sum of {parts.scores[worst]:.6f}",
            expected=f"the score, {scores[worst]:.6f}, within {TOLERANCE}",
            next="the bundle's numbers may be too large for their precision: train again, and report it if it stays",
        )


def _verbs(interactions: Interactions, schema: GraphSchema | None) -> dict[int, dict[str, str]]:
    """What the user did with each past item: words of the interaction type that has the kind of the latest one."""
    by_kind = [_verb(kind, schema) for kind in interactions.kinds]
    order = np.argsort(np.nan_to_num(interactions.time, nan=-np.inf), kind="stable")
    return {int(interactions.item[n]): by_kind[int(interactions.kind[n])] for n in order}


def _verb(kind: str, schema: GraphSchema | None) -> dict[str, str]:
    if schema is None:
        return {"en": "chose", "zh": "选过"}
    types = list(schema.interactions.values())
    named = [each for each in types if kind in each.kinds]
    return (named or types)[0].words.model_dump()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
