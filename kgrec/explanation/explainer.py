"""Explainer: a score taken apart into its reasons, with the graph's facts and the exact effect of leaving parts out.

Reasons are sums of the model's own terms (see :mod:`kgrec.scoring.model`), not an approximation after the event: they
add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.explanation.actions import past_actions
from kgrec.explanation.counterfactuals import Counterfactuals
from kgrec.explanation.decomposition import Decomposition, FoundReason
from kgrec.explanation.evidence_paths import ShownPath, confirmed_paths
from kgrec.explanation.explanation import Contribution, Explanation
from kgrec.explanation.reasons import EdgeReason, EntityReason, PastItem, Reason
from kgrec.explanation.terms import Terms
from kgrec.graph.cypher.pasteable import explanation_statement
from kgrec.graph.store_link import GraphLink
from kgrec.scoring.contributions import ItemContributions

TOLERANCE = 1e-5
"""How far the parts of a score may be from the score."""

_REASONS_WITH_PATHS = 6
_ENTITIES_LEFT_OUT = 3
_PAST_ITEMS_DRAWN = 5


@dataclass(frozen=True)
class Person:
    """Whom to answer, and what there is to answer from.

    Attributes:
        user: id, None for a history that was given.
        interactions: the history, ``user`` rows all 0.
        context: the circumstances in which they ask.
        degraded: why the history could not be read from the graph; None where it was, or was given.
    """

    user: str | None
    interactions: Interactions
    context: Context
    degraded: str | None = None

    def scores(self, bundle: Bundle, without: int | None = None) -> Array:
        """Scores of all items, ``(items,)``; where an item's row is given, as if they had never interacted with it."""
        past = self.interactions
        if without is not None:
            past = past.select(past.item != without)
        scores: Array = bundle.model.scores(bundle.model.histories(past, 1, self.context.at))[0]
        return scores


class Explainer:
    """Explanations of items for one person.

    Args:
        bundle: the learned model.
        person: whom the items are scored for.
        link: to the graph, which confirms paths.
    """

    def __init__(self, bundle: Bundle, person: Person, link: GraphLink) -> None:
        self._bundle = bundle
        self._person = person
        self._link = link
        self._actions = past_actions(person.interactions, bundle)

    def explain(self, rows: IntArray, scores: Array, candidates: IntArray) -> list[Explanation]:
        """One explanation per item, in the order of ``rows``.

        Args:
            rows: the items.
            scores: of all items, as they rank.
            candidates: rows that the counterfactual's ranks are counted among.

        Raises:
            KgrecError: the contributions or the reasons do not add up to the score.
        """
        bundle, person = self._bundle, self._person
        parts = bundle.model.contributions(person.interactions, rows, person.context.at)
        check_sums("contributions", rows, parts.scores, scores[rows])
        whole = Decomposition(bundle, parts, self._actions, bundle.manifest.schema)
        found = [whole.reasons(n) for n in range(len(rows))]
        sums = np.array([sum(one.reason.value for one in reasons) for reasons in found])
        check_sums("reasons", rows, parts.base - parts.prior + sums, scores[rows])
        paths, degraded = self._paths(found)
        effects = Counterfactuals(bundle, parts, scores, candidates, lambda past: person.scores(bundle, without=past))
        return [
            self._explanation(
                parts.of_item(n), scores, _finished(found[n], paths[n], effects, int(rows[n])), effects, degraded
            )
            for n in range(len(rows))
        ]

    def _paths(self, found: Sequence[Sequence[FoundReason]]) -> tuple[list[list[tuple[ShownPath, ...]]], str | None]:
        """The confirmed paths of each reason of each item, looked up together; and why something is missing.

        They are looked for where they carry most.
        """
        wanted = [_largest(reasons) for reasons in found]
        if self._person.degraded is not None:
            return [[() for _ in reasons] for reasons in found], self._person.degraded
        asked = [path for reasons, of in zip(found, wanted, strict=True) for n in of for path in reasons[n].paths]
        confirmed, missing = confirmed_paths(self._link, asked)
        following = iter(confirmed)
        shown: list[list[tuple[ShownPath, ...]]] = []
        for reasons, of in zip(found, wanted, strict=True):
            by_place = {n: tuple(filter(None, islice(following, len(reasons[n].paths)))) for n in of}
            shown.append([by_place.get(n, ()) for n in range(len(reasons))])
        return shown, missing

    def _explanation(
        self,
        parts: ItemContributions,
        scores: Array,
        reasons: tuple[Reason, ...],
        effects: Counterfactuals,
        degraded: str | None,
    ) -> Explanation:
        bundle, row = self._bundle, parts.item
        by_past = parts.values.sum(axis=0)
        strongest = int(by_past.argmax()) if len(by_past) and by_past.max() > 0 else None
        explanation = Explanation(
            user=self._person.user,
            item=bundle.items[row],
            name=bundle.names[row],
            new=bool(bundle.model.is_cold[row]),
            history=len(parts.history),
            score=float(scores[row]),
            reasons=reasons,
            constant=parts.base - parts.prior,
            base=parts.base,
            contributions=self._contributions(parts),
            past=self._past_items(parts),
            channels=parts.by_channel,
            counterfactual=(
                None if strongest is None else effects.without_past_item(int(parts.history[strongest]), row)
            ),
            degraded=degraded,
            terms=Terms.of(bundle.manifest.schema),
        )
        return replace(
            explanation, cypher=self._cypher(explanation), names_by_language=self._names_by_language(explanation)
        )

    def _names_by_language(self, explanation: Explanation) -> dict[str, dict[str, str]]:
        """Those of the item, the past items, the entities and what paths go over, as far as there are any."""
        bundle, items = self._bundle, explanation.terms.items
        if not bundle.names_by_language:
            return {}
        said = [f"{items}:{uid}" for uid in (explanation.item, *(past.item for past in explanation.past))]
        said += [f"{of.entity.type}:{of.entity.uid}" for of in explanation.reasons if isinstance(of, EntityReason)]
        said += [f"{node.type}:{node.uid}" for path in explanation.paths for node in path.nodes]
        rows = {node: row for node in said if (row := bundle.nodes.row(node)) is not None}
        return {
            code: {node: names[row] for node, row in rows.items() if names[row]}
            for code, names in bundle.names_by_language.items()
        }

    def _contributions(self, parts: ItemContributions) -> tuple[Contribution, ...]:
        """Those that are not 0, the largest first."""
        bundle = self._bundle
        unordered = [
            Contribution(bundle.items[past], bundle.names[past], channel, float(parts.values[c, h]))
            for h, past in enumerate(parts.history.tolist())
            for c, channel in enumerate(parts.channels)
            if parts.values[c, h] != 0
        ]
        return tuple(sorted(unordered, key=lambda part: -abs(part.value)))

    def _past_items(self, parts: ItemContributions) -> tuple[PastItem, ...]:
        """Those that say anything, what speaks most for the item first."""
        bundle, values = self._bundle, parts.values
        ordered = np.argsort(-values.sum(axis=0), kind="stable")
        return tuple(
            PastItem(
                bundle.items[past],
                bundle.names[past],
                float(values[:, h].sum()),
                action.verb,
                action.stars,
                action.against,
                action.liked,
            )
            for h in ordered
            for past in [int(parts.history[h])]
            for action in [self._actions[past]]
            if values[:, h].any()
        )

    def _cypher(self, explanation: Explanation) -> str | None:
        schema, seen = self._bundle.manifest.schema, self._person.interactions
        if schema is None:
            return None
        present = sorted({seen.kinds[kind] for kind in seen.kind.tolist()})
        channels = self._bundle.model.channels
        counted = [kind for kind in present if any(c.history.kinds.get(kind, 1.0) for c in channels)]
        paths = [path.walk for path in explanation.paths]
        strongest = [past.item for past in explanation.past if past.value > 0][:_PAST_ITEMS_DRAWN]
        past = list(dict.fromkeys([*strongest, *(path.nodes[0].uid for path in paths)]))
        return explanation_statement(schema, self._person.user, explanation.item, past, counted, paths)


def _largest(found: Sequence[FoundReason]) -> list[int]:
    """Places of the reasons of largest value that have paths."""
    return [n for n, one in enumerate(found) if one.paths and one.reason.value > 0][:_REASONS_WITH_PATHS]


def _finished(
    found: Sequence[FoundReason], paths: Sequence[tuple[ShownPath, ...]], effects: Counterfactuals, row: int
) -> tuple[Reason, ...]:
    """Reasons with what the store confirmed and, the largest entities, with the effect of leaving them out."""
    reasons: list[Reason] = []
    left_out = 0
    for one, confirmed in zip(found, paths, strict=True):
        reason = one.reason
        if isinstance(reason, EntityReason) and one.entity is not None and left_out < _ENTITIES_LEFT_OUT:
            left_out += 1
            reason = replace(reason, counterfactual=effects.without_entity(one.entity, row))
        if confirmed and isinstance(reason, EntityReason | EdgeReason):
            reason = replace(reason, paths=confirmed)
        reasons.append(reason)
    return tuple(reasons)


def check_sums(what: str, rows: IntArray, sums: Array, scores: Array) -> None:
    """Make sure that parts add up to the scores of some items.

    Raises:
        KgrecError: they do not.
    """
    gap = np.abs(sums - scores)
    if len(gap) and not gap.max() <= TOLERANCE:
        worst = int(gap.argmax())
        raise KgrecError(
            f"the {what} do not add up to the score.",
            where=f"item row {int(rows[worst])}",
            found=f"a sum of {sums[worst]:.6f}",
            expected=f"the score, {scores[worst]:.6f}, within {TOLERANCE}",
            next="the bundle's numbers may be too large for their precision: train again, and report it if it stays",
        )
