"""Persons: which accounts are the same somebody, as links say it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from kgrec.data.vocabulary import Vocabulary
from kgrec.plain_text import composed

_NOTHING = ("", "none", "null", "nan", "n/a", "na", "nil", "unknown", "undefined", "-", "0")
_HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
MEANINGLESS = frozenset(_NOTHING) | {
    hashlib.new(name, form(text).encode(), usedforsecurity=False).hexdigest()
    for text, name, form in product(_NOTHING, _HASHES, (str.lower, str.upper, str.title))
}
"""Keys that stand for nothing, and their hashes: who has none has the same one as everybody else without."""


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A statement that two accounts are one person, as seen from one of them.

    Attributes:
        account, other: ids.
        by: edge type that states it, or property of which both have the same value.
        relation: finer name of the edge, or that value.
        stated: it is an edge; otherwise an equal key.
        forward: the edge leads from ``account`` to ``other``.
        confidence: from 0 to 1; None where none is stated, which counts as 1.
        since: unix seconds; None where none is stated.
        platforms: who states it.
    """

    account: str
    other: str
    by: str
    relation: str
    stated: bool
    forward: bool = True
    confidence: float | None = None
    since: float | None = None
    platforms: tuple[str, ...] = ()


class Persons:
    """Accounts by person: somebody is called by the first of their accounts in the order of the ids' letters.

    That depends on nothing but which accounts they have, not on the order of links or platforms.

    Args:
        groups: the accounts of each person who has several.
        apart: what was not taken for one person because it is too large, a sentence each.
    """

    def __init__(self, groups: Iterable[Sequence[str]] = (), apart: Sequence[str] = ()) -> None:
        ordered = sorted(tuple(sorted(group)) for group in groups)
        self.groups: Mapping[str, tuple[str, ...]] = {group[0]: group for group in ordered}
        self.apart = tuple(apart)
        self._person = {account: person for person, group in self.groups.items() for account in group}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Persons) and (self.groups, self.apart) == (other.groups, other.apart)

    def __hash__(self) -> int:
        return hash((tuple(self.groups), self.apart))

    def __repr__(self) -> str:
        return f"Persons({len(self.groups)} of {len(self._person)} accounts)"

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.groups or self.apart)

    def as_dict(self) -> dict[str, Any]:
        """How many have several accounts, and what was left apart, as plain data."""
        return {
            "with several accounts": len(self.groups),
            "accounts": len(self._person),
            "left apart": list(self.apart),
        }

    def person_of(self, account: str) -> str:
        """What somebody is called who has an account: the account itself, where they have no other."""
        return self._person.get(account) or self._person.get(composed(account), account)

    def accounts_of(self, account: str) -> tuple[str, ...]:
        """All accounts of somebody who has one, in order; that alone, where they have no other."""
        return self.groups.get(self.person_of(account), (account,))

    def among(self, accounts: Iterable[str]) -> list[str]:
        """Those of some accounts that a person is called by, in their order."""
        return [account for account in accounts if self._person.get(account, account) == account]

    def every_account(self, persons: Iterable[str]) -> list[str]:
        """The accounts of some persons, one person after the other."""
        return [account for person in persons for account in self.groups.get(person, (person,))]


def is_key(value: str) -> bool:
    """Whether a value of a key tells somebody from others."""
    return value.strip().lower() not in MEANINGLESS


def linked_groups(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Connected components of a graph of accounts, given as its edges."""
    from scipy import sparse  # only where accounts are linked: csgraph brings the whole of scipy's linear algebra
    from scipy.sparse.csgraph import connected_components

    known = Vocabulary(dict.fromkeys(account for pair in pairs for account in pair))
    if not len(known):
        return []
    ends = known.rows([account for pair in pairs for account in pair]).reshape(-1, 2)
    joined = sparse.coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(known), len(known)))
    _, component = connected_components(joined, directed=False)
    groups: dict[int, list[str]] = {}
    for account, number in zip(known, component.tolist(), strict=True):
        groups.setdefault(number, []).append(account)
    return [group for group in groups.values() if len(group) > 1]
