"""What an explanation holds: the score's contributions and reasons, and the effect of leaving an item out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from kgrec.explanation.evidence_paths import ShownPath
from kgrec.explanation.reasons import (
    FACTS,
    Counterfactual,
    EdgeReason,
    EntityReason,
    PastItem,
    Reason,
)
from kgrec.explanation.said_by_past import DeferredReasons, ReasonParts
from kgrec.explanation.terms import Terms
from kgrec.parallel.cached_attribute import cached_property
from kgrec.schema.naming import same_language
from kgrec.scoring.evidence import EXPLICIT

_SCALARS = frozenset({type(None), str, float, int, bool})


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one past item adds to the score through one channel."""

    item: str
    name: str
    channel: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """Why an item has its score for a user, within 1e-5 the sum of its reasons and the constant.

    ``base`` and ``contributions``, the same by channel, add up to it as well.

    Attributes:
        user: None for a history that was given.
        new: the item had no interaction when the model was learned.
        history: number of past items that the score could draw on.
        reasons: the largest first, what speaks against the item last.
        constant: of scaling; the same for all known items, and for all cold ones.
        base: the constant, the popularity prior and the trend.
        contributions: largest first (by absolute value); those of exactly 0 are left out.
        past: totals by past item, the strongest first.
        channels: totals by channel.
        counterfactual: leaving out the strongest past item; None where nothing speaks for the item.
        degraded: why something is missing (graph paths, newest history), None where nothing is.
        statement: writes :attr:`cypher`; None where the bundle comes from plain arrays and has no schema.
        terms: what the schema calls things, for sentences.
        names_by_language: names of nodes that it speaks of in further languages: by code, by ``Type:uid``.
    """

    user: str | None
    item: str
    name: str
    new: bool
    history: int
    score: float
    reasons: Sequence[Reason]
    constant: float
    base: float
    contributions: Sequence[Contribution]
    past: Sequence[PastItem]
    channels: Mapping[str, float]
    counterfactual: Counterfactual | None
    degraded: str | None
    statement: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    terms: Terms = field(default_factory=Terms)
    names_by_language: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def reason_parts(self) -> ReasonParts:
        """The reasons, those of past items as numbers."""
        if isinstance(self.reasons, DeferredReasons):
            return self.reasons.parts
        return ReasonParts.of(self.reasons, self.past)

    @property
    def cypher(self) -> str | None:
        """A statement to paste into Neo4j Browser; None where the bundle has no schema.

        It shows the strongest past items, the paths and the item, and nothing else.
        """
        return None if self.statement is None else self.statement()

    @property
    def paths(self) -> tuple[ShownPath, ...]:
        """The paths of all reasons, each confirmed by the store, those of the largest reason first."""
        return paths_of(one.reason for one in self.reason_parts.beside if one.has_paths)

    @property
    def path_share(self) -> float:
        """Share of the positive score that flows through explicit paths, over facts and texts; 0 where none does."""
        parts = self.reason_parts
        facts = [one.share for one in parts.beside if one.kind in FACTS]
        texts = [float(np.maximum(said.shares, 0.0).sum()) for said in parts.said_by_past if said.evidence in EXPLICIT]
        return sum(share for share in [*facts, *texts] if share > 0)

    def name_in(self, language: str, type: str, uid: str, name: str) -> str:
        """The name of a node for who reads a language, ``name`` where it has none of its own there."""
        if not self.names_by_language:
            return name
        node = f"{type}:{uid}"
        names = [names[node] for code, names in self.names_by_language.items() if code == language and node in names]
        names += [
            names[node]
            for code, names in self.names_by_language.items()
            if same_language(code, language) and node in names
        ]
        return next(iter(names), name)

    def item_name_in(self, language: str, uid: str, name: str) -> str:
        """Likewise of an item."""
        return self.name_in(language, self.terms.items or "", uid, name)

    def by_name(self, parts: Collection[str] | None = None) -> dict[str, Any]:
        """Some parts of it, or all, as they are."""
        names = [*(field.name for field in fields(self) if field.repr), "cypher", "path_share"]
        return {name: getattr(self, name) for name in names if parts is None or name in parts}

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dicts, ready for JSON."""
        return {name: _plain(part) for name, part in self.by_name().items()}


def paths_of(reasons: Iterable[Reason]) -> tuple[ShownPath, ...]:
    """The paths of some reasons, in their order."""
    return tuple(path for reason in reasons if isinstance(reason, (EntityReason, EdgeReason)) for path in reason.paths)


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if is_dataclass(value):
        parts = ((name, getattr(value, name)) for name in value.__dataclass_fields__)
        return {name: part if type(part) in _SCALARS else _plain(part) for name, part in parts}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
