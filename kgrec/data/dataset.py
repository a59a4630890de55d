"""Dataset: the graph as arrays, the hand-over between the store and learning, measuring and answering.

Nodes are numbered with the items first: a node row below ``len(items)`` is the item of that row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.context_columns import ContextColumn, Contexts, joined
from kgrec.data.persons import Persons
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

_EARLIEST_S, _LATEST_S = 1e8, 1e11

COLUMN_TYPES = {
    "user": np.int64,
    "item": np.int64,
    "time": np.float64,
    "weight": np.float32,
    "kind": np.int64,
    "platform": np.int64,
    "type": np.int64,
    "says": np.int8,
}
"""Columns of interactions that are kept, with their types; in a compacted bundle they are as narrow as they can be."""

FOR, HIDES, AGAINST = 1, 0, -1
"""What an interaction says of its item: more like it; not this one again; less like it, and not this one again."""


@dataclass(frozen=True)
class Interactions:
    """Interactions as columns, one entry each.

    Attributes:
        user, item: rows, int64 ``(n,)``.
        time: unix seconds or position, float64 ``(n,)``; nan where unknown.
        weight: strength as the source gives it, float32 ``(n,)``.
        kind, platform: indices into ``kinds`` and ``platforms``, int64 ``(n,)``.
        type: index of the interaction type in ``types``, int64 ``(n,)``; where none is given, all are of the first.
        says: ``FOR``, ``HIDES`` or ``AGAINST``, int8 ``(n,)``: what it says of the item; where not given, for it.
        weighed: whether the weight is known, bool ``(n,)``; where not given, it is. One that is not known counts 1,
            and nobody is told that they gave it.
        context: what else is known of the circumstances, ``(n,)`` each.
    """

    user: IntArray
    item: IntArray
    time: npt.NDArray[np.float64]
    weight: FloatArray
    kind: IntArray
    platform: IntArray
    kinds: tuple[str, ...] = ("interaction",)
    platforms: tuple[str, ...] = ("",)
    types: tuple[str, ...] = ("",)
    type: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    says: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    weighed: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    context: tuple[ContextColumn, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.type):
            object.__setattr__(self, "type", np.zeros(len(self), np.int64))
        if not len(self.says):
            object.__setattr__(self, "says", np.full(len(self), FOR, np.int8))
        if not len(self.weighed):
            object.__setattr__(self, "weighed", np.broadcast_to(np.True_, len(self)))

    @property
    def digest(self) -> bytes:
        """16 bytes that others than equal columns do not have."""
        names = repr((self.kinds, self.platforms, self.types, [(one.name, one.values) for one in self.context]))
        digest = blake2b(names.encode("utf-8", "surrogatepass"), digest_size=16)
        of_item = (self.user, self.item, self.time, self.weight, self.weighed)
        of_context = (one.code for one in self.context)
        for column in (*of_item, self.kind, self.platform, self.type, self.says, *of_context):
            digest.update(np.ascontiguousarray(column).data)
        return digest.digest()

    @classmethod
    def of_pairs(
        cls,
        user: npt.ArrayLike,
        item: npt.ArrayLike,
        time: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
    ) -> Interactions:
        """Interactions of user and item rows; a time that is not given is unknown, a weight is 1."""
        users = np.asarray(user, np.int64)
        n = len(users)
        return cls(
            users,
            np.asarray(item, np.int64),
            np.full(n, np.nan) if time is None else np.asarray(time, np.float64),
            np.ones(n, np.float32) if weight is None else np.asarray(weight, np.float32),
            np.zeros(n, np.int64),
            np.zeros(n, np.int64),
        )

    def __len__(self) -> int:
        return len(self.user)

    def __repr__(self) -> str:
        return f"Interactions({len(self)}, kinds={self.kinds}, platforms={self.platforms})"

    @property
    def has_time(self) -> bool:
        """Whether every interaction carries a time."""
        return len(self) > 0 and not bool(np.isnan(self.time).any())

    @property
    def in_unix_seconds(self) -> bool:
        """Whether every time is known and lies between 1e8 (1973) and 1e11 (the year 5138): seconds can be told apart
        from positions in a sequence, which lie below, and from milliseconds, above."""
        return self.has_time and float(self.time.min()) >= _EARLIEST_S and float(self.time.max()) <= _LATEST_S

    @property
    def kinds_present(self) -> frozenset[str]:
        """The kinds that occur."""
        return frozenset(self.kinds[kind] for kind in np.unique(self.kind))

    def last_times(self, n_users: int) -> FloatArray:
        """Time of each user's last interaction ``(n_users,)``; nan without any, or where one of theirs is unknown."""
        last = np.full(n_users, -np.inf)
        np.maximum.at(last, self.user, np.where(np.isnan(self.time), np.inf, self.time))
        last[np.isinf(last)] = np.nan
        return last

    def first_times(self, n_users: int) -> FloatArray:
        """Time of each user's first interaction, such as the moment of asking for them; nan as :meth:`last_times`."""
        return -replace(self, time=-self.time).last_times(n_users)

    def first_contexts(self, n_users: int) -> Contexts:
        """The context of each user's first interaction, such as that of asking for them: moment and circumstances.

        Where a time is unknown, that is the first in the order of the entries.
        """
        at = self.first_times(n_users)
        timed = np.where(np.isnan(at[self.user]), 0.0, self.time)
        order = np.lexsort((np.arange(len(self)), timed, self.user))
        users, first = np.unique(self.user[order], return_index=True)
        columns = []
        for column in self.context:
            code = np.full(n_users, -1)
            code[users] = column.code[order[first]]
            columns.append(replace(column, code=code))
        return Contexts(at, tuple(columns))

    def select(self, keep: npt.NDArray[np.bool_] | IntArray | slice) -> Interactions:
        """The interactions of a mask, a slice or an index array, in its order; of columns that are narrow wide ones."""
        return replace(
            self,
            **{name: getattr(self, name)[keep].astype(type, copy=False) for name, type in COLUMN_TYPES.items()},
            weighed=self.weighed[keep],
            context=tuple(column.select(keep) for column in self.context),
        )

    def widened(self) -> Interactions:
        """The same in the types that are said above: products of narrow rows would go beyond what their types hold."""
        return self.select(slice(None))

    def saying(self, what: int) -> Interactions:
        """The interactions that say this of their items: ``FOR``, ``HIDES`` or ``AGAINST``."""
        wanted = self.says == what
        return self if wanted.all() else self.select(wanted)

    def on_platform(self, name: str) -> Interactions:
        """The interactions of one platform, as if there were no other; all of them for an empty name."""
        if not name or self.platforms == (name,):
            return self
        here = self.select(self.platform == (self.platforms.index(name) if name in self.platforms else -1))
        return replace(here, platform=np.zeros(len(here), np.int64), platforms=(name,))

    def before(self, later: Interactions) -> Interactions:
        """Those before their user's first of ``later``; all of a user who has none, or where times are unknown."""
        n_users = int(max(self.user.max(initial=-1), later.user.max(initial=-1))) + 1
        return self.select(~(self.time >= later.first_times(n_users)[self.user]))

    def settled(self) -> Interactions:
        """What holds in the end: of a user and an item either what speaks for it, or what hides it, in the same order.

        What hides an item takes back what spoke for it up to that moment (a return the purchase, one star the five
        before); what comes later speaks for it again, and then the item is not hidden. Where a time is unknown, what
        hides the item counts.
        """
        hiding = self.says != FOR
        if not hiding.any():
            return self
        pair = (self.user + 1) * (int(self.item.max()) + 2) + self.item + 1
        _, pair = np.unique(pair, return_inverse=True)
        hidden_until = np.full(int(pair.max()) + 1, -np.inf)
        np.maximum.at(hidden_until, pair[hiding], np.nan_to_num(self.time[hiding], nan=np.inf))
        until = hidden_until[pair]
        holds = ~hiding & ((self.time > until) | (until == -np.inf))
        speaks = np.zeros(len(hidden_until), np.bool_)
        speaks[pair[holds]] = True
        return self.select(np.where(hiding, ~speaks[pair], holds))

    def joined(self, other: Interactions) -> Interactions:
        """The interactions of both, self first. Kinds, platforms and types must be the same lists."""
        if (self.kinds, self.platforms, self.types) != (other.kinds, other.platforms, other.types):
            raise ValueError("interactions of different kinds or platforms cannot be joined")
        return replace(
            self,
            user=np.concatenate([self.user, other.user]),
            item=np.concatenate([self.item, other.item]),
            time=np.concatenate([self.time, other.time]),
            weight=np.concatenate([self.weight, other.weight]),
            kind=np.concatenate([self.kind, other.kind]),
            platform=np.concatenate([self.platform, other.platform]),
            type=np.concatenate([self.type, other.type]),
            says=np.concatenate([self.says, other.says]),
            weighed=np.concatenate([self.weighed, other.weighed]),
            context=joined(self.context, len(self), other.context, len(other)),
        )

    def matrix(self, n_users: int, n_items: int) -> sparse.csr_matrix:
        """Users x items, 1.0 where there is at least one interaction."""
        data = np.ones(len(self), np.float32)
        matrix = sparse.csr_matrix((data, (self.user, self.item)), shape=(n_users, n_items))
        matrix.data[:] = 1.0
        return matrix


@dataclass(frozen=True)
class Dataset:
    """A graph as arrays.

    Attributes:
        users, items: ids; a user who has several accounts is called by one of them.
        nodes: ids of all nodes, ``Type:uid``; the first ``len(items)`` are the items.
        interactions: behaviour that speaks for its items, rows of ``users`` and ``items``: all that is learned from,
            split and found again.
        facts: triples, rows of ``nodes``.
        names: what people read, one per node.
        names_by_language: the same in further languages, by code; empty texts where a node has none of its own.
        texts: what the language model reads, one per node; empty where there is none.
        against: behaviour that hides its items or speaks against them; no pair of it is in ``interactions``.
        weights_count: validation may let the weights of interactions count, as they are stars or counts by a schema;
            published sets are measured without, every interaction being worth the same.
        persons: who has several accounts.
    """

    users: Vocabulary
    items: Vocabulary
    nodes: Vocabulary
    interactions: Interactions
    facts: Facts
    names: tuple[str, ...]
    texts: tuple[str, ...]
    against: Interactions = field(default_factory=lambda: Interactions.of_pairs([], []))
    weights_count: bool = False
    names_by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    persons: Persons = field(default_factory=Persons)

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.texts) == len(self.nodes) >= len(self.items):
            raise ValueError("names and texts must have one entry per node, and items come first among the nodes")

    def __repr__(self) -> str:
        return (
            f"Dataset({len(self.users)} users, {len(self.items)} items, {len(self.nodes)} nodes, "
            f"{len(self.interactions)} interactions, {len(self.facts)} facts)"
        )

    @property
    def behaviour(self) -> Interactions:
        """What users did, ``interactions`` and ``against`` together: histories as answers are made from them."""
        return self.interactions.joined(self.against) if len(self.against) else self.interactions

    def as_of(self, moment: float) -> Dataset:
        """The graph with the facts that hold at a moment, unix seconds."""
        return replace(self, facts=self.facts.holding(moment))

    def with_interactions(self, interactions: Interactions, held_out: Interactions | None = None) -> Dataset:
        """The graph with other interactions: a part of them, for a split.

        Args:
            held_out: what is to be found, before which everything else is to be: later dislikes are left out.
        """
        against = self.against if held_out is None else self.against.before(held_out)
        return replace(self, interactions=interactions, against=against)
