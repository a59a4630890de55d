"""Facts: what a graph states, as triples of node rows, with when each of them holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from kgrec.data.dataset import Array, IntArray


@dataclass(frozen=True)
class Facts:
    """Triples between node rows, without repeats.

    Attributes:
        head, tail: node rows, int64 ``(n,)``.
        relation: index into ``relations``, int64 ``(n,)``.
        relations: names, ``EDGE_TYPE`` or ``EDGE_TYPE/finer name``.
        since, until: unix seconds from which on, and before which, each holds, float64 ``(n,)``; nan where it always
            did, or always will. Where they are not given, all hold at all times.
    """

    head: IntArray
    relation: IntArray
    tail: IntArray
    relations: tuple[str, ...] = ()
    since: Array = field(default_factory=lambda: np.zeros(0))
    until: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(len(self.head), np.nan))

    @classmethod
    def unique(
        cls,
        head: IntArray,
        relation: IntArray,
        tail: IntArray,
        relations: tuple[str, ...],
        since: Array | None = None,
        until: Array | None = None,
    ) -> Facts:
        """Facts without repeats, ordered by head, relation and tail."""
        order = np.lexsort((tail, relation, head))
        triples = np.stack([head, relation, tail])[:, order]
        fresh = np.ones(len(order), np.bool_)
        fresh[1:] = (triples[:, 1:] != triples[:, :-1]).any(axis=0)
        head, relation, tail = triples[:, fresh]
        holds = (np.zeros(0) if times is None else times[order[fresh]] for times in (since, until))
        return cls(head, relation, tail, relations, *holds)

    def holding(self, moment: float) -> Facts:
        """The facts that hold at a moment, unix seconds."""
        past, to_come = self.until <= moment, self.since > moment  # never of a nan
        return self.select(~(past | to_come)) if past.any() or to_come.any() else self

    def select(self, keep: npt.NDArray[np.bool_] | IntArray) -> Facts:
        """The facts of a mask or index array, in its order."""
        return replace(
            self,
            head=self.head[keep],
            relation=self.relation[keep],
            tail=self.tail[keep],
            since=self.since[keep],
            until=self.until[keep],
        )

    def joined(self, other: Facts) -> Facts:
        """Both, self first; they share no fact and have the same list of relations."""
        return replace(
            self,
            head=np.concatenate([self.head, other.head]),
            relation=np.concatenate([self.relation, other.relation]),
            tail=np.concatenate([self.tail, other.tail]),
            since=np.concatenate([self.since, other.since]),
            until=np.concatenate([self.until, other.until]),
        )

    def without(self, others: Facts) -> Facts:
        """The facts that are not among others; when they hold makes no difference."""
        gone = set(others.triples())
        return self.select(np.array([triple not in gone for triple in self.triples()], np.bool_))

    def triples(self) -> Iterator[tuple[int, int, int]]:
        """Head, relation and tail of each."""
        return zip(self.head.tolist(), self.relation.tolist(), self.tail.tolist(), strict=True)

    @classmethod
    def none(cls) -> Facts:
        """No facts at all."""
        empty = np.zeros(0, np.int64)
        return cls(empty, empty, empty, ())

    def __len__(self) -> int:
        return len(self.head)

    def __repr__(self) -> str:
        return f"Facts({len(self)}, {len(self.relations)} relations)"
