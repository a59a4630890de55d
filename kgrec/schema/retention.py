"""Retention: until when interactions are kept, by type and kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kgrec.schema.model import GraphSchema

_DAY_S = 86_400.0


@dataclass(frozen=True)
class Expiry:
    """Interactions that are kept no longer.

    Attributes:
        type: their type.
        kinds: their kinds; empty for all but ``others``.
        others: kinds of the type of which something else is said.
        before: unix seconds; what was done at this moment is kept. Positions and unknown moments do not expire.
    """

    type: str
    kinds: tuple[str, ...]
    others: tuple[str, ...]
    before: float

    def is_about(self, kind: str) -> bool:
        """Whether a kind of the type is meant."""
        return kind in self.kinds if self.kinds else kind not in self.others


def expiries(schema: GraphSchema, now: float) -> list[Expiry]:
    """What has expired at a moment, unix seconds; nothing where the schema keeps all for ever."""
    found = []
    for type, spec in schema.interactions.items():
        kinds = spec.kinds if isinstance(spec.kinds, Mapping) else {}
        own = {kind: of.keep_days for kind, of in kinds.items() if of.keep_days is not None}
        found += [Expiry(type, (kind,), (), now - days * _DAY_S) for kind, days in own.items()]
        if spec.keep_days is not None:
            found.append(Expiry(type, (), tuple(own), now - spec.keep_days * _DAY_S))
    return found
