"""Recommender: scores, lists and explanations from a bundle, with the graph beside it where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.id_texts import composed
from kgrec.data.near_misses import longer_ids, near_miss
from kgrec.errors import (
    ConfigError,
    GraphError,
    SchemaMismatchError,
    StoreUnavailableError,
    UnknownUserError,
    did_you_mean,
    shorten,
)
from kgrec.explanation.explainer import Explainer, Person
from kgrec.explanation.explanation import Explanation
from kgrec.graph import open_store
from kgrec.graph.store import GraphReader, schema_of
from kgrec.graph.store_link import GraphLink, unreachable
from kgrec.recommendation.filters import Filters, candidate_rows
from kgrec.recommendation.fold_in import PastInteraction, fold_in, fold_in_records, item_row
from kgrec.schema.naming import same_language
from kgrec.scoring.top_k import top_k

History = Sequence[str | PastInteraction]


@dataclass(frozen=True)
class Recommendation:
    """One place of a list.

    Attributes:
        rank: from 1.
        item, name: its id, and what people read.
        score: only differences within a list mean something.
        new: a cold item, without interactions when the model was learned.
        explanation: its reasons, where they were asked for.
        names: in further languages, by code, where it has a name of its own there.
    """

    rank: int
    item: str
    name: str
    score: float
    new: bool
    explanation: Explanation | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def name_in(self, language: str) -> str:
        """The name for who reads a language, ``name`` where it has none of its own there."""
        near = [name for code, name in self.names.items() if same_language(code, language)]
        return self.names.get(language) or next(iter(near), self.name)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dicts, ready for JSON."""
        explanation = self.explanation.as_dict() if self.explanation else None
        return {**vars(self), "explanation": explanation}


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

    Raises:
        SchemaMismatchError: the store holds another graph than the bundle's.
    """

    def __init__(self, bundle: Bundle, store: GraphReader | None = None, *, degraded: str | None = None) -> None:
        if store is not None:
            check_graph(bundle, store)
        self.bundle = bundle
        self._link = GraphLink(store, reason=degraded or "no store was opened")

    @classmethod
    def open(cls, bundle_path: str | Path, store_url: str | None = None) -> Recommender:
        """Open a bundle and a store.

        A store that cannot be reached is done without, explanations say so, and it is used when it is back.

        Raises:
            BundleError: the bundle is missing, damaged or of another version.
            ConfigError: the store's URL has no known scheme.
            SchemaMismatchError: the store holds another graph than the bundle's.
        """
        bundle = Bundle.load(bundle_path)
        if store_url is None:
            return cls(bundle)

        def opened() -> GraphReader:
            store = open_store(store_url, read_only=True)
            try:
                check_graph(bundle, store)
            except SchemaMismatchError:
                store.close()
                raise
            return store

        try:
            return cls(bundle, opened())
        except StoreUnavailableError as error:
            recommender = cls(bundle)
            recommender._link = GraphLink(None, opened, unreachable(error))
            return recommender

    def renewed(self, bundle: Bundle) -> Recommender:
        """A recommender that answers from another bundle of the same graph, errors as above; both share the store."""
        if self.store is not None:
            check_graph(bundle, self.store)
        other = type(self)(bundle)
        other._link = self._link
        return other

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
        person = self._person(user, history, context)
        return [float(score) for score in person.scored(self.bundle).scores[rows]]

    def recommend(
        self,
        user: str | None = None,
        *,
        history: History | None = None,
        k: int = 10,
        filters: Filters | None = None,
        context: Context | None = None,
        explain: bool = False,
    ) -> list[Recommendation]:
        """The exact best ``k`` items, best first; equal scores go in the catalogue's order.

        Args:
            user: id; or give ``history``.
            history: item ids or :class:`PastInteraction`; empty for somebody who did nothing yet.
            k: length of the list; fewer come back where fewer pass the filters.
            filters: which items may come back; by default all that are not in the history.
            context: when they ask.
            explain: give each item its explanation; ranks in it count the items that passed the filters.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
            UnknownItemError: an item of ``history`` or ``filters.allow`` is not in the catalogue.
            ConfigError: a setting that cannot be, or ``filters.where`` without a store.
            StoreUnavailableError: ``filters.where``, and the store cannot be reached.
        """
        _check_length(k, "recommend")
        person = self._person(user, history, context)
        candidates = candidate_rows(filters or Filters(), self.bundle, person.interactions, self.store)
        scored = person.scored(self.bundle)
        best = top_k(scored.scores, candidates, k)
        explanations: Sequence[Explanation | None] = [None] * len(best)
        if explain:
            explanations = Explainer(self.bundle, person, self._link).explain(best, scored, candidates)
        return self._listed(best, scored.scores, explanations)

    def explain(
        self,
        user: str | None = None,
        item: str = "",
        *,
        history: History | None = None,
        context: Context | None = None,
    ) -> Explanation:
        """Why an item has its score; ranks count all items that are not in the history.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
            UnknownItemError: the item, or one of the history, is not in the catalogue.
        """
        row = item_row(self.bundle, item)
        person = self._person(user, history, context)
        unseen = candidate_rows(Filters(), self.bundle, person.interactions, None)
        rows = np.array([row], np.int64)
        return Explainer(self.bundle, person, self._link).explain(rows, person.scored(self.bundle), unseen)[0]

    def similar_items(self, item: str, k: int = 10) -> list[Recommendation]:
        """The best items for a history that holds ``item`` only, best first; popularity is left out.

        Raises:
            UnknownItemError: the item is not in the catalogue.
            ConfigError: ``k`` is below 1.
        """
        _check_length(k, "similar")
        row = item_row(self.bundle, item)
        model = replace(self.bundle.model, prior=np.zeros_like(self.bundle.model.prior))
        scores = model.scores(model.histories(fold_in([item], self.bundle), 1))[0]
        others = np.delete(np.arange(len(self.bundle.items)), row)
        best = top_k(scores, others, k)
        return self._listed(best, scores, [None] * len(best))

    def _person(self, user: str | None, history: History | None, context: Context | None) -> Person:
        context = context or Context()
        if (user is None) == (history is None):
            raise ConfigError(
                "a user is given by id or by a history.",
                found="neither" if user is None else "both",
                expected="one of user and history",
                next='write recommend("id") or recommend(history=["item", ...])',
            )
        if history is not None:
            return Person(None, fold_in(history, self.bundle), context)
        assert user is not None
        store, missing = self._link.reach()
        if store is not None:
            try:
                return Person(user, self._stored(user, store), context)
            except GraphError as error:
                missing = self._link.failed(error)
        degraded = f"no graph paths, and history as of the bundle: {missing}"
        return Person(user, self._bundled(user), context, degraded)

    def _stored(self, user: str, store: GraphReader) -> Interactions:
        """History as the store holds it now; a user without any is known if there is a node for them."""
        user_type = schema_of(store).user_type
        for uid in dict.fromkeys((user, composed(user))):
            records = store.history(uid)
            if records or store.node(user_type, uid) is not None:
                return fold_in_records(records, self.bundle)
        raise self._unknown(user, f"a {user_type} of {store.url}")

    def _bundled(self, user: str) -> Interactions:
        row = self.bundle.users.row(user)
        if row is None:
            raise self._unknown(user, f"one of {len(self.bundle.users)} users of the bundle")
        start, end = np.searchsorted(self._by_user.user, [row, row + 1])
        own = self._by_user.select(np.arange(start, end))
        return replace(own, user=np.zeros(len(own), np.int64))

    @cached_property
    def _by_user(self) -> Interactions:
        """The bundle's interactions user by user; with a store, hardly anybody asks for them."""
        interactions = self.bundle.interactions
        return interactions.select(np.argsort(interactions.user, kind="stable"))

    def _unknown(self, user: str, expected: str) -> UnknownUserError:
        return UnknownUserError(
            "there is no such user.",
            found=shorten(user),
            expected=expected,
            next=near_miss(user, self.bundle.users.__contains__)
            or longer_ids(user, self.bundle.users)
            or did_you_mean(user, self.bundle.users, 3)
            or "give a history instead: recommend(history=[...])",
        )

    def _listed(
        self, rows: IntArray, scores: Array, explanations: Sequence[Explanation | None]
    ) -> list[Recommendation]:
        return [
            Recommendation(
                rank,
                self.bundle.items[row],
                self.bundle.names[row],
                float(scores[row]),
                bool(self.bundle.model.is_cold[row]),
                explanation,
                {code: names[row] for code, names in self.bundle.names_by_language.items() if names[row]},
            )
            for rank, (row, explanation) in enumerate(zip(rows.tolist(), explanations, strict=True), start=1)
        ]


def _check_length(k: int, where: str) -> None:
    """Make sure that a list has a length."""
    if k < 1:
        raise ConfigError("k must be at least 1.", where=where, found=str(k), next="ask for one item or more")


def check_graph(bundle: Bundle, store: GraphReader) -> None:
    """Make sure that a store holds the graph which a bundle was learned from.

    Raises:
        SchemaMismatchError: it holds another one, or none yet.
    """
    if store.graph_id is None or store.graph_id != bundle.manifest.graph_id:
        raise SchemaMismatchError(
            "the bundle was learned from another graph than the store holds.",
            where=store.url,
            found=f"graph {store.graph_id}" if store.graph_id else "no graph yet",
            expected=(
                f"graph {bundle.manifest.graph_id}"
                if bundle.manifest.graph_id
                else "no store: the bundle comes from plain arrays"
            ),
            next="open the store that the bundle was trained on, or train a bundle on this one",
        )
