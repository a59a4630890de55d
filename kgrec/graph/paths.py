"""Paths between two items over facts: looked up from both ends, bounded at every hop, then ranked.

Both neighbourhoods are read without hubs and meet in the middle, so the cost is two short reads plus one per node type
for the middle edge, whatever the size of the graph.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from kgrec.errors import QueryTimeoutError
from kgrec.graph import cypher
from kgrec.graph.store import GraphPath, NodeRef, PathLimits, PathStep
from kgrec.schema import GraphSchema

MOST_NEIGHBOURS = 2_000
"""Facts of one item that are looked at, those to rare entities first."""

MOST_MIDDLES = 300
"""Nodes on each side of the middle edge of a three-hop path, rare ones first."""

MOST_LINKS = 5_000
"""Middle edges looked at per node type."""

_Key = tuple[str, str]


class Read(Protocol):
    """How a store runs one read statement."""

    def __call__(self, text: str, parameters: dict[str, Any], timeout_s: float | None, /) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class _Edge:
    """A fact as it is walked from an item."""

    type: str
    relation: str
    forward: bool

    def step(self, source: NodeRef, target: NodeRef) -> PathStep:
        return PathStep(source, target, self.type, self.relation, self.forward)

    def back(self, source: NodeRef, target: NodeRef) -> PathStep:
        return PathStep(source, target, self.type, self.relation, not self.forward)


class _Around:
    """The neighbourhood of one item: nodes in order of rarity, their degrees, and the edges that lead there."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self.nodes: dict[_Key, NodeRef] = {}
        self.degrees: dict[_Key, int] = {}
        self.edges: dict[_Key, list[_Edge]] = defaultdict(list)
        for row in rows:
            key = (row["type"], row["uid"])
            self.nodes[key] = NodeRef(row["type"], row["uid"], row["name"] or row["uid"])
            self.degrees[key] = row["degree"]
            self.edges[key].append(_Edge(row["edge"], row["relation"], row["forward"]))


def find_paths(read: Read, schema: GraphSchema, source: str, target: str, limits: PathLimits) -> list[GraphPath]:
    """Paths of one to ``limits.max_hops`` facts between two items, edges walked in either direction.

    Ranked by length, then paths whose inner nodes all have a name, then those over the rarest nodes (sum of degrees).
    No node occurs twice in a path, and none is a user.

    Raises:
        QueryTimeoutError: all reads together took longer than ``limits.timeout_s``.
        ValueError: ``max_hops`` is not 1, 2 or 3.
    """
    if limits.max_hops not in (1, 2, 3):
        raise ValueError(f"max_hops must be 1, 2 or 3, found {limits.max_hops}")
    if source == target:
        return []
    deadline = time.monotonic() + limits.timeout_s

    def bounded(text: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise QueryTimeoutError(
                "looking for paths took longer than it may.",
                where=f"items {source[:80]!r} and {target[:80]!r}",
                found=f"no answer after {limits.timeout_s:g} s",
                next="allow more time, or ask for shorter paths",
            )
        return read(text, parameters, left)

    def around(uid: str, far: str) -> _Around:
        parameters = {"uid": uid, "far": far, "max_degree": limits.max_degree, "most": MOST_NEIGHBOURS}
        return _Around(bounded(cypher.neighbours(schema), parameters))

    item = schema.item_type
    ends = ((item, source), (item, target))
    left, right = around(source, target), around(target, source)
    if ends[1] not in left.nodes and not (left.nodes and right.nodes):
        return []
    first = right.nodes.get(ends[0]) or _named_end(bounded, schema, source)
    last = left.nodes.get(ends[1]) or _named_end(bounded, schema, target)

    found: list[tuple[int, GraphPath]] = [
        (0, GraphPath((edge.step(first, last),))) for edge in left.edges.get(ends[1], ())
    ]
    if limits.max_hops >= 2:
        found += _over_one(first, last, left, right, ends)
    # Longer paths come last: where the shorter ones fill the answer, they need not be looked for.
    if limits.max_hops >= 3 and len(found) < limits.max_paths:
        middles = [[key for key in side.nodes if key not in ends][:MOST_MIDDLES] for side in (left, right)]
        links = _links(bounded, schema, middles[0], middles[1])
        found += _over_two(first, last, left, right, links)
    found.sort(key=lambda pair: _rank(pair[0], pair[1], schema))
    return [path for _, path in found[: limits.max_paths]]


def _named_end(bounded: Any, schema: GraphSchema, uid: str) -> NodeRef:
    rows = bounded(cypher.one_node(schema, schema.item_type), {"uid": uid})
    return NodeRef(schema.item_type, uid, rows[0]["name"] or uid)


def _over_one(
    first: NodeRef, last: NodeRef, left: _Around, right: _Around, ends: tuple[_Key, _Key]
) -> Iterator[tuple[int, GraphPath]]:
    for key, node in left.nodes.items():
        if key in right.nodes and key not in ends:
            for there in left.edges[key]:
                for on in right.edges[key]:
                    yield left.degrees[key], GraphPath((there.step(first, node), on.back(node, last)))


def _links(bounded: Any, schema: GraphSchema, near: list[_Key], far: list[_Key]) -> list[tuple[_Key, _Key, _Edge]]:
    """Facts from a node of ``near`` to a node of ``far``."""
    wanted = set(far)
    others = sorted({uid for _, uid in far})
    links = []
    for type in sorted({type for type, _ in near}):
        uids = [uid for kind, uid in near if kind == type]
        parameters = {"uids": uids, "others": others, "most": MOST_LINKS}
        for row in bounded(cypher.links(schema, type), parameters):
            end = (row["type"], row["uid"])
            if end in wanted and end != (type, row["source"]):
                links.append(((type, row["source"]), end, _Edge(row["edge"], row["relation"], row["forward"])))
    return links


def _over_two(
    first: NodeRef, last: NodeRef, left: _Around, right: _Around, links: list[tuple[_Key, _Key, _Edge]]
) -> Iterator[tuple[int, GraphPath]]:
    for near, far, middle in links:
        a, b = left.nodes[near], right.nodes[far]
        degree = left.degrees[near] + right.degrees[far]
        for there in left.edges[near]:
            for on in right.edges[far]:
                yield degree, GraphPath((there.step(first, a), middle.step(a, b), on.back(b, last)))


def _rank(degree: int, path: GraphPath, schema: GraphSchema) -> tuple[Any, ...]:
    inner = path.nodes[1:-1]
    nameless = sum(not schema.is_readable(node.type, node.uid, node.name) for node in inner)
    words = [(step.target.type, step.target.uid, step.type, step.relation, step.forward) for step in path.steps]
    return len(path.steps), nameless, degree, words


def confirm(read: Read, schema: GraphSchema, path: GraphPath) -> bool:
    """Whether the steps follow one another and each one's edge is in the store now.

    Raises:
        ValueError: a step names a type that the schema does not have.
    """
    for before, after in zip(path.steps, path.steps[1:], strict=False):
        if (before.target.type, before.target.uid) != (after.source.type, after.source.uid):
            return False
    for step in path.steps:
        source, target = (step.source, step.target) if step.forward else (step.target, step.source)
        text = cypher.edge_exists(schema, step.type, source.type, target.type)
        rows = read(text, {"source": source.uid, "target": target.uid, "relation": step.relation}, 10.0)
        if not rows or not rows[0]["found"]:
            return False
    return bool(path.steps)
