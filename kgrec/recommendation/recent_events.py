"""Recent events: what users did that the graph or the bundle does not hold yet, laid over what they hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Interactions
from kgrec.data.records import Interaction
from kgrec.schema.meanings import type_of_kind


class RecentEvents(Protocol):
    """What was reported of users, whether the graph holds it already or not."""

    def of_user(self, user: str, *, in_graph: int = 0) -> list[Interaction]:
        """What a user did after an offset, as the graph will hold it."""
        ...

    def since(self, offset: int, moment: float) -> tuple[int, list[Interaction]]:
        """The last offset, and what everybody did later than a moment and was reported after an offset."""
        ...

    def in_graph(self) -> int:
        """An offset up to which the graph holds everything; asked before the graph is, it is right afterwards too."""
        ...

    def forget(self, user: str) -> int | None:
        """Number of interactions of a user that are gone, in the graph too; None where the graph is to be changed yet.

        Raises:
            UnknownUserError: nobody knows the user.
            GraphError: the graph refused.
        """
        ...


class _NoEvents:
    """Nothing was reported."""

    def of_user(self, user: str, *, in_graph: int = 0) -> list[Interaction]:
        return []

    def since(self, offset: int, moment: float) -> tuple[int, list[Interaction]]:
        return 0, []

    def in_graph(self) -> int:
        return 0

    def forget(self, user: str) -> None:
        return None


NO_EVENTS: RecentEvents = _NoEvents()
"""Where nobody takes in events."""


def laid_over(held: Sequence[Interaction], recent: Sequence[Interaction]) -> Sequence[Interaction]:
    """A history with what came since, oldest first; what is in both counts once, as it was reported last."""
    if not recent:
        return held
    together = {(one.type, one.item, one.key): one for one in (*held, *recent)}
    return sorted(together.values(), key=lambda one: (one.time is None, one.time or 0.0))


def together(histories: Sequence[Sequence[Interaction]]) -> Sequence[Interaction]:
    """What somebody did with all their accounts, oldest first; one history is as it was."""
    if len(histories) == 1:
        return histories[0]
    return sorted(
        (one for history in histories for one in history),
        key=lambda one: (one.time is None, one.time or 0.0, one.type, one.item, one.key, one.user),
    )


def records_of(past: Interactions, bundle: Bundle) -> list[Interaction]:
    """What a bundle holds of one user, as records with the types that events have."""
    schema = bundle.manifest.schema
    records = []
    for n in range(len(past)):
        kind, time = past.kinds[past.kind[n]], float(past.time[n])
        records.append(
            Interaction(
                past.types[past.type[n]] or ("" if schema is None else type_of_kind(schema, kind)),
                bundle.users[int(past.user[n])],
                bundle.items[int(past.item[n])],
                kind,
                past.platforms[past.platform[n]],
                None if math.isnan(time) else time,
                float(past.weight[n]),
            )
        )
    return records
