"""Paths from some items to another over facts: looked up from both ends, bounded at every hop, then ranked.

All neighbourhoods are read at once, without hubs, and meet in the middle: the cost is one short read plus one per node
type for the middle edges, whatever the size of the graph and however many items the paths start from.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Protocol

from kgrec.errors import QueryTimeoutError, shorten
from kgrec.graph.cypher import path_statements
from kgrec.graph.store_types import GraphPath, NodeRef, PathLimits, PathStep
from kgrec.schema.model import GraphSchema

MOST_NEIGHBOURS = 2_000
"""Facts of one item that are looked at, those to rare entities first."""

MOST_MIDDLES = 300
"""Nodes on each side of the middle edge of a three-hop path, rare ones first."""

MOST_EXPANDED = 4_000
"""Facts walked over in search of middle edges; nodes are taken, rare ones first, until theirs are as many."""

MOST_LINKS = 5_000
"""Middle edges looked at per node type."""

_Key = tuple[str, str]
_Key3 = tuple[str, str, str]
Edge = tuple[_Key3, _Key3]
"""Edge type and types of its ends; source, target and relation."""


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


class _Neighbourhood:
    """The neighbourhood of one item: facts by the node that they lead to, nodes in order of rarity.

    A popular item has hundreds of facts and few of them lie on a path, so they are taken apart when they are needed.
    """

    def __init__(self, item: NodeRef, rows: Iterable[Sequence[Any]]) -> None:
        self.item = item
        self._facts: dict[_Key, list[Sequence[Any]]] = {}
        for row in rows:
            self._facts.setdefault((row[3], row[4]), []).append(row)

    def __contains__(self, key: _Key) -> bool:
        return key in self._facts

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._facts)

    def node(self, key: _Key) -> NodeRef:
        return NodeRef(*key, self._facts[key][0][5] or key[1])

    def degree(self, key: _Key) -> int:
        return int(self._facts[key][0][6])

    def edges(self, key: _Key) -> list[_Edge]:
        """Edges from the item to a node."""
        return [_Edge(*row[:3]) for row in self._facts.get(key, ())]

    def middles(self, max_degree: int, *ends: _Key) -> list[_Key]:
        """Nodes that a path may go through: never its ends, nor a hub where another path ends."""
        inner = (key for key in self if key not in ends and self.degree(key) <= max_degree)
        return list(islice(inner, MOST_MIDDLES))


def find_paths(
    read: Read, schema: GraphSchema, sources: Sequence[str], target: str, limits: PathLimits
) -> list[list[GraphPath]]:
    """Paths of one to ``limits.max_hops`` facts from each of some items to another, edges walked in either direction.

    Ranked by length, then paths whose inner nodes all have a name, then those over the rarest nodes (sum of degrees).
    No node occurs twice in a path, and none is a user.

    Returns:
        One list per source, in their order.

    Raises:
        QueryTimeoutError: all reads together took longer than ``limits.timeout_s``.
        ValueError: ``max_hops`` is not 1, 2 or 3.
    """
    if limits.max_hops not in (1, 2, 3):
        raise ValueError(f"max_hops must be 1, 2 or 3, found {limits.max_hops}")
    deadline = time.monotonic() + limits.timeout_s

    def bounded(text: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise QueryTimeoutError(
                "looking for paths took longer than it may.",
                where=f"to item {shorten(target)}",
                found=f"no answer after {limits.timeout_s:g} s",
                next="allow more time, or ask for shorter paths",
            )
        return read(text, parameters, left)

    starts = [uid for uid in dict.fromkeys(sources) if uid != target]
    around = _neighbourhoods(bounded, schema, starts, target, limits)
    right = around.get(target)
    by_source: dict[str, list[tuple[int, GraphPath]]] = {}
    unfilled: dict[str, _Neighbourhood] = {}
    for source in starts if right is not None else ():
        if (left := around.get(source)) is not None and right is not None:
            by_source[source] = _up_to_two(left, right, limits.max_hops)
            if len(by_source[source]) < limits.max_paths:
                unfilled[source] = left
    # Longer paths come last: where the shorter ones fill the answer, they need not be looked for.
    if limits.max_hops == 3 and unfilled and right is not None:
        links = _links(bounded, schema, list(unfilled.values()), right, limits.max_degree)
        for source, left in unfilled.items():
            by_source[source] += _over_two(left, right, links)
    for paths in by_source.values():
        paths.sort(key=lambda pair: _rank(pair[0], pair[1], schema))
    return [[path for _, path in by_source.get(source, [])[: limits.max_paths]] for source in sources]


def _neighbourhoods(
    bounded: Any, schema: GraphSchema, starts: Sequence[str], target: str, limits: PathLimits
) -> dict[str, _Neighbourhood]:
    """Surroundings of all ends that have any, by uid."""
    ends = [{"uid": uid, "far": [target]} for uid in starts] + [{"uid": target, "far": list(starts)}]
    parameters = {"ends": ends, "max_degree": limits.max_degree, "most": MOST_NEIGHBOURS}
    around: dict[str, _Neighbourhood] = {}
    for row in bounded(path_statements.neighbours(schema), parameters) if starts else ():
        item = NodeRef(schema.item_type, row["start"], row["start_name"] or row["start"])
        around[item.uid] = _Neighbourhood(item, row["rows"])
    return around


def _up_to_two(left: _Neighbourhood, right: _Neighbourhood, max_hops: int) -> list[tuple[int, GraphPath]]:
    """The direct edges, and the paths over one node."""
    first, last = left.item, right.item
    ends = (_key(first), _key(last))
    ranked = [(0, GraphPath((edge.step(first, last),))) for edge in left.edges(ends[1])]
    for key in left if max_hops >= 2 else ():
        if key in right and key not in ends:
            node, degree, onward = left.node(key), left.degree(key), right.edges(key)
            ranked += [
                (degree, GraphPath((there.step(first, node), on.back(node, last))))
                for there in left.edges(key)
                for on in onward
            ]
    return ranked


def _links(
    bounded: Any, schema: GraphSchema, lefts: Sequence[_Neighbourhood], right: _Neighbourhood, max_degree: int
) -> Mapping[_Key, list[tuple[_Key, _Edge]]]:
    """Facts from a node near the starts to one near the target, walked from the side that has fewer."""
    last = _key(right.item)
    near = {key: left.degree(key) for left in lefts for key in left.middles(max_degree, _key(left.item), last)}
    far = {key: right.degree(key) for key in right.middles(max_degree, last)}
    backwards = sum(far.values()) < sum(near.values())
    starts, wanted = (far, near) if backwards else (near, far)
    others = sorted({uid for _, uid in wanted})
    by_type: dict[str, list[str]] = defaultdict(list)
    expanded = 0
    for key in sorted(starts, key=lambda key: (starts[key], key)):
        expanded += starts[key]
        if expanded > MOST_EXPANDED:
            break
        by_type[key[0]].append(key[1])
    links: dict[_Key, list[tuple[_Key, _Edge]]] = defaultdict(list)
    for type in sorted(by_type):
        parameters = {"uids": by_type[type], "others": others, "most": MOST_LINKS}
        for source, name, relation, forward, *end_parts in bounded(path_statements.links(schema, type), parameters)[0][
            "rows"
        ]:
            start, end = (type, source), (end_parts[0], end_parts[1])
            if end in wanted and end != start:
                edge = _Edge(name, relation, forward != backwards)
                links[end if backwards else start].append((start if backwards else end, edge))
    return links


def _over_two(
    left: _Neighbourhood, right: _Neighbourhood, links: Mapping[_Key, list[tuple[_Key, _Edge]]]
) -> Iterator[tuple[int, GraphPath]]:
    first, last = left.item, right.item
    ends = (_key(first), _key(last))
    for near in left:
        for far, middle in links.get(near, ()) if near not in ends else ():
            if far not in ends:
                a, b, degree = left.node(near), right.node(far), left.degree(near) + right.degree(far)
                for there in left.edges(near):
                    for on in right.edges(far):
                        yield degree, GraphPath((there.step(first, a), middle.step(a, b), on.back(b, last)))


def _key(node: NodeRef) -> _Key:
    return node.type, node.uid


def _rank(degree: int, path: GraphPath, schema: GraphSchema) -> tuple[Any, ...]:
    inner = path.nodes[1:-1]
    nameless = sum(not schema.is_readable(node.type, node.uid, node.name) for node in inner)
    words = [(step.target.type, step.target.uid, step.type, step.relation, step.forward) for step in path.steps]
    return len(path.steps), nameless, degree, words


def confirm(
    read: Read, schema: GraphSchema, paths: Sequence[GraphPath], timeout_s: float, held: set[Edge] | None = None
) -> list[bool]:
    """Of each path, whether its steps follow one another and each one's edge is in the store now.

    Args:
        held: edges that are there for sure; those that are found are put to them.

    Raises:
        ValueError: a step names a type that the schema does not have.
        QueryTimeoutError: the look-up took longer than ``timeout_s``.
    """
    edges = [[_edge_of(step) for step in path.steps] for path in paths]
    held = set() if held is None else held
    wanted = sorted({edge for path in edges for edge in path} - held)
    numbered = [(ends, [*edge, n]) for n, (ends, edge) in enumerate(wanted)]
    rows = {ends: [row for _, row in of_type] for ends, of_type in groupby(numbered, key=itemgetter(0))}
    if rows:
        text = path_statements.edges_that_exist(schema, list(rows))
        parameters = {f"rows{n}": of_type for n, of_type in enumerate(rows.values())}
        held.update(wanted[n] for record in read(text, parameters, timeout_s) for n in record["held"])
    return [bool(path.steps) and _follow(path) and held.issuperset(own) for path, own in zip(paths, edges, strict=True)]


def _edge_of(step: PathStep) -> Edge:
    """A step as the graph holds it: edge type and types of the ends; source, target and relation."""
    source, target = (step.source, step.target) if step.forward else (step.target, step.source)
    return (step.type, source.type, target.type), (source.uid, target.uid, step.relation)


def _follow(path: GraphPath) -> bool:
    return all(_key(a.target) == _key(b.source) for a, b in zip(path.steps, path.steps[1:], strict=False))
