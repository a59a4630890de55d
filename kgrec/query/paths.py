"""Graph paths that are shown as reasons: found by the store, confirmed edge by edge, given the schema's words."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgrec.errors import QueryTimeoutError, StoreUnavailableError
from kgrec.graph.store import GraphPath, GraphStore, NodeRef, PathLimits
from kgrec.schema import GraphSchema, Words

PATHS_SHOWN, PATHS_PER_ITEM = 6, 3
BUDGET_S = 1.5
LIMITS = PathLimits(max_hops=3, max_degree=20_000, max_paths=12, timeout_s=0.5)


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One fact: ``source relation target``, in the direction that the graph holds it, with its words by language."""

    source: NodeRef
    target: NodeRef
    type: str
    relation: str
    words: dict[str, str]


@dataclass(frozen=True, slots=True)
class ShownPath:
    """A confirmed path from a past item to the explained one; ``nodes`` are in walking order."""

    nodes: tuple[NodeRef, ...]
    steps: tuple[ShownStep, ...]


def shown_paths(
    store: GraphStore, past: Sequence[str], item: str, budget_s: float = BUDGET_S
) -> tuple[tuple[ShownPath, ...], str | None]:
    """Paths from past items to an item, and in words what is missing from them, if anything.

    Args:
        past: ids, the strongest first.
        budget_s: seconds for all look-ups together; a look-up that runs out of its time loses its paths only.
    """
    schema, end = store.schema, time.monotonic() + budget_s
    assert schema is not None  # a bundle is joined only with a store whose graph it names
    found: list[ShownPath] = []
    too_slow = 0
    for number, source in enumerate(past):
        left = end - time.monotonic()
        if left <= 0:
            too_slow += len(past) - number
            break
        try:
            paths = store.paths(source, item, replace(LIMITS, timeout_s=min(left, LIMITS.timeout_s)))
            best = [path for path in paths if _has_names(path, schema)][:PATHS_PER_ITEM]
            found += [_shown(path, schema) for path in best if store.confirm(path)]
        except QueryTimeoutError:
            too_slow += 1
        except StoreUnavailableError as error:
            return tuple(found), f"graph paths are incomplete: the store cannot be reached ({error.summary})"
        if len(found) >= PATHS_SHOWN:
            break
    shown = tuple(found[:PATHS_SHOWN])
    if too_slow:
        return shown, f"graph paths are incomplete: {too_slow} of {len(past)} look-ups ran out of time"
    return shown, None


def _has_names(path: GraphPath, schema: GraphSchema) -> bool:
    """Whether every inner node's type has names: ids of a type that has none are no reasons to a person."""
    return all("name" in schema.nodes[node.type].properties for node in path.nodes[1:-1])


def _shown(path: GraphPath, schema: GraphSchema) -> ShownPath:
    steps = []
    for step in path.steps:
        source, target = (step.source, step.target) if step.forward else (step.target, step.source)
        words = _words(schema, step.type, step.relation)
        steps.append(ShownStep(source, target, step.type, step.relation, words.model_dump()))
    return ShownPath(path.nodes, tuple(steps))


def _words(schema: GraphSchema, edge_type: str, relation: str) -> Words:
    if edge_type in schema.interactions:
        return schema.interactions[edge_type].words
    return schema.relation_words(edge_type, relation)
