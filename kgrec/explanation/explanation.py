"""What an explanation holds: a score's contributions, the facts beside them, and the effect of leaving an item out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kgrec.explanation.evidence_paths import ShownPath


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one past item adds to the score through one channel."""

    item: str
    name: str
    channel: str
    value: float


@dataclass(frozen=True, slots=True)
class PastItem:
    """What one past item adds through all channels; what it takes away is below 0.

    Attributes:
        verb: what the user did with it, by language.
        stars: how many they gave it, None where nobody gives any.
        against: what they did speaks against it: they disliked or returned it.
    """

    item: str
    name: str
    value: float
    verb: Mapping[str, str]
    stars: float | None = None
    against: bool = False


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The score and rank without every interaction with one past item, computed by scoring again.

    Attributes:
        item, name: the past item that is left out.
        score: of the explained item, without it.
        rank_before, rank_after: of the explained item among the same ``candidates`` items.
    """

    item: str
    name: str
    score: float
    rank_before: int
    rank_after: int
    candidates: int


@dataclass(frozen=True)
class Explanation:
    """Why an item has its score for a user. ``base`` and ``contributions`` add up to ``score`` within 1e-5.

    Attributes:
        user: None for a history that was given.
        new: the item had no interaction when the model was learned.
        history: number of past items that the score could draw on.
        base: popularity prior and the constants of scaling.
        contributions: largest first (by absolute value); those of exactly 0 are left out.
        past: totals by past item, the strongest first.
        channels: totals by channel.
        paths: from the strongest past items to the item; the store has confirmed every edge.
        semantic: the past item whose text speaks most for the item, None where no text does.
        counterfactual: leaving out the strongest past item; None where nothing speaks for the item.
        degraded: why something is missing (graph paths, newest history), None where nothing is.
        cypher: a statement to paste into Neo4j Browser, which shows the strongest past items, the paths and the item,
            and nothing else; None where the bundle comes from plain arrays and has no schema.
    """

    user: str | None
    item: str
    name: str
    new: bool
    history: int
    score: float
    base: float
    contributions: tuple[Contribution, ...]
    past: tuple[PastItem, ...]
    channels: Mapping[str, float]
    paths: tuple[ShownPath, ...]
    semantic: Contribution | None
    counterfactual: Counterfactual | None
    degraded: str | None
    cypher: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dicts, ready for JSON."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
