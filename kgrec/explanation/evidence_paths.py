"""Graph paths that are shown as reasons: found by the store, confirmed edge by edge, given the schema's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kgrec.errors import GraphError, QueryTimeoutError
from kgrec.graph.store import schema_of
from kgrec.graph.store_link import GraphLink
from kgrec.graph.store_types import GraphPath, NodeRef, PathLimits, PathStep
from kgrec.schema.model import GraphSchema, Words

PATHS_SHOWN, PATHS_PER_ITEM = 6, 3
CONFIRM_S = 0.5
LIMITS = PathLimits(max_hops=3, max_degree=20_000, max_paths=12, timeout_s=1.0)
FIRST_LIMITS = replace(LIMITS, timeout_s=10.0)
"""A server plans and compiles a look-up when it sees it for the first time, which must not cost the reasons."""


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

    @property
    def walk(self) -> GraphPath:
        """The same path as the store gave it."""
        return GraphPath(
            tuple(
                PathStep(near, far, step.type, step.relation, step.target == far)
                for near, far, step in zip(self.nodes, self.nodes[1:], self.steps, strict=False)
            )
        )


def shown_paths(
    link: GraphLink, past: Sequence[str], item: str, name_of: Callable[[str], str | None]
) -> tuple[tuple[ShownPath, ...], str | None]:
    """Paths from past items to an item, and in words what is missing from them, if anything.

    Args:
        past: ids, the strongest first.
        name_of: what people call an item, by its id; None for one that only the graph knows.
    """
    store, missing = link.reach()
    if store is None:
        return (), f"no graph paths: {missing}"
    if not past:
        return (), None
    schema = schema_of(store)
    try:
        best = [
            path
            for paths in store.paths_from(past, item, LIMITS if link.warm else FIRST_LIMITS)
            for path in [path for path in paths if _has_names(path, schema)][:PATHS_PER_ITEM]
        ]
        confirmed = store.confirm_all(best, CONFIRM_S if link.warm else FIRST_LIMITS.timeout_s)
        link.warm = True
    except QueryTimeoutError:
        return (), "no graph paths: the look-up ran out of its time"
    except GraphError as error:
        return (), f"no graph paths: {link.failed(error)}"
    held = [path for path, exists in zip(best, confirmed, strict=True) if exists]
    return tuple(_shown(path, schema, name_of) for path in held[:PATHS_SHOWN]), None


def _has_names(path: GraphPath, schema: GraphSchema) -> bool:
    """Whether every inner node's type has names: ids of a type that has none are no reasons to a person."""
    return all(schema.has_names(node.type) for node in path.nodes[1:-1])


def _shown(path: GraphPath, schema: GraphSchema, name_of: Callable[[str], str | None]) -> ShownPath:
    def named(node: NodeRef) -> NodeRef:
        name = name_of(node.uid) if node.type == schema.item_type else None
        return node if name is None else replace(node, name=name)

    steps = []
    for step in path.steps:
        source, target = (step.source, step.target) if step.forward else (step.target, step.source)
        words = _words(schema, step.type, step.relation)
        steps.append(ShownStep(named(source), named(target), step.type, step.relation, words.model_dump()))
    return ShownPath(tuple(map(named, path.nodes)), tuple(steps))


def _words(schema: GraphSchema, edge_type: str, relation: str) -> Words:
    if edge_type in schema.interactions:
        return schema.interactions[edge_type].words
    return schema.relation_words(edge_type, relation)
