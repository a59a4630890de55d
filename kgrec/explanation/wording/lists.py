"""Lists and figures in a sentence: names one after the other, past items by what was done with them, shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from kgrec.explanation.wording.sentence_parts import Past


def listed(words: Sequence[str], comma: str, last: str) -> str:
    """Words joined by ``comma``, the last one by ``last``."""
    return words[0] if len(words) == 1 else f"{comma.join(words[:-1])}{last}{words[-1]}"


def stars(given: float | None) -> str:
    """The stars that were given, such as ``★★★½``; empty where nobody gives any."""
    if given is None:
        return ""
    whole, half = divmod(round(2 * max(given, 0.0)), 2)
    return f"{'★' * whole}{'½' * half}" or "☆"


def by_verb(past: Sequence[Past], verb: Callable[[Past], str]) -> list[tuple[str, list[Past]]]:
    """A verb and past items for each run of those with which the same was done."""
    return [(done, list(run)) for done, run in groupby(past, key=verb)]


def percent(share: float) -> str:
    """A share above 0 as a whole number of per cent."""
    return f"{round(100 * share)}%" if share >= 0.005 else "<1%"
