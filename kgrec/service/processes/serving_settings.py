"""What a service of several processes answers from, and for whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kgrec.service.api_keys import KeyRing


@dataclass(frozen=True)
class ServingSettings:
    """What is answered from, and for whom.

    Attributes:
        bundle: folder of it.
        store: URL of its graph; None for none.
        state: folder where it is written down who is forgotten; None for that of the bundle's versions.
        ring: the keys.
        hosts: names under which the service is asked; None for any.
        cache_bytes: what answers that each process keeps may take.
    """

    bundle: str
    store: str | None
    state: str | None
    ring: KeyRing
    hosts: Collection[str] | None
    cache_bytes: int
