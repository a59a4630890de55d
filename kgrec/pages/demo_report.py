"""What a demo hands to its page: plain data, the same as in ``report.json``."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

Metrics = dict[str, dict[str, float]]
"""``system -> metric -> value``, e.g. ``metrics["kgrec"]["ndcg@10"]``."""


class ShownUser(TypedDict):
    """Whom the list is for; ``history`` holds names, latest first."""

    id: str
    history: list[str]


class ShownPastItem(TypedDict):
    """What one past item adds through all channels; ``verb`` by language says what the user did with it."""

    item: str
    name: str
    value: float
    verb: dict[str, str]


class ShownNode(TypedDict):
    """A node of a graph path."""

    type: str
    uid: str
    name: str


class ShownEdge(TypedDict):
    """One fact, ``source relation target`` in the direction that the graph holds it, with its words by language."""

    relation: str
    source: ShownNode
    target: ShownNode
    words: dict[str, str]


class ShownGraphPath(TypedDict):
    """A path from a past item to the recommended one; one step fewer than nodes; ``value`` is what it adds."""

    nodes: list[ShownNode]
    steps: list[ShownEdge]
    value: float


class ShownReason(TypedDict):
    """A part of the score: its kind, its label by language and, where the store confirmed any, its paths."""

    kind: str
    value: float
    share: float
    label: dict[str, str]
    evidence: NotRequired[str]
    entity: NotRequired[ShownNode]
    paths: NotRequired[list[ShownGraphPath]]


class ShownCounterfactual(TypedDict):
    """Rank of the item with and without one past item, ``name``."""

    name: str
    rank_before: int
    rank_after: int


class ShownExplanation(TypedDict):
    """One recommended item with its reasons; they and ``constant`` add up to ``score``."""

    item: str
    name: str
    rank: int
    score: float
    new: bool
    constant: float
    reasons: list[ShownReason]
    counterfactual: ShownCounterfactual | None
    sentence: dict[str, str]
    past: NotRequired[list[ShownPastItem]]


class DemoReport(TypedDict):
    """Everything on the page.

    Attributes:
        metrics: measured among the items that the interactions know.
        metrics_whole_catalogue: the same users, ranked among all items.
        validation: ndcg@10 of each channel alone, of the popularity prior, and of their fusion.
        counts: what the graph holds; imports: rows and rates by table; timings_s: seconds by stage.
        training: one row per epoch: ``epoch`` and whatever was measured.
        alignment: numbers about entity alignment; inner dicts are groups.
    """

    metrics: Metrics
    metrics_whole_catalogue: Metrics
    validation: NotRequired[dict[str, float]]
    counts: dict[str, int]
    imports: NotRequired[list[dict[str, Any]]]
    timings_s: dict[str, float]
    training: list[dict[str, float]]
    alignment: dict[str, Any]
    user: ShownUser
    explanations: list[ShownExplanation]
