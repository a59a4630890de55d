"""Entity resolution between platforms: which records of different platforms are one entity.

Rules go from strict to loose. A pair is matched by the first rule that finds exactly one partner on either side; what
stays tied is reported as ambiguous and left alone, because a wrong merge mixes two histories for good and a missing one
costs a node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from kgrec.data.records import NodeRecord
from kgrec.extract.identity.matching_rules import match_one_to_one, rules
from kgrec.extract.identity.source_records import SourceRecord, read_source_records
from kgrec.schema.identity_rules import Alignment

_EXAMPLES = 5
"""Matches that a report shows."""


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
    """Matches, ambiguities and what stayed alone.

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

    def as_dict(self) -> dict[str, Any]:
        """How many nodes were aligned, by which rules, what stayed open, and some examples, as plain data."""
        first = {(match.platform_a, match.uid_a) for match in self.matches if match.platform_a != match.platform_b}
        return {
            "aligned": len(first),
            "rules": dict(self.counts),
            "ambiguous": len(self.ambiguous),
            "unmatched": {platform: len(uids) for platform, uids in self.unmatched.items()},
            "examples": [
                {
                    "a": f"{match.platform_a}:{match.uid_a}",
                    "b": f"{match.platform_b}:{match.uid_b}",
                    "rule": match.rule,
                    "evidence": match.evidence,
                }
                for match in self.matches[:_EXAMPLES]
            ],
        }


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two source records that a rule found to be one entity; ``step`` counts rules from strict to loose."""

    step: int
    rule: str
    a: SourceRecord
    b: SourceRecord

    def matches(self) -> Iterator[Match]:
        """One match for each uid of either side."""
        shared = sorted(f"{name} {value}" for name, value in self.a.keys & self.b.keys)
        shared += sorted(self.a.evidence & self.b.evidence)
        evidence = f"{self.rule}: {self.a.description}; {self.b.description}" + (
            f"; both: {', '.join(shared)}" if shared else ""
        )
        for a in self.a.uids:
            for b in self.b.uids:
                yield Match(self.a.platform, a, self.b.platform, b, self.rule, evidence)


def align(
    records: Sequence[NodeRecord],
    spec: Alignment,
    *,
    node_type: str,
    related: Mapping[tuple[str, str], frozenset[str]] | None = None,
) -> AlignmentReport:
    """Report of which records of different platforms are one entity.

    Matching is one to one between any two platforms. Records of one platform that agree in title, year and all other
    properties (at least one) are one entity listed twice: once a partner is found, all of them are merged into it. More
    platforms chain: if a is b and b is c, then a is c, unless that would join two different records of one platform.

    Args:
        records: of any number of platforms; those of other node types are passed over.
        spec: properties that decide. Without ``year``, the title alone decides and must be unique; with it, a record
            that has none, not even in brackets after its title, is matched by keys only.
        node_type: the type to align.
        related: names around a record (directors, genres) by ``(platform, uid)``; with the ``also`` properties they
            decide between candidates that are otherwise tied.
    """
    own = [record for record in records if record.type == node_type]
    order = {platform: rank for rank, platform in enumerate(dict.fromkeys(record.platform for record in own))}
    source_records = read_source_records(own, spec, related or {})
    all_pairs: list[_Pair] = []
    ambiguous: list[Ambiguity] = []
    for left, right in combinations(sorted(order), 2):
        sides = (set(source_records[left]), set(source_records[right]))
        for step, rule in enumerate(rules(spec)):
            pairs, tied = match_one_to_one(rule, *sides)
            all_pairs += [_Pair(step, rule.name, a, b) for a, b in pairs]
            for record, others in tied.items():
                ambiguous += _undecided(record, others, f"rule '{rule.name}' finds {len(others)} equally good")
    all_pairs.sort(key=lambda pair: (pair.step, pair.a.identity, pair.b.identity))
    kept, nodes, refused = _join(all_pairs)
    matches = tuple(match for pair in kept for match in pair.matches())
    uid_of, members = _canonical(nodes, own, order)
    return AlignmentReport(
        matches=matches,
        ambiguous=tuple(
            sorted(ambiguous + refused, key=lambda undecided: (undecided.platform, undecided.uid, undecided.candidates))
        ),
        counts=dict(Counter(match.rule for match in matches)),
        unmatched={
            platform: tuple(
                sorted(
                    uid for record in source_records[platform] for uid in record.uids if (platform, uid) not in uid_of
                )
            )
            for platform in order
        },
        _uid_of=uid_of,
        _members=members,
    )


def _undecided(record: SourceRecord, others: set[SourceRecord], why: str) -> Iterator[Ambiguity]:
    candidates = tuple(sorted(f"{other.platform}:{uid}" for other in others for uid in other.uids))
    for uid in record.uids:
        yield Ambiguity(record.platform, uid, " / ".join(record.texts), candidates, why)


def _join(pairs: list[_Pair]) -> tuple[list[_Pair], list[set[SourceRecord]], list[Ambiguity]]:
    """Chain pairs into nodes, strict rules first; a pair that would join two records of one platform is refused."""
    node_of: dict[SourceRecord, set[SourceRecord]] = {}
    kept: list[_Pair] = []
    refused: list[Ambiguity] = []
    for pair in pairs:
        node_a, node_b = (node_of.setdefault(record, {record}) for record in (pair.a, pair.b))
        joined = node_a | node_b
        if len({record.platform for record in joined}) < len(joined):
            why = f"rule '{pair.rule}' would join two different records of one platform"
            refused += _undecided(pair.a, {pair.b}, why)
            continue
        kept.append(pair)
        node_of |= dict.fromkeys(joined, joined)
    nodes = {id(node): node for node in node_of.values() if len(node) > 1}
    return kept, list(nodes.values()), refused


def _canonical(
    nodes: list[set[SourceRecord]], records: Sequence[NodeRecord], order: Mapping[str, int]
) -> tuple[dict[tuple[str, str], str], dict[str, tuple[str, ...]]]:
    """Uid of every merged record, and the members of every merged node by that uid."""
    position = {(record.platform, record.uid): at for at, record in reversed(list(enumerate(records)))}
    uid_of: dict[tuple[str, str], str] = {}
    members: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        identities = [(record.platform, uid) for record in node for uid in record.uids]
        identities.sort(key=lambda identity: (order[identity[0]], position[identity]))
        first = identities[0][1]
        uid_of |= dict.fromkeys(identities, first)
        members[first] = tuple(f"{platform}:{uid}" for platform, uid in identities)
    return uid_of, members
