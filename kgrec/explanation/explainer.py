"""Explainer: a score taken apart into its reasons, with the graph's facts and the exact effect of leaving parts out.

Reasons are sums of the model's own terms (see :mod:`kgrec.scoring.model`), not an approximation after the event: they
add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
import numpy.typing as npt

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.explanation.actions import past_actions
from kgrec.explanation.counterfactuals import Counterfactuals
from kgrec.explanation.decomposition import Decomposition, FoundReason
from kgrec.explanation.deferred import Deferred
from kgrec.explanation.evidence_paths import ShownPath, confirmed_paths
from kgrec.explanation.explanation import Contribution, Explanation, paths_of
from kgrec.explanation.reasons import SAID_FROM, Counterfactual, EdgeReason, EntityReason, Reason
from kgrec.explanation.said_by_past import BesidePast, DeferredReasons
from kgrec.explanation.terms import Terms
from kgrec.graph.cypher.pasteable import explanation_statement
from kgrec.graph.store_link import GraphLink
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.contributions import Contributions, ItemContributions
from kgrec.scoring.scored import Scored

TOLERANCE = 1e-5
"""How far the parts of a score may be from the score."""
_ROUNDING = 5e-7
"""Of the sum of what all parts say for and against, how far products in float32 may be off."""

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
        accounts: all ids of the same person whose interactions these are; none where it is ``user`` alone.
    """

    user: str | None
    interactions: Interactions
    context: Context
    degraded: str | None = None
    accounts: tuple[str, ...] = ()

    def scored(self, bundle: Bundle) -> Scored:
        """Scores of all items, ready to be taken apart."""
        return bundle.model.scored(self.interactions, self.context.contexts)

    def scores_without(self, bundle: Bundle, items: IntArray) -> Array:
        """Scores of all items as if they had never interacted with each of some, ``(n, items)``, by their rows."""
        past, n = self.interactions, len(items)
        copies = past.select(np.tile(np.arange(len(past)), n))
        user = np.repeat(np.arange(n), len(past))
        others = replace(copies, user=user).select(copies.item != items[user])
        return bundle.model.scores(bundle.model.histories(others, n, self.context.contexts))


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
        self._actions = past_actions(person.interactions, bundle, person.context.platform)
        self._terms = Terms.of(bundle.manifest.schema)

    def explain(
        self, rows: IntArray, scored: Scored, among: npt.NDArray[np.bool_], counterfactuals: bool = True
    ) -> list[Explanation]:
        """One explanation per item, in the order of ``rows``.

        Args:
            rows: the items.
            scored: the scores of all items, as they rank.
            among: which items the counterfactual's ranks are counted among, bool ``(items,)``.
            counterfactuals: say what would be without a past item, or an entity; without them, paths are confirmed of
                facts that are large enough to be said.

        Raises:
            KgrecError: the contributions or the reasons do not add up to the score.
        """
        bundle, person = self._bundle, self._person
        parts = scored.contributions(rows)
        listed, summed = scored.of_items(rows), parts.scores
        check_sums("contributions", rows, summed, listed, _ROUNDING * np.abs(parts.values).sum(axis=(0, 1)))
        # Products of a large catalogue are rounded, the more so the more of a score cancels out.
        scores = np.where(np.abs(summed - listed) <= TOLERANCE, listed, summed)
        whole = Decomposition(bundle, parts, self._actions, bundle.manifest.schema, scored.histories.contexts)
        found = [whole.through_graph(n) for n in range(len(rows))]
        sums = np.array([sum(one.value for one in reasons) for reasons in found])
        check_sums("reasons", rows, parts.constant + sums + whole.beyond_graph, scores)
        # A short sentence says the largest facts and nothing else.
        paths, degraded = self._paths(found, 0.0 if counterfactuals else SAID_FROM)
        strongest = _strongest(parts)
        without = partial(person.scores_without, bundle)
        effects = Counterfactuals(bundle, parts, scored, among, strongest[strongest >= 0], without)
        explanations = []
        for n, (row, past) in enumerate(zip(rows.tolist(), strongest.tolist(), strict=True)):
            through_graph = _finished(found[n], paths[n], effects if counterfactuals else None, row)
            effect = effects.without_past_item(past, row) if counterfactuals and past >= 0 else None
            explanations.append(self._explanation(whole, n, float(scores[n]), through_graph, effect, degraded))
        return explanations

    def _paths(
        self, found: Sequence[Sequence[FoundReason]], least_share: float
    ) -> tuple[list[list[Sequence[ShownPath]]], str | None]:
        """The confirmed paths of each reason of each item, looked up together; and why something is missing.

        They are looked for where they carry most, and at least such a share.
        """
        wanted = [_largest(reasons, least_share) for reasons in found]
        if self._person.degraded is not None:
            return [[() for _ in reasons] for reasons in found], self._person.degraded
        asked = [path for reasons, of in zip(found, wanted, strict=True) for n in of for path in reasons[n].paths]
        confirmed, missing = confirmed_paths(self._link, asked)
        following = iter(confirmed)
        shown: list[list[Sequence[ShownPath]]] = []
        for reasons, of in zip(found, wanted, strict=True):
            by_place = {n: _those(islice(following, len(reasons[n].paths))) for n in of}
            shown.append([by_place.get(n, ()) for n in range(len(reasons))])
        return shown, missing

    def _explanation(
        self,
        whole: Decomposition,
        n: int,
        score: float,
        through_graph: Sequence[BesidePast],
        counterfactual: Counterfactual | None,
        degraded: str | None,
    ) -> Explanation:
        bundle, parts = self._bundle, whole.contributions.of_item(n)
        row, places = parts.item, whole.places(n)
        past, reasons = parts.history[places], whole.parts(n, through_graph, places)
        return Explanation(
            user=self._person.user,
            item=bundle.items[row],
            name=bundle.names[row],
            new=bool(bundle.model.is_cold[row]),
            history=len(parts.history),
            score=score,
            reasons=DeferredReasons(partial(whole.reasons, n, through_graph), reasons),
            constant=parts.constant,
            base=parts.base,
            contributions=Deferred(partial(self._contributions, parts)),
            past=Deferred(lambda: tuple(map(reasons.past.past_item, range(len(places)))), len(places)),
            channels=parts.by_channel,
            counterfactual=counterfactual,
            degraded=degraded,
            statement=self._statement(
                row, past[: np.count_nonzero(reasons.past.values > 0)][:_PAST_ITEMS_DRAWN], through_graph
            ),
            terms=self._terms,
            names_by_language=self._names_by_language(bundle.items[row], past, through_graph),
        )

    def _names_by_language(
        self, item: str, past: IntArray, through_graph: Sequence[BesidePast]
    ) -> dict[str, dict[str, str]]:
        """Those of the item, the past items, the entities and what paths go over, as far as there are any."""
        bundle, items = self._bundle, self._terms.items
        if not bundle.names_by_language:
            return {}
        said = [f"{items}:{uid}" for uid in (item, *map(bundle.items.__getitem__, past.tolist()))]
        facts = [one.reason for one in through_graph]
        said += [f"{of.entity.type}:{of.entity.uid}" for of in facts if isinstance(of, EntityReason)]
        said += [f"{node.type}:{node.uid}" for path in paths_of(facts) for node in path.nodes]
        rows = {node: row for node in said if (row := bundle.nodes.row(node)) is not None}
        return {
            code: {node: names[row] for node, row in rows.items() if names[row]}
            for code, names in bundle.names_by_language.items()
        }

    def _contributions(self, parts: ItemContributions) -> tuple[Contribution, ...]:
        """Those that are not 0, the largest first."""
        bundle, values = self._bundle, parts.values.T
        flat = np.flatnonzero(values)
        ordered = flat[np.argsort(-np.abs(values.ravel()[flat]), kind="stable")]
        past, channel = np.unravel_index(ordered, values.shape)
        rows = parts.history[past].tolist()
        return tuple(
            Contribution(bundle.items[row], bundle.names[row], parts.channels[c], value)
            for row, c, value in zip(rows, channel.tolist(), values[past, channel].tolist(), strict=True)
        )

    def _statement(
        self, row: int, strongest: IntArray, through_graph: Sequence[BesidePast]
    ) -> Callable[[], str] | None:
        schema, person = self._bundle.manifest.schema, self._person
        accounts = person.accounts or (() if person.user is None else (person.user,))
        if schema is None:
            return None
        items = self._bundle.items

        def statement() -> str:
            paths = [path.walk for path in paths_of(one.reason for one in through_graph if one.has_paths)]
            first = [*map(items.__getitem__, strongest.tolist()), *(path.nodes[0].uid for path in paths)]
            past = list(dict.fromkeys(first))
            return explanation_statement(schema, accounts, items[row], past, self._counted_kinds, paths)

        return statement

    @cached_property
    def _counted_kinds(self) -> list[str]:
        """Kinds of interactions in the history that count in any channel."""
        seen, channels = self._person.interactions, self._bundle.model.channels
        return sorted(kind for kind in seen.kinds_present if any(c.history.kinds.get(kind, 1.0) for c in channels))


def _strongest(parts: Contributions) -> IntArray:
    """Row of the past item that speaks most for each item, -1 where none does, ``(m,)``."""
    by_past = parts.values.sum(axis=0)
    if not len(by_past):
        return np.full(len(parts.items), -1, np.int64)
    return np.where(by_past.max(axis=0) > 0, parts.history[by_past.argmax(axis=0)], -1)


def _largest(found: Sequence[FoundReason], least_share: float) -> list[int]:
    """Places of the reasons of largest value that have paths."""
    positive = (n for n, one in enumerate(found) if one.value > 0 and one.share >= least_share and one.paths)
    return list(islice(positive, _REASONS_WITH_PATHS))


def _those(paths: Iterable[Callable[[], ShownPath] | None]) -> Sequence[ShownPath]:
    """Of some paths those that were confirmed, each made when somebody looks at them."""
    confirmed = [make for make in paths if make is not None]
    return Deferred(lambda: tuple(make() for make in confirmed), len(confirmed)) if confirmed else ()


def _finished(
    found: Sequence[FoundReason], paths: Sequence[Sequence[ShownPath]], effects: Counterfactuals | None, row: int
) -> list[BesidePast]:
    """Reasons with what the store confirmed and, the largest entities, with the effect of leaving them out."""
    finished: list[BesidePast] = []
    left_out = 0
    for one, confirmed in zip(found, paths, strict=True):
        effect = None
        if one.entity is not None and effects and left_out < _ENTITIES_LEFT_OUT:
            left_out += 1
            effect = effects.without_entity(one.entity, row)
        make = partial(_with_paths, one, confirmed, effect)
        finished.append(BesidePast(one.kind, one.value, one.share, bool(confirmed), make))
    return finished


def _with_paths(found: FoundReason, paths: Sequence[ShownPath], effect: Counterfactual | None) -> Reason:
    reason = found.make()
    if isinstance(reason, EntityReason) and (paths or effect):
        return replace(reason, paths=tuple(paths), counterfactual=effect)
    return replace(reason, paths=tuple(paths)) if paths and isinstance(reason, EdgeReason) else reason


def check_sums(what: str, rows: IntArray, sums: Array, scores: Array, rounded: Array | float = 0.0) -> None:
    """Make sure that parts add up to the scores of some items.

    Args:
        rounded: by how much the scores may have been rounded.

    Raises:
        KgrecError: they do not.
    """
    gap = np.abs(sums - scores) - rounded
    if len(gap) and not gap.max() <= TOLERANCE:
        worst = int(gap.argmax())
        raise KgrecError(
            f"the {what} do not add up to the score.",
            where=f"item row {int(rows[worst])}",
            found=f"a sum of {sums[worst]:.6f}",
            expected=f"the score, {scores[worst]:.6f}, within {TOLERANCE}",
            next="the bundle's numbers may be too large for their precision: train again, and report it if it stays",
        )
