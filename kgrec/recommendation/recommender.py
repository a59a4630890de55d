"""Recommender: scores, lists and explanations from a bundle, with the graph beside it where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import IntArray
from kgrec.errors import GraphError
from kgrec.explanation.explainer import Explainer
from kgrec.explanation.explanation import Explanation
from kgrec.graph.store import GraphReader, GraphStore
from kgrec.graph.store_link import GraphLink
from kgrec.parallel.cached_attribute import cached_property
from kgrec.plain_text import local_path
from kgrec.recommendation.answer_types import History, HistoryState, NameMatch, Recommendation, WhatIf
from kgrec.recommendation.filters import Filters, candidates, check_length
from kgrec.recommendation.fold_in import PastInteraction, fold_in, item_row, past_interactions
from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers
from kgrec.recommendation.graph_of_bundle import GraphOpening, check_graph, open_graph_to_write
from kgrec.recommendation.live_bundle import LiveBundle
from kgrec.recommendation.name_search import NameSearch
from kgrec.recommendation.people import People
from kgrec.recommendation.recent_events import NO_EVENTS, RecentEvents
from kgrec.recommendation.what_if import Change, both_lists, rank_changes
from kgrec.scoring.scored import Scored
from kgrec.scoring.top_k import mask_of


class Recommender:
    """Answers from a bundle; with a store, also graph paths, property filters and the newest history.

    A user is given by id or by a history. The history of an id is what the store holds now, so that an interaction
    counts as soon as it is written and a deleted user is unknown at once; interactions with items that are newer than
    the bundle are passed over. Without a store, or when it cannot be reached, the history is the one in the bundle, and
    explanations say so in ``degraded``.

    Args:
        bundle: the learned model.
        store: the graph that the bundle was learned from.
        degraded: why there is no store, for explanations.
        forgotten: users for whom there is no answer from the bundle.

    Raises:
        SchemaMismatchError: the store holds another graph than the bundle's.
    """

    def __init__(
        self,
        bundle: Bundle,
        store: GraphReader | None = None,
        *,
        degraded: str | None = None,
        forgotten: ForgottenUsers | None = None,
    ) -> None:
        if store is not None:
            check_graph(bundle, store)
        bundle.model.prepare()
        self.bundle = bundle
        self._forgotten = forgotten or ForgottenUsers()
        self._link_to(GraphLink(store, reason=degraded or "no store was opened"))

    @classmethod
    def open(
        cls,
        bundle_path: str | Path,
        store_url: str | None = None,
        *,
        state: str | Path | None = None,
        writable: bool = False,
        loaded: Bundle | None = None,
    ) -> Recommender:
        """Open a bundle and a store.

        ``loaded`` is what is answered from in the place of the bundle at the path, such as a version of it. A store
        that cannot be reached is done without, explanations say so, and it is used when it is back. Who was forgotten
        stands in the bundle's folder, or in ``state``, a folder that exists. A store that is to be ``writable`` is,
        once no other process holds it.

        Raises:
            BundleError: the bundle is missing, damaged or of another version.
            ConfigError: the store's URL has no known scheme.
            SchemaMismatchError: the store holds another graph than the bundle's.
        """
        folders = [folder for folder in (bundle_path, state) if folder is not None]
        # Read before the graph is, which has still who is forgotten meanwhile.
        forgotten = ForgottenUsers(*(local_path(folder) / FORGOTTEN for folder in folders))
        if store_url is None:
            return cls(loaded or Bundle.load(bundle_path), forgotten=forgotten)
        with GraphOpening(store_url, ahead=not writable) as graph:
            recommender = cls(loaded or Bundle.load(bundle_path), forgotten=forgotten)
            to_write = partial(open_graph_to_write, recommender.bundle, store_url) if writable else None
            recommender._link_to(GraphLink.opened(partial(graph.of, recommender.bundle), to_write))
            return recommender

    def writable_store(self) -> GraphStore | None:
        """The graph where it is open for writing and may be asked now."""
        return self._link.writable()

    def renewed(self, bundle: Bundle) -> Recommender:
        """A recommender that answers from another bundle of the same graph, errors as above; both share the store."""
        if self.store is not None:
            check_graph(bundle, self.store)
        other = type(self)(bundle, forgotten=self._forgotten)
        other._link_to(self._link, self._people.gone, self._people.recent)
        return other

    def answer_with(self, recent: RecentEvents) -> None:
        """From now on, histories have what was reported and is not in the graph or the bundle yet."""
        self._link_to(self._link, self._people.gone, recent)

    def _link_to(self, link: GraphLink, gone: set[str] | None = None, recent: RecentEvents = NO_EVENTS) -> None:
        self._link = link
        self._people = People(self.bundle, link, self._forgotten, gone, recent)
        self.live = LiveBundle(self.bundle, recent, store=lambda: link.reach()[0])

    @property
    def store(self) -> GraphReader | None:
        """The graph; None where there is none, or where it was away from the start and is still."""
        return self._link.store

    @property
    def degraded(self) -> str | None:
        """Why graph paths and the newest history are missing now, None where they are not; asks the store once."""
        store, missing = self._link.reach()
        if store is not None:
            try:
                store.ping()
            except GraphError as error:
                return self._link.failed(error)
        return missing

    def close(self) -> None:
        """Release the store; lists can still be asked for, from the bundle alone."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def score(
        self,
        user: str | None = None,
        items: Sequence[str] = (),
        *,
        history: History | None = None,
        context: Context | None = None,
    ) -> list[float]:
        """Scores of some items, in their order; only their differences for the same user mean something.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
            UnknownItemError: an item, or one of the history, is not in the catalogue.
        """
        rows = [item_row(self.bundle, item) for item in items]
        person = self._people.person(user, history, context)
        scores: list[float] = person.scored(self.live.bundle(context)).of_items(np.array(rows, np.int64)).tolist()
        return scores

    def recommend(
        self,
        user: str | HistoryState | None = None,
        *,
        history: History | None = None,
        k: int = 10,
        filters: Filters | None = None,
        context: Context | None = None,
        explain: bool = False,
        counterfactuals: bool = True,
    ) -> list[Recommendation]:
        """The exact best ``k`` items, best first; equal scores go in the catalogue's order.

        Args:
            user: id, or its :meth:`state_of`, which is not read again; or give ``history``.
            history: item ids or :class:`PastInteraction`; empty for somebody who did nothing yet.
            k: length of the list; fewer come back where fewer pass the filters.
            filters: which items may come back; by default all that are not in the history.
            context: when they ask, and for the list of which platform.
            explain: give each item its explanation; ranks in it count the items that passed the filters.
            counterfactuals: of explanations; a short sentence needs none, nor paths of facts that carry little, and is
                there in half of the time.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
            UnknownItemError: an item of ``history`` or ``filters.allow`` is not in the catalogue.
            ConfigError: a setting that cannot be, or ``filters.where`` without a store.
            StoreUnavailableError: ``filters.where``, and the store cannot be reached.
        """
        check_length(k, "recommend")
        person, bundle = self._people.person(user, history, context), self.live.bundle(context)
        among = candidates(filters or Filters(), bundle, person.interactions, self.store)
        scored = person.scored(bundle)
        best = scored.best(among, k)
        explanations: Sequence[Explanation | None] = [None] * len(best)
        if explain:
            explanations = Explainer(bundle, person, self._link).explain(best, scored, among, counterfactuals)
        return self._listed(best, scored, explanations)

    def explain(
        self,
        user: str | HistoryState | None = None,
        item: str = "",
        *,
        history: History | None = None,
        context: Context | None = None,
        counterfactuals: bool = True,
    ) -> Explanation:
        """Why an item has its score; ranks count all items not in the history; ``counterfactuals`` as above.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
            UnknownItemError: the item, or one of the history, is not in the catalogue.
        """
        row = item_row(self.bundle, item)
        person, bundle = self._people.person(user, history, context), self.live.bundle(context)
        unseen = candidates(Filters(), bundle, person.interactions, None)
        rows, scored = np.array([row], np.int64), person.scored(bundle)
        return Explainer(bundle, person, self._link).explain(rows, scored, unseen, counterfactuals)[0]

    def what_if(
        self,
        user: str | HistoryState | None = None,
        *,
        history: History | None = None,
        without: Sequence[str] = (),
        without_entities: Sequence[str] = (),
        add: History = (),
        k: int = 10,
        filters: Filters | None = None,
        context: Context | None = None,
        explain: bool = False,
        counterfactuals: bool = True,
        item: str | None = None,
    ) -> WhatIf:
        """The best items as they are, and as they would be with a changed history; nothing is written.

        Args:
            user, history, k, filters, context, explain, counterfactuals: as for :meth:`recommend`.
            without: past items that never happened, with all their interactions.
            without_entities: ``Type:uid`` of nodes that no item has a fact with.
            add: what was done besides.
            item: explained before and after, wherever it stands.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
            UnknownItemError: an item is not in the catalogue, or one of ``without`` is not in the history.
            UnknownIdError: an entity is not in the graph that the bundle was learned from.
            ConfigError: a setting that cannot be.
            StoreUnavailableError: ``filters.where``, and the store cannot be reached.
        """
        check_length(k, "what_if")
        rows = [] if item is None else [item_row(self.bundle, item)]
        person, bundle = self._people.person(user, history, context), self.live.bundle(context)
        change = Change.of(bundle, person, without, without_entities, add)
        lists = both_lists(bundle, self.store, person, change, filters or Filters(), k)
        reasons = (
            one.explanations(self._link, counterfactuals) if explain else [None] * len(one.best) for one in lists
        )
        before, after = (self._listed(one.best, one.scored, of) for one, of in zip(lists, reasons, strict=True))
        of_item = [(lists[0].explanation(row, self._link), lists[1].explanation(row, self._link)) for row in rows]
        return WhatIf(before, after, rank_changes(*lists, besides=rows), of_item[0] if of_item else None)

    def search(self, text: str, k: int = 10, *, kind: Literal["item", "user"] = "item") -> list[NameMatch]:
        """Items whose name, in any language, or id has the words of a text, or users by their id, the best match first.

        Users who came after the bundle was learned are found by their whole id.

        Raises:
            ConfigError: ``k`` is below 1.
        """
        check_length(k, "search")
        if kind == "item":
            return self._names.items(text, k)
        found = self._names.users(text, k, self._people.is_gone)
        came_later = self.bundle.user_row(text) is None and bool(text.strip()) and self._people.knows(text)
        return [NameMatch("user", text, text), *found][:k] if came_later else found

    def history(self, user: str) -> list[PastInteraction]:
        """What a user did, the oldest first, as the store holds it now; items newer than the bundle are left out.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
        """
        return past_interactions(self._people.person(user, None, None).interactions, self.bundle)

    def accounts(self, user: str) -> tuple[str, ...]:
        """All accounts of the person who has one, as links say now; that alone, where it is linked with none."""
        return self._people.accounts(user)

    def state_of(self, user: str) -> HistoryState:
        """What an answer for a user comes from, beside the bundle and the facts of items; UnknownUserError as above."""
        person = self._people.person(user, None, None)
        digest = person.interactions.digest + (person.degraded or "").encode()
        return HistoryState(user, person, digest, len(person.interactions))

    def forget(self, user: str) -> int:
        """How many interactions a user had, who is removed from the graph and unknown from now on.

        Raises:
            UnknownUserError: there is no such user in the graph.
            StoreUnavailableError: there is no graph, or another process writes into it.
            ConfigError: it cannot be written down that the bundle must not answer for them.
        """
        return self._people.forget(user)

    @cached_property
    def _names(self) -> NameSearch:
        return NameSearch(self.bundle)

    def similar_items(self, item: str, k: int = 10) -> list[Recommendation]:
        """The best items for a history that holds ``item`` only, best first; popularity and trend are left out.

        Raises:
            UnknownItemError: the item is not in the catalogue.
            ConfigError: ``k`` is below 1.
        """
        check_length(k, "similar")
        row = item_row(self.bundle, item)
        scored = self.live.bundle().model.without_prior.scored(fold_in([item], self.bundle))
        best = scored.best(~mask_of(np.array([row]), len(self.bundle.items)), k)
        return self._listed(best, scored, [None] * len(best))

    def _listed(
        self, rows: IntArray, scored: Scored, explanations: Sequence[Explanation | None]
    ) -> list[Recommendation]:
        return [
            Recommendation(
                rank,
                self.bundle.items[row],
                self.bundle.names[row],
                score if explanation is None else explanation.score,
                bool(self.bundle.model.is_cold[row]),
                explanation,
                {code: names[row] for code, names in self.bundle.names_by_language.items() if names[row]},
            )
            for rank, (row, score, explanation) in enumerate(
                zip(rows.tolist(), scored.of_items(rows).tolist(), explanations, strict=True), start=1
            )
        ]
