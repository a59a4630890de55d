"""Graph paths that carry a score: confirmed edge by edge in the store, given the schema's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from kgrec.errors import GraphError, QueryTimeoutError
from kgrec.graph.store import schema_of
from kgrec.graph.store_link import GraphLink
from kgrec.graph.store_types import GraphPath, NodeRef, PathStep
from kgrec.schema.model import GraphSchema

CONFIRM_S = 1.0
FIRST_CONFIRM_S = 10.0
"""A server plans and compiles a look-up when it sees it for the first time, which must not cost the reasons."""


@dataclass(frozen=True, slots=True)
class PathOfReason:
    """A path from a past item to the explained one, and what it adds to the score."""

    path: GraphPath
    value: float


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
    """A confirmed path from a past item to the explained one; ``nodes`` are in walking order.

    Attributes:
        value: what it adds to the score.
    """

    nodes: tuple[NodeRef, ...]
    steps: tuple[ShownStep, ...]
    value: float

    @property
    def walk(self) -> GraphPath:
        """The same path as the store gave it."""
        return GraphPath(
            tuple(
                PathStep(near, far, step.type, step.relation, step.target == far)
                for near, far, step in zip(self.nodes, self.nodes[1:], self.steps, strict=False)
            )
        )


def confirmed_paths(
    link: GraphLink, wanted: Sequence[PathOfReason]
) -> tuple[list[Callable[[], ShownPath] | None], str | None]:
    """What makes each path as it is shown, None where the store does not hold all its edges now; and why nothing is
    confirmed."""
    nothing: list[Callable[[], ShownPath] | None] = [None] * len(wanted)
    store, missing = link.reach()
    if store is None:
        return nothing, f"no graph paths: {missing}"
    if not wanted:
        return nothing, None
    schema = schema_of(store)
    try:
        held = store.confirm_all([one.path for one in wanted], CONFIRM_S if link.warm else FIRST_CONFIRM_S)
        link.warm = True
    except QueryTimeoutError:
        return nothing, "no graph paths: the look-up ran out of its time"
    except GraphError as error:
        return nothing, f"no graph paths: {link.failed(error)}"
    shown = _Shown(schema)
    return [partial(shown, one) if exists else None for one, exists in zip(wanted, held, strict=True)], None


class _Shown:
    """Makes confirmed paths out of paths, in the words of a schema."""

    def __init__(self, schema: GraphSchema) -> None:
        self._schema = schema
        self._words: dict[tuple[str, str], dict[str, str]] = {}

    def __call__(self, one: PathOfReason) -> ShownPath:
        return ShownPath(one.path.nodes, tuple(map(self._step, one.path.steps)), one.value)

    def _step(self, step: PathStep) -> ShownStep:
        source, target = (step.source, step.target) if step.forward else (step.target, step.source)
        name = step.type, step.relation
        if name not in self._words:
            self._words[name] = self._schema.relation_words(*name).model_dump()
        return ShownStep(source, target, *name, self._words[name])
