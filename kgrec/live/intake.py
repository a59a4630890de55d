"""Intake: events from report to effect. Each is checked, written down and acknowledged, then counts at once."""

from __future__ import annotations

from collections.abc import Callable

from kgrec.data.records import Interaction
from kgrec.errors import GraphError
from kgrec.extract.repeats import RepeatRules
from kgrec.graph.store import GraphStore, schema_of
from kgrec.live.applying import put_together
from kgrec.live.entrance import Entrance
from kgrec.live.event_log import EventLog
from kgrec.live.event_reading import EventReader
from kgrec.live.event_vocabulary import EventVocabulary
from kgrec.live.group_commit import MOST_WAITING
from kgrec.recommendation import Recommender


class Intake(Entrance):
    """Takes in events beside a recommender that answers with them; it is the recommender's ``RecentEvents``.

    Args:
        log: stays the caller's to close.
        recommender: gives the one that answers now.
        store: the graph where it is open for writing; None for events that stay in the log.
    """

    def __init__(
        self,
        log: EventLog,
        recommender: Callable[[], Recommender],
        store: Callable[[], GraphStore | None] = lambda: None,
        *,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        super().__init__(log, self._reader_of_model, store, most_waiting=most_waiting)
        self._recommender = recommender

    def forget(self, user: str) -> int | None:
        """Number of interactions and events of a user that are gone; None where they are gone from the log alone.

        Raises:
            UnknownUserError: neither knows the user.
            GraphError: the graph refused; nothing was removed then.
        """
        return self._applier.forget(user)

    def _reader_of_model(self) -> EventReader:
        recommender = self._recommender()

        def has_item(item: str) -> bool:
            store = recommender.store
            try:
                return store is not None and store.node(schema_of(store).item_type, item) is not None
            except GraphError:
                return False  # it is set aside, and looked at again at the next start

        key = None if recommender.store is None else recommender.store.pseudonym_key
        return EventReader(EventVocabulary.of_bundle(recommender.bundle, has_item, key))

    def of_user(self, user: str, *, in_graph: int = 0) -> list[Interaction]:
        """What a user did after an offset, as the graph will hold it."""
        recent = self._log.of_user(user, in_graph)
        schema = self._recommender().bundle.manifest.schema
        return put_together(recent, RepeatRules(schema), self._log) if schema and recent else recent

    def since(self, offset: int, moment: float) -> tuple[int, list[Interaction]]:
        """The last offset, and what everybody did later than a moment and was reported after an offset."""
        return self._log.since(offset, moment)

    def in_graph(self) -> int:
        """An offset up to which the graph holds everything."""
        return self._applier.applied
