"""Explainer: a score taken apart, with the graph's facts beside it and the exact effect of leaving one item out.

Contributions are the model's own terms (see :mod:`kgrec.scoring.model`), not an approximation after the event: they
add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.explanation.actions import past_actions
from kgrec.explanation.evidence_paths import ShownPath, shown_paths
from kgrec.explanation.explanation import Contribution, Counterfactual, Explanation, PastItem
from kgrec.graph.cypher.pasteable import explanation_statement
from kgrec.graph.store_link import GraphLink
from kgrec.scoring.channel_names import SEMANTIC
from kgrec.scoring.contributions import Contributions, ItemContributions
from kgrec.scoring.top_k import rank_of

TOLERANCE = 1e-5
"""How far the parts of a score may be from the score."""

_PAST_ITEMS_WITH_PATHS = 5


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
        link: to the graph, for paths.
    """

    def __init__(self, bundle: Bundle, person: Person, link: GraphLink) -> None:
        self._bundle = bundle
        self._person = person
        self._link = link
        self._actions = past_actions(person.interactions, bundle)
        self._scores_without: dict[int, Array] = {}

    def explain(self, rows: IntArray, scores: Array, candidates: IntArray) -> list[Explanation]:
        """One explanation per item, in the order of ``rows``.

        Args:
            rows: the items.
            scores: of all items, as they rank.
            candidates: rows that the counterfactual's ranks are counted among.

        Raises:
            KgrecError: the contributions do not add up to the score.
        """
        parts = self._bundle.model.contributions(self._person.interactions, rows, self._person.context.at)
        _check_sums(parts, scores[rows])
        return [self._explanation(parts.of_item(n), scores, candidates) for n in range(len(rows))]

    def _explanation(self, parts: ItemContributions, scores: Array, candidates: IntArray) -> Explanation:
        bundle, person, row = self._bundle, self._person, parts.item
        item = bundle.items[row]
        past = self._past_items(parts)
        contributions = self._contributions(parts)
        speaking = [part for part in contributions if part.channel == SEMANTIC and part.value > 0]
        strongest = [one.item for one in past if one.value > 0]
        paths, degraded = self._paths(strongest[:_PAST_ITEMS_WITH_PATHS], item)
        return Explanation(
            user=person.user,
            item=item,
            name=bundle.names[row],
            new=bool(bundle.model.is_cold[row]),
            history=len(parts.history),
            score=float(scores[row]),
            base=parts.base,
            contributions=contributions,
            past=past,
            channels=parts.by_channel,
            paths=paths,
            semantic=speaking[0] if speaking else None,
            counterfactual=self._counterfactual(strongest[0], row, scores, candidates) if strongest else None,
            degraded=degraded,
            cypher=self._cypher(item, strongest[:_PAST_ITEMS_WITH_PATHS], paths),
        )

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
            )
            for h in ordered
            for past in [int(parts.history[h])]
            for action in [self._actions[past]]
            if values[:, h].any()
        )

    def _paths(self, past: list[str], item: str) -> tuple[tuple[ShownPath, ...], str | None]:
        """Paths from past items, and why something is missing from the explanation."""
        if self._person.degraded is not None:
            return (), self._person.degraded
        return shown_paths(self._link, past, item, self._name)

    def _name(self, item: str) -> str | None:
        """What an item is called everywhere, so that two of one name are told apart in paths, too."""
        row = self._bundle.items.row(item)
        return None if row is None else self._bundle.names[row]

    def _counterfactual(self, left_out: str, row: int, scores: Array, candidates: IntArray) -> Counterfactual:
        """The effect of leaving a past item out, by scoring again; once for each past item, however many ask."""
        past = int(self._bundle.items.rows([left_out])[0])
        if past not in self._scores_without:
            self._scores_without[past] = self._person.scores(self._bundle, without=past)
        without = self._scores_without[past]
        return Counterfactual(
            left_out,
            self._bundle.names[past],
            float(without[row]),
            rank_of(row, scores, candidates),
            rank_of(row, without, candidates),
            len(np.union1d(candidates, [row])),
        )

    def _cypher(self, item: str, past: list[str], paths: tuple[ShownPath, ...]) -> str | None:
        schema, seen = self._bundle.manifest.schema, self._person.interactions
        if schema is None:
            return None
        present = sorted({seen.kinds[kind] for kind in seen.kind.tolist()})
        channels = self._bundle.model.channels
        counted = [kind for kind in present if any(c.history.kinds.get(kind, 1.0) for c in channels)]
        return explanation_statement(schema, self._person.user, item, past, counted, [path.walk for path in paths])


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
