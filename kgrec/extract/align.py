"""Alignment: which records of different platforms are the same thing.

Rules go from strict to loose. A pair is matched by the first rule that finds exactly one partner on either side; what
stays tied is reported as ambiguous and left alone, because a wrong merge mixes two histories for good and a missing one
costs a node.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import combinations

from kgrec.extract.titles import Title, plain_words, read_title
from kgrec.records import NodeRecord, Value
from kgrec.schema import Alignment

SIMILAR = 0.9
"""Least similarity (difflib ratio, 0 to 1) of two titles of the same year that differ in spelling only."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two records that are the same thing, by which rule and on what evidence (a sentence for people)."""

    platform_a: str
    uid_a: str
    platform_b: str
    uid_b: str
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A record with several equally good partners, or whose match would join two different records.

    Attributes:
        candidates: ``platform:uid`` of each partner that was considered.
        why: the rule that could not decide, in words.
    """

    platform: str
    uid: str
    title: str
    candidates: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class AlignmentReport:
    """What was found.

    Attributes:
        matches: pairs of records of two platforms, sorted by rule (strict first), platform and uid.
        ambiguous: what was left undecided.
        counts: matches per rule, strict rules first.
        unmatched: uids without any match, per platform.
    """

    matches: tuple[Match, ...]
    ambiguous: tuple[Ambiguity, ...]
    counts: Mapping[str, int]
    unmatched: Mapping[str, tuple[str, ...]]
    _uid_of: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _members: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def canonical(self, platform: str, uid: str) -> str:
        """Uid of the merged node: that of the platform that came first; a record without a match keeps its own."""
        return self._uid_of.get((platform, uid), uid)

    def aliases(self, uid: str) -> tuple[str, ...]:
        """``platform:id`` of every record merged into the node with this canonical uid; empty if none was."""
        return self._members.get(uid, ())


@dataclass(frozen=True, eq=False, slots=True)
class _Listing:
    """One thing as one platform has it; several uids where the platform lists the very same record again."""

    platform: str
    uids: tuple[str, ...]
    text: str
    title: Title | None
    year: int | None
    keys: Mapping[str, Value]
    clues: frozenset[str]

    @property
    def said(self) -> str:
        return f"'{self.text}'" + ("" if self.year is None else f" {self.year}")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A name, the largest difference of years, and two sets of forms: what one side asks, the other must answer."""

    name: str
    tolerance: int
    forms: Callable[[_Listing], tuple[frozenset[str], frozenset[str]]]
    similar: bool = False


def align(
    records: Sequence[NodeRecord],
    spec: Alignment,
    *,
    node_type: str,
    related: Mapping[tuple[str, str], frozenset[str]] | None = None,
) -> AlignmentReport:
    """Find the records of different platforms that are the same thing.

    Matching is one to one between any two platforms. Records of one platform that agree in title, year and all other
    properties (at least one) are one thing listed twice, and are matched together. More platforms chain: if a is b and b
    is c, then a is c, unless that would join two different records of one platform.

    Args:
        records: of any number of platforms; those of other node types are passed over.
        spec: properties that decide. Without ``year``, the title alone decides and must be unique.
        node_type: the type to align.
        related: names around a record (directors, genres) by ``(platform, uid)``; with the ``also`` properties they
            decide between candidates that are otherwise tied.
    """
    mine = [record for record in records if record.type == node_type]
    order = {platform: rank for rank, platform in enumerate(dict.fromkeys(record.platform for record in mine))}
    listings = _listings(mine, spec, related or {})
    found: list[tuple[int, _Rule, _Listing, _Listing]] = []
    ambiguous: list[Ambiguity] = []
    for left, right in combinations(sorted(order), 2):
        sides = (set(listings[left]), set(listings[right]))
        for step, rule in enumerate(_rules(spec)):
            pairs, tied = _settle(rule, *sides)
            found += [(step, rule, a, b) for a, b in pairs]
            ambiguous += tied
    found.sort(key=lambda pair: (pair[0], *_identity(pair[2]), *_identity(pair[3])))
    nodes, refused = _join(found)
    ambiguous += refused
    matches = tuple(match for node in nodes.matched for match in node)
    raise NotImplementedError
