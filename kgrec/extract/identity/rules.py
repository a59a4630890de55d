"""Matching: the rules by which listings of two platforms are the same thing, and how a rule is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial

from kgrec.extract.identity.listings import Listing
from kgrec.schema.model import Alignment

SIMILAR = 0.9
"""Least similarity (difflib ratio, 0 to 1) of two titles of the same year that differ in spelling only."""

Forms = tuple[frozenset[str], frozenset[str]]
_ANY_YEAR = -1


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to find partners.

    Attributes:
        tolerance: largest difference of years.
        forms: two sets of forms of a listing: what one side asks, the other must answer.
        similar: compare the spelling too, letter by letter.
        same_numbers: numbers in the titles must be the same, or a sequel of the next year would match.
    """

    name: str
    tolerance: int
    forms: Callable[[Listing], Forms]
    similar: bool = False
    same_numbers: bool = False

    def allows(self, a: Listing, b: Listing) -> bool:
        """Whether years, keys and, where the rule wants it, spelling let the two be the same."""
        if a.contradicts(b):
            return False
        apart = a.apart(b)
        years_agree = self.tolerance == _ANY_YEAR or (apart is not None and apart <= self.tolerance)
        if not years_agree or (self.same_numbers and not _numbers(a) & _numbers(b)):
            return False
        return not self.similar or _similar(a, b)


def rules(spec: Alignment) -> Iterator[Rule]:
    """The rules a schema asks for, strict first."""
    for name in spec.keys:
        yield Rule(f"key {name}", _ANY_YEAR, partial(_key_forms, name))
    if spec.title is None:
        return
    if spec.year is None:
        yield Rule("title", _ANY_YEAR, _main_forms)
        yield Rule("alternative title", _ANY_YEAR, _all_forms)
        return
    yield Rule("title, same year", 0, _main_forms)
    yield Rule("alternative title, same year", 0, _all_forms)
    yield Rule("loose title, same year", 0, _loose_forms)
    if spec.year_tolerance:
        yield Rule("title, near year", spec.year_tolerance, _main_forms)
        yield Rule("alternative title, near year", spec.year_tolerance, _all_forms)
    yield Rule("part of title, same year", 0, _part_forms)
    if spec.year_tolerance:
        yield Rule("part of title, near year", spec.year_tolerance, _part_forms, same_numbers=True)
    yield Rule("similar title, same year", 0, _similar_forms, similar=True)


def _key_forms(name: str, one: Listing) -> Forms:
    forms = frozenset(value for key, value in one.keys if key == name)
    return forms, forms


def _main_forms(one: Listing) -> Forms:
    forms = frozenset(title.main for title in one.titles)
    return forms, forms


def _all_forms(one: Listing) -> Forms:
    forms = frozenset(form for title in one.titles for form in title.all)
    return forms, forms


def _loose_forms(one: Listing) -> Forms:
    forms = frozenset(form for title in one.titles for form in title.loose)
    return forms, forms


def _part_forms(one: Listing) -> Forms:
    """The whole title of one side against a part of the other's; two parts prove nothing (sequels share them)."""
    return _all_forms(one)[0], frozenset(part for title in one.titles for part in title.parts)


def _similar_forms(one: Listing) -> Forms:
    """Only titles of one year that begin alike are compared letter by letter."""
    forms = frozenset(f"{year} {text[:3]}" for year in one.years for text in _loose_forms(one)[0])
    return forms, forms


def settle(
    rule: Rule, left: set[Listing], right: set[Listing]
) -> tuple[list[tuple[Listing, Listing]], dict[Listing, set[Listing]]]:
    """Match what the rule decides, and leave what it leaves tied.

    Args:
        left, right: listings still open; both the matched and the tied ones are taken out, so that no looser rule
            guesses where a stricter one could not tell.

    Returns:
        The pairs, and the tied listings of either side with their equally good partners.
    """
    partners = _candidates(rule, left, right)
    pairs: list[tuple[Listing, Listing]] = []
    while True:
        best = {one: _best(one, others) for one, others in partners.items()}
        agreed = [(a, b) for a in left if len(best.get(a, ())) == 1 for b in best[a] if best[b] == {a}]
        if not agreed:
            break
        pairs += agreed
        taken = {one for pair in agreed for one in pair}
        left.difference_update(taken)
        right.difference_update(taken)
        partners = {one: kept for one, others in partners.items() if one not in taken and (kept := others - taken)}
    left.difference_update(partners)
    right.difference_update(partners)
    return pairs, {one: others for one, others in best.items() if len(others) > 1}


def _candidates(rule: Rule, left: set[Listing], right: set[Listing]) -> dict[Listing, set[Listing]]:
    """Partners of each record of either side under a rule, both ways."""
    asking: dict[str, list[Listing]] = defaultdict(list)
    answering: dict[str, list[Listing]] = defaultdict(list)
    for b in right:
        asks, answers = rule.forms(b)
        for form in asks:
            asking[form].append(b)
        for form in answers:
            answering[form].append(b)
    partners: dict[Listing, set[Listing]] = defaultdict(set)
    for a in left:
        asks, answers = rule.forms(a)
        reached = [b for form in asks for b in answering[form]] + [b for form in answers for b in asking[form]]
        for b in reached:
            if rule.allows(a, b):
                partners[a].add(b)
                partners[b].add(a)
    return dict(partners)


def _best(one: Listing, others: set[Listing]) -> set[Listing]:
    """The partners that no other partner beats: with more clues in common and no farther in years, or the reverse."""
    merits = {other: (len(one.clues & other.clues), -(one.apart(other) or 0)) for other in others}
    return {
        other
        for other, merit in merits.items()
        if not any(its != merit and its[0] >= merit[0] and its[1] >= merit[1] for its in merits.values())
    }


def _similar(a: Listing, b: Listing) -> bool:
    """Whether two titles differ in a few letters; numbers must be the same, and a clue too where both have clues."""
    if a.clues and b.clues and not a.clues & b.clues:
        return False
    return any(
        _digits(x) == _digits(y) and SequenceMatcher(None, x, y, autojunk=False).ratio() >= SIMILAR
        for x in _loose_forms(a)[0]
        for y in _loose_forms(b)[0]
    )


def _numbers(one: Listing) -> set[str]:
    return {_digits(form) for form in _all_forms(one)[0]}


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
