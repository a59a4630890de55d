"""An explanation as text, in any installed language and three lengths. Every fact in it stands in the Explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from kgrec.explanation.explanation import Explanation
from kgrec.explanation.wording.cards import card
from kgrec.explanation.wording.languages import Wording, wording_of
from kgrec.explanation.wording.plan import Plan, plan_of
from kgrec.explanation.wording.sentence_parts import (
    DirectFact,
    Evidence,
    Name,
    Popularity,
    SharedFacts,
    Statement,
    Trend,
    is_personal,
    past_of,
)

Length = Literal["short", "standard", "full"]

_NAMED, _NAMED_IN_FULL = 2, 5
_SENTENCES, _REASONS, _FACTS = 3, 2, 3
_MERGED = 3
"""What one sentence says of the same past items, at most."""
_WORTH_SAYING = 0.05
"""Share from which on a reason is said in the standard length."""


def sentence(explanation: Explanation, language: str = "en", length: Length = "standard") -> str:
    """An explanation in a language, such as ``en`` or ``zh``.

    Args:
        length: ``short`` is one line for a card, at most 120 characters, without numbers; ``standard`` two or three
            sentences, with shares; ``full`` everything there is to say.

    Raises:
        ConfigError: the language is not installed.
    """
    wording = wording_of(language)
    if length == "short":
        return card(plan_of(explanation, _NAMED, language), wording)
    if length == "standard":
        return wording.between.join(_standard(plan_of(explanation, _NAMED, language), wording))
    return wording.between.join(_full(plan_of(explanation, _NAMED_IN_FULL, language), wording))


def _standard(plan: Plan, wording: Wording) -> list[str]:
    """The largest reasons, one of them a fact where a fact counts, and what limits them."""
    told = list(_worth_saying(plan.reasons))
    far = [effect for effect in plan.effects if effect.far][:1]
    limits = [*_limits(plan, wording), *map(wording.counterfactual, far)]
    reasons = _reasons(told, plan, wording)
    said = [*reasons[:_REASONS], *limits][:_SENTENCES]
    return said + reasons[_REASONS : _REASONS + _SENTENCES - len(said)]


def _full(plan: Plan, wording: Wording) -> list[str]:
    effects = map(wording.counterfactual, plan.effects)
    return [*_reasons(_personal_first(plan.reasons), plan, wording), *_limits(plan, wording), *effects]


def _reasons(told: Sequence[Statement], plan: Plan, wording: Wording) -> list[str]:
    if not any(map(is_personal, told)):
        of_item = [reason for reason in plan.reasons if isinstance(reason, Popularity | Trend)]
        return [wording.without_reasons(plan.has_history, of_item[0] if of_item else None)]
    together = _of_the_same(told)
    return [wording.first(together), *(wording.further(reason) for reason in told if reason not in together)]


def _of_the_same(told: Sequence[Statement]) -> list[Statement]:
    """The first reason, with further ones of the same past items as far as one sentence has room for them."""
    together = [told[0]]
    for reason in told[1:]:
        says = sum(len(one.facts) if isinstance(one, SharedFacts) else 1 for one in [*together, reason])
        mergeable = all(isinstance(one, SharedFacts | Evidence) for one in (told[0], reason))
        if mergeable and _who(reason) == _who(told[0]) and says <= _MERGED:
            together.append(reason)
    return together


def _who(reason: Statement) -> tuple[frozenset[Name], bool]:
    past, others = past_of(reason)
    return frozenset(one.name for one in past), others


def _limits(plan: Plan, wording: Wording) -> Iterator[str]:
    """What speaks against the item, and that it is new."""
    if plan.against:
        yield wording.against(plan.against)
    yield from map(wording.further, plan.takes_back)
    if plan.cold:
        yield wording.cold_item()


def _worth_saying(reasons: Sequence[Statement]) -> Iterator[Statement]:
    """What is said in the standard length: the largest reason, the facts, then the others."""
    ordered = _personal_first(reasons)
    large = ordered[:1] + [reason for reason in ordered[1:] if reason.share >= _WORTH_SAYING]
    facts = [reason for reason in large if isinstance(reason, SharedFacts | DirectFact)][:1]
    if facts == large[:1]:
        facts = []
    for reason in [*large[:1], *facts, *(one for one in large[1:] if one not in facts)]:
        yield replace(reason, facts=reason.facts[:_FACTS]) if isinstance(reason, SharedFacts) else reason


def _personal_first(reasons: Sequence[Statement]) -> list[Statement]:
    """The reasons, with the largest that is about the person in front."""
    first = [reason for reason in reasons if is_personal(reason)][:1]
    return first + [reason for reason in reasons if reason not in first]
