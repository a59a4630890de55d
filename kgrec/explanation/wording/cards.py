"""The reason on a card: one line without numbers, short enough to stand below a title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kgrec.explanation.wording.languages import Wording
from kgrec.explanation.wording.plan import Plan
from kgrec.explanation.wording.sentence_parts import (
    Again,
    DirectFact,
    Evidence,
    Name,
    Past,
    SharedFacts,
    Statement,
    is_personal,
)

LONGEST = 120
"""Characters of a line."""

_FACT_COUNTS = 0.1
"""Share from which on a fact is the reason on a card, even where others' choices count more: it says more."""
_PERSONAL_COUNTS = 0.05
_FULL_STOPS = ".。"


def card(plan: Plan, wording: Wording) -> str:
    """The most telling reason in one line of at most 120 characters, with as much of it as there is room for."""
    reason = _most_telling(plan.reasons)
    if reason is None:
        return _cut(wording.without_reasons(plan.has_history, None).rstrip(_FULL_STOPS), LONGEST)
    line = ""
    for shorter in _ever_shorter(reason):
        line = wording.card(shorter)
        if len(line) <= LONGEST:
            break
    return _cut(line, LONGEST)


def _most_telling(reasons: Sequence[Statement]) -> Statement | None:
    again = [one for one in reasons if isinstance(one, Again) and one.share >= _FACT_COUNTS]
    facts = [one for one in reasons if isinstance(one, SharedFacts | DirectFact) and one.share >= _FACT_COUNTS]
    personal = [one for one in reasons if is_personal(one) and one.share >= _PERSONAL_COUNTS]
    return next(iter([*again, *facts, *personal, *reasons]), None)


def _ever_shorter(reason: Statement) -> Iterator[Statement]:
    """The reason with less and less detail: fewer facts, then fewer past items, then cut names."""
    least = reason
    for facts, past in ((2, 2), (1, 2), (1, 1)):
        least = _with_fewer(reason, facts, past)
        yield least
    for longest in (40, 25, 12):
        yield _with_names(least, longest)


def _with_fewer(reason: Statement, facts: int, past: int) -> Statement:
    if isinstance(reason, SharedFacts):
        kept = tuple(replace(fact, entities=fact.entities[:2], more=0) for fact in reason.facts[:facts])
        return replace(reason, past=reason.past[:past], facts=kept)
    if isinstance(reason, Evidence):
        return replace(reason, past=reason.past[:past], others=reason.others or len(reason.past) > past)
    return reason


def _with_names(reason: Statement, longest: int) -> Statement:
    def name(of: Name) -> Name:
        return replace(of, text=_cut(of.text, longest))

    def past(of: Past) -> Past:
        return replace(of, name=name(of.name))

    if isinstance(reason, SharedFacts):
        facts = tuple(replace(fact, entities=tuple(map(name, fact.entities))) for fact in reason.facts)
        return replace(reason, past=tuple(map(past, reason.past)), facts=facts)
    if isinstance(reason, Evidence):
        return replace(reason, past=tuple(map(past, reason.past)))
    return replace(reason, past=past(reason.past)) if isinstance(reason, DirectFact) else reason


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
