"""Lists in a sentence: names one after the other, and past items by what was done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from kgrec.explanation.reasons import PastItem
from kgrec.explanation.wording.languages import in_language


def listed(words: Sequence[str], comma: str, last: str) -> str:
    """Words joined by ``comma``, the last one by ``last``."""
    return words[0] if len(words) == 1 else f"{comma.join(words[:-1])}{last}{words[-1]}"


def with_stars(name: str, stars: float | None) -> str:
    """A name with the stars that were given, such as ``Heat ★★★½``."""
    if stars is None:
        return name
    whole, half = divmod(round(2 * max(stars, 0.0)), 2)
    return f"{name} {'★' * whole}{'½' * half}" if whole or half else f"{name} ☆"


def by_verb(past: Sequence[PastItem], language: str, named: Callable[[PastItem], str]) -> list[tuple[str, list[str]]]:
    """A verb and names for each run of past items with which the same was done."""
    runs = groupby(past, key=lambda item: in_language(item.verb, language))
    return [(verb, [named(item) for item in run]) for verb, run in runs]
