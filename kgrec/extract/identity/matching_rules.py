"""Rules of entity resolution: when source records of two platforms are one entity, matched one to one.

A rule compares only records that share a blocking key; Christen, "Data Matching", 2012, has the terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial

from kgrec.extract.identity.source_records import SourceRecord
from kgrec.schema.identity_rules import Alignment

SIMILAR = 0.9
"""Least similarity (difflib ratio, 0 to 1) of two titles of the same year that differ in spelling only."""

BlockingKeys = tuple[frozenset[str], frozenset[str]]
"""Of one record: the keys that it asks others for, and those that it answers to."""

_ANY_YEAR = -1


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to find partners.

    Attributes:
        tolerance: largest difference of years.
        blocking_keys: of a record; two are compared where a key that one asks for is one that the other answers to.
        similar: compare the spelling too, letter by letter.
        same_numbers: numbers in the titles must be the same, or a sequel of the next year would match.
    """

    name: str
    tolerance: int
    blocking_keys: Callable[[SourceRecord], BlockingKeys]
    similar: bool = False
    same_numbers: bool = False

    def allows(self, a: SourceRecord, b: SourceRecord) -> bool:
        """Whether years, keys and, where the rule wants it, spelling let the two be the same."""
        if a.contradicts(b):
            return False
        years = a.years_apart(b)
        years_agree = self.tolerance == _ANY_YEAR or (years is not None and years <= self.tolerance)
        if not years_agree or (self.same_numbers and not _numbers(a) & _numbers(b)):
            return False
        return not self.similar or _similar(a, b)


def rules(spec: Alignment) -> Iterator[Rule]:
    """The rules a schema asks for, strict first."""
    for name in spec.keys:
        yield Rule(f"key {name}", _ANY_YEAR, partial(_declared_keys, name))
    if spec.title is None:
        return
    if spec.year is None:
        yield Rule("title", _ANY_YEAR, _main_keys)
        yield Rule("alternative title", _ANY_YEAR, _all_keys)
        return
    yield Rule("title, same year", 0, _main_keys)
    yield Rule("alternative title, same year", 0, _all_keys)
    yield Rule("loose title, same year", 0, _loose_keys)
    if spec.year_tolerance:
        yield Rule("title, near year", spec.year_tolerance, _main_keys)
        yield Rule("alternative title, near year", spec.year_tolerance, _all_keys)
    yield Rule("part of title, same year", 0, _part_keys)
    if spec.year_tolerance:
        yield Rule("part of title, near year", spec.year_tolerance, _part_keys, same_numbers=True)
    yield Rule("similar title, same year", 0, _similar_keys, similar=True)


def _declared_keys(name: str, record: SourceRecord) -> BlockingKeys:
    keys = frozenset(value for property_name, value in record.keys if property_name == name)
    return keys, keys


def _main_keys(record: SourceRecord) -> BlockingKeys:
    keys = frozenset(title.main for title in record.titles)
    return keys, keys


def _all_keys(record: SourceRecord) -> BlockingKeys:
    keys = frozenset(key for title in record.titles for key in title.all)
    return keys, keys


def _loose_keys(record: SourceRecord) -> BlockingKeys:
    keys = frozenset(key for title in record.titles for key in title.loose)
    return keys, keys


def _part_keys(record: SourceRecord) -> BlockingKeys:
    """The whole title of one side against a part of the other's; two parts prove nothing (sequels share them)."""
    return _all_keys(record)[0], frozenset(part for title in record.titles for part in title.parts)


def _similar_keys(record: SourceRecord) -> BlockingKeys:
    """Only titles of one year that begin alike are compared letter by letter."""
    keys = frozenset(f"{year} {text[:3]}" for year in record.years for text in _loose_keys(record)[0])
    return keys, keys


def match_one_to_one(
    rule: Rule, left: set[SourceRecord], right: set[SourceRecord]
) -> tuple[list[tuple[SourceRecord, SourceRecord]], dict[SourceRecord, set[SourceRecord]]]:
    """Pairs of records that a rule finds to be one entity, and the records that it leaves tied.

    Args:
        left, right: records still open; both the matched and the tied ones are taken out, so that no looser rule
            guesses where a stricter one could not tell.

    Returns:
        The pairs, and the tied records of either side with their equally good partners.
    """
    partners = _candidates(rule, left, right)
    pairs: list[tuple[SourceRecord, SourceRecord]] = []
    while True:
        best = {record: _best(record, others) for record, others in partners.items()}
        agreed = [(a, b) for a in left if len(best.get(a, ())) == 1 for b in best[a] if best[b] == {a}]
        if not agreed:
            break
        pairs += agreed
        taken = {record for pair in agreed for record in pair}
        left.difference_update(taken)
        right.difference_update(taken)
        partners = {
            record: kept for record, others in partners.items() if record not in taken and (kept := others - taken)
        }
    left.difference_update(partners)
    right.difference_update(partners)
    return pairs, {record: others for record, others in best.items() if len(others) > 1}


def _candidates(rule: Rule, left: set[SourceRecord], right: set[SourceRecord]) -> dict[SourceRecord, set[SourceRecord]]:
    """Partners of each record of either side under a rule, both ways."""
    asking: dict[str, list[SourceRecord]] = defaultdict(list)
    answering: dict[str, list[SourceRecord]] = defaultdict(list)
    for b in right:
        asks, answers = rule.blocking_keys(b)
        for key in asks:
            asking[key].append(b)
        for key in answers:
            answering[key].append(b)
    partners: dict[SourceRecord, set[SourceRecord]] = defaultdict(set)
    for a in left:
        asks, answers = rule.blocking_keys(a)
        reached = [b for key in asks for b in answering[key]] + [b for key in answers for b in asking[key]]
        for b in reached:
            if rule.allows(a, b):
                partners[a].add(b)
                partners[b].add(a)
    return dict(partners)


def _best(record: SourceRecord, others: set[SourceRecord]) -> set[SourceRecord]:
    """Partners that no other beats: with more evidence in common and no farther in years, or the reverse."""
    merits = {other: (len(record.evidence & other.evidence), -(record.years_apart(other) or 0)) for other in others}
    return {
        other
        for other, merit in merits.items()
        if not any(its != merit and its[0] >= merit[0] and its[1] >= merit[1] for its in merits.values())
    }


def _similar(a: SourceRecord, b: SourceRecord) -> bool:
    """Whether two titles differ in a few letters; numbers must be the same, and some evidence where both have any."""
    if a.evidence and b.evidence and not a.evidence & b.evidence:
        return False
    return any(
        _digits(x) == _digits(y) and SequenceMatcher(None, x, y, autojunk=False).ratio() >= SIMILAR
        for x in _loose_keys(a)[0]
        for y in _loose_keys(b)[0]
    )


def _numbers(record: SourceRecord) -> set[str]:
    return {_digits(key) for key in _all_keys(record)[0]}


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
