"""What an application asks: few users often, most hardly ever; lists more than reasons; now and then an event."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import quote

from kgrec_benchmarks.service.http_client import request_bytes
from kgrec_benchmarks.service.served import users_and_items

ZIPF = 1.0
"""Exponent: the user of rank r asks in proportion to 1 / r."""
ACTS = 0.5
"""Exponent of events: who looks most acts most, but nobody several times a minute, which would make one history grow
by hundreds of items in half an hour and every list of theirs dearer."""
MIXES: dict[str, dict[str, float]] = {
    "lists": {"recommend": 1.0},
    "short": {"recommend short": 1.0},
    "site": {
        "recommend": 0.55,
        "recommend short": 0.25,
        "explain": 0.05,
        "similar": 0.05,
        "search": 0.02,
        "event": 0.08,
    },
}
"""Shares of what is asked, by name of the mix."""


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        kind: what it is, for figures.
        sent: as it goes over the wire.
        event: id of the event that it reports, None for others.
    """

    kind: str
    sent: bytes
    event: str | None = None


class RequestMix:
    """Makes up requests.

    Args:
        users, items: ids, the most active users first.
        shares: of what is asked, see MIXES.
        seed: other seeds make other requests; ids of events hold it.
        event: further fields of each event.
    """

    def __init__(
        self,
        users: Sequence[str],
        items: Sequence[str],
        shares: dict[str, float],
        seed: int = 0,
        event: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._users, self._items, self._shares = users, items, shares
        ranks = range(1, len(users) + 1)
        self._asks, self._acts = (list(accumulate(rank**-power for rank in ranks)) for power in (ZIPF, ACTS))
        self._rng = random.Random(seed)
        self._seed, self._events, self._event_fields = seed, 0, event

    @classmethod
    def of_bundle(
        cls,
        folder: Path,
        shares: dict[str, float],
        seed: int = 0,
        event: Mapping[str, Any] = MappingProxyType({}),
    ) -> Self:
        """Users and items of a bundle; whose ids say nothing of how active they are, a random order does."""
        users, items = users_and_items(folder)
        random.Random(0).shuffle(users)
        return cls(users, items, shares, seed, event)

    def next(self) -> Asked:
        """One request."""
        (kind,) = self._rng.choices(list(self._shares), list(self._shares.values()))
        (user,) = self._rng.choices(self._users, cum_weights=self._asks)
        user, item = quote(user, safe=""), self._rng.choice(self._items)
        if kind == "event":
            return self._event()
        addresses = {
            "recommend": f"/v1/recommend?user={user}",
            "recommend short": f"/v1/recommend?user={user}&explain=short",
            "explain": f"/v1/explain?user={user}&item={quote(item, safe='')}",
            "similar": f"/v1/similar?item={quote(item, safe='')}",
            "search": f"/v1/search?text={quote(item[:4], safe='')}",
        }
        return Asked(kind, request_bytes("GET", addresses[kind]))

    def _event(self) -> Asked:
        (user,) = self._rng.choices(self._users, cum_weights=self._acts)
        self._events += 1
        name = f"load-{self._seed}-{self._events}"
        report: dict[str, Any] = {"id": name, "user": user, "item": self._rng.choice(self._items)}
        report |= self._event_fields
        return Asked("event", request_bytes("POST", "/v1/events", report), name)
