"""People: whom a recommender answers for, by an id or by a history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.context_columns import OF_MOMENT
from kgrec.data.dataset import Interactions
from kgrec.data.near_misses import longer_ids, near_miss
from kgrec.errors import ConfigError, GraphError, StoreUnavailableError, UnknownUserError, did_you_mean, shorten
from kgrec.explanation.explainer import Person
from kgrec.graph import open_store
from kgrec.graph.person_links import accounts_of
from kgrec.graph.pseudonym_key import key_at_the_door
from kgrec.graph.store import GraphReader, schema_of
from kgrec.graph.store_link import GraphLink
from kgrec.parallel.cached_attribute import cached_property
from kgrec.plain_text import composed
from kgrec.privacy.pseudonyms import KEY, KEY_FILE, PseudonymKey, ids_of
from kgrec.recommendation.answer_types import History, HistoryState
from kgrec.recommendation.fold_in import fold_in, fold_in_records
from kgrec.recommendation.forgotten import ForgottenUsers
from kgrec.recommendation.kept_histories import KeptHistories
from kgrec.recommendation.recent_events import NO_EVENTS, RecentEvents, laid_over, records_of, together
from kgrec.schema.meanings import context_columns
from kgrec.schema.shape import pseudonymous_users


class People:
    """Everybody: the history of an id is what the store holds now, and what the bundle holds while it is away.

    Args:
        bundle: the learned model.
        link: to the graph.
        forgotten: whom the bundle must not answer for.
        gone: whom the store did not have once: an embedded one is open since before that, and the bundle has more of
            them than there is, though they be back.
        recent: what was reported of users and is not in the graph or the bundle yet.
    """

    def __init__(
        self,
        bundle: Bundle,
        link: GraphLink,
        forgotten: ForgottenUsers,
        gone: set[str] | None = None,
        recent: RecentEvents = NO_EVENTS,
    ) -> None:
        self.recent = recent
        self._bundle = bundle
        self._link = link
        self._forgotten = forgotten
        self.gone: set[str] = set() if gone is None else gone
        self._read = KeptHistories()

    def forget(self, user: str) -> int:
        """How many interactions a user had, who is removed from the graph with all accounts and unknown from now on.

        Raises:
            UnknownUserError: there is no such user in the graph.
            StoreUnavailableError: there is no graph, or another process writes into it.
            ConfigError: it cannot be written down.
        """
        store, missing = self._link.reach()
        if store is None:
            raise StoreUnavailableError(
                "nobody can be forgotten without the graph.", found=missing, next="try again when the store is back"
            )
        uid = self._as_stored(user, store)
        others = [account for account in accounts_of(store, uid) if account != uid]
        return sum(self._forget_account(account, store.url) for account in (*others, uid))

    def _as_stored(self, user: str, store: GraphReader) -> str:
        """The id that the graph or the events have of a user; as it was given where neither has one."""
        user_type = schema_of(store).user_type
        for uid in self._ids(user):
            if store.node(user_type, uid) is not None or self.recent.of_user(uid):
                return uid
        return user

    def _ids(self, user: str) -> tuple[str, ...]:
        return ids_of(user, self._key)

    @cached_property
    def _context_columns(self) -> tuple[str, ...] | None:
        schema = self._bundle.manifest.schema
        return None if schema is None else (*context_columns(schema), *OF_MOMENT)

    @cached_property
    def _key(self) -> PseudonymKey | None:
        return key_at_the_door(self._bundle.manifest.schema)

    def _forget_account(self, account: str, url: str) -> int:
        try:
            removed = self.recent.forget(account)
            if removed is None:
                with open_store(url) as graph:
                    removed = graph.delete_user(account)
                    graph.checkpoint()
        except UnknownUserError:
            if self._bundle.user_row(account) is not None:
                self._forgotten.add(account)  # of an attempt that was cut short
            raise
        self.gone.add(account)
        self._forgotten.add(account)
        return removed

    def is_gone(self, user: str) -> bool:
        """Whether a user of the bundle was forgotten, or is not in the graph any more."""
        return user in self.gone or user in self._forgotten

    def knows(self, user: str) -> bool:
        """Whether there is an answer for an id."""
        try:
            self.person(user, None, None)
        except UnknownUserError:
            return False
        return True

    def person(self, user: str | HistoryState | None, history: History | None, context: Context | None) -> Person:
        """Whom to answer for.

        Raises:
            UnknownUserError: neither the store nor the bundle knows the user.
            UnknownItemError: an item of the history is not in the catalogue.
            ConfigError: neither user nor history is given, or both are.
        """
        context = context or Context()
        context.check_columns(self._context_columns)
        if (user is None) == (history is None):
            raise ConfigError(
                "a user is given by id or by a history.",
                found="neither" if user is None else "both",
                expected="one of user and history",
                next='write recommend("id") or recommend(history=["item", ...])',
            )
        if isinstance(user, HistoryState):
            return replace(user.person, context=context)
        if history is not None:
            return Person(None, fold_in(history, self._bundle), context)
        assert user is not None
        store, missing = self._link.reach()
        if store is not None:
            try:
                accounts, past = self._stored(user, store)
                return Person(user, past, context, accounts=accounts)
            except GraphError as error:
                missing = self._link.failed(error)
        degraded = f"no graph paths, and history as of the bundle: {missing}"
        accounts = self._bundle.persons.accounts_of(self._in_bundle(user))
        return Person(user, self._bundled(user), context, degraded, accounts)

    def accounts(self, user: str) -> tuple[str, ...]:
        """All accounts of the person who has one, as links say now; while the graph is away, as the bundle says."""
        store, _ = self._link.reach()
        if store is not None:
            try:
                return accounts_of(store, self._as_stored(user, store))
            except GraphError as error:
                self._link.failed(error)
        return self._bundle.persons.accounts_of(self._in_bundle(user))

    def _stored(self, user: str, store: GraphReader) -> tuple[tuple[str, ...], Interactions]:
        """Accounts and history as the store holds them now; a user without any is known if there is a node for them."""
        user_type, version = schema_of(store).user_type, store.version()
        in_graph = self.recent.in_graph()  # before the history is read, so that nothing is missed between the two
        for uid in self._ids(user):
            # An embedded graph is as it was opened: who is back since is so with what was reported alone.
            accounts = accounts_of(store, uid)
            gone = {one for one in accounts if store.facts_stay and self._left_since(one)}
            recent = {one: self.recent.of_user(one, in_graph=0 if one in gone else in_graph) for one in accounts}
            fresh = not gone and not any(recent.values())
            kept = self._read.get(uid, version) if fresh else None
            if kept is not None:
                return accounts, kept
            records = {one: laid_over([] if one in gone else store.history(one), recent[one]) for one in accounts}
            if any(records.values()) or (uid not in gone and store.node(user_type, uid) is not None):
                past = fold_in_records(together(list(records.values())), self._bundle)
                if fresh:
                    self._read.put(uid, version, past)
                return accounts, past
        self.gone.update(uid for uid in self._ids(user) if self._bundle.user_row(uid) is not None)
        raise self._unknown(user, f"a {user_type} of {store.url}")

    def _left_since(self, account: str) -> bool:
        """Whether an account was forgotten since the graph was opened."""
        return account in self.gone or self._forgotten.since_start(account)

    def _in_bundle(self, user: str) -> str:
        """The id that the bundle or the events have of a user; composed where neither has one."""
        known = (uid for uid in self._ids(user) if self._bundle.user_row(uid) is not None or self.recent.of_user(uid))
        return next(known, composed(user))

    def _bundled(self, user: str) -> Interactions:
        user = self._in_bundle(user)
        row = self._bundle.user_row(user)
        accounts = self._bundle.persons.accounts_of(composed(user))
        recent = together([self.recent.of_user(one) for one in accounts])
        if row is None or any(map(self.is_gone, (user, *accounts))):
            if recent:
                return fold_in_records(recent, self._bundle)
            raise self._unknown(user, f"one of {len(self._bundle.users)} users of the bundle")
        users = self._by_user.user
        own_row = users.dtype.type(row)  # of another type, all users would be converted first
        start, end = (int(np.searchsorted(users, own_row, side)) for side in ("left", "right"))
        own = self._by_user.select(slice(start, end))
        if recent:
            return fold_in_records(laid_over(records_of(own, self._bundle), recent), self._bundle)
        return replace(own, user=np.zeros(len(own), np.int64))

    @cached_property
    def _by_user(self) -> Interactions:
        """The bundle's interactions user by user; with a store, hardly anybody asks for them."""
        interactions = self._bundle.interactions
        if (interactions.user[1:] >= interactions.user[:-1]).all():
            return interactions
        return interactions.select(np.argsort(interactions.user, kind="stable"))

    def _needs_key(self) -> str | None:
        schema = self._bundle.manifest.schema
        if schema is None or not pseudonymous_users(schema) or self._key is not None:
            return None
        return f"users have pseudonyms here: for real ids, the key has to be in {KEY} or {KEY_FILE}"

    def _unknown(self, user: str, expected: str) -> UnknownUserError:
        return UnknownUserError(
            "there is no such user.",
            found=shorten(user),
            expected=expected,
            next=self._needs_key()
            or near_miss(user, self._bundle.users.__contains__)
            or longer_ids(user, self._bundle.users)
            or did_you_mean(user, self._bundle.users, 3)
            or "give a history instead of a user: --history ITEM in a command, history=[...] in Python",
        )
