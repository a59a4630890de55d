"""What the cells of a column are: numbers, times, lists, prose ..., told from their distinct texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kgrec.extract.draft.time_forms import TimeForm, time_form

Kind = Literal["nothing", "flag", "whole", "number", "money", "time", "link", "text", "prose", "list", "unusable"]

NOTHING = frozenset({"na", "n/a", "nan", "null", "none", "nil", "\\n", "-", "--", "?", "unknown"})
"""Texts, lower case, that stand for nothing among numbers and times."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d{1,18}(\.0+)?")
_MONEY = re.compile(r"[^\w\s.,-]{0,2}\s?[+-]?\d{1,3}([., ']?\d{3})*([.,]\d{1,2})?\s?([^\w\s]|EUR|USD|GBP|CNY)?")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_FLAGS = frozenset({"true", "false", "yes", "no", "y", "n", "t", "f"})
_SEPARATORS = ("|", ";", " / ", ", ", ",", "/")
_ENOUGH = 500
"""Distinct texts that are looked at; what holds for so many is taken to hold for all."""


@dataclass(frozen=True)
class Form:
    """What the cells of a column are.

    Attributes:
        kind: ``money`` is a number that cannot be read as one, ``unusable`` what no property can hold.
        time: how times are written.
        separator: between the parts of a list that is written as text.
        missing: texts that stand for nothing.
    """

    kind: Kind
    time: TimeForm | None = None
    separator: str | None = None
    missing: tuple[str, ...] = ()


def form_of(texts: Sequence[str]) -> Form:
    """What some distinct texts are."""
    texts = texts[:: max(1, len(texts) // _ENOUGH)]
    missing = tuple(text for text in texts if text.lower() in NOTHING)
    values = [text for text in texts if text.lower() not in NOTHING]
    if not values:
        return Form("nothing")
    if all(text.lower() in _FLAGS for text in values):
        return Form("flag", missing=missing)
    if all(_WHOLE.fullmatch(text) for text in values):
        return Form("whole", missing=missing)
    if all(_NUMBER.fullmatch(text) for text in values):
        return Form("number", missing=missing)
    if (times := time_form(values)) is not None:
        return Form("time", time=times, missing=missing)
    if all(_MONEY.fullmatch(text) for text in values):
        return Form("money", missing=missing)
    if all(_LINK.match(text) for text in values):
        return Form("link")
    if (separator := separator_of(values)) is not None:
        return Form("list", separator=separator)
    return Form("prose" if _is_prose(values) else "text")


def separator_of(texts: Sequence[str]) -> str | None:
    """What stands between the parts of cells that hold several values; None where they hold one.

    The parts are those of lists where they are short and come back in other cells, which the parts of sentences and of
    'Doe, Jane' do not.
    """
    for separator in _SEPARATORS:
        several = [text for text in texts if separator in text]
        if len(several) < max(2, len(texts) // 10):
            continue
        parts = Counter(part.strip() for text in texts for part in text.split(separator) if part.strip())
        longest = max(map(len, parts))
        if longest > 60 or sum(map(len, parts)) > 25 * len(parts):
            continue
        # In a list the same part is met in several cells: as often as not for signs that are rare in names.
        repeats = sum(parts.values()) / len(parts)
        if repeats >= (1.3 if separator in "|;" else 2.0):
            return separator
    return None


def _is_prose(texts: Sequence[str]) -> bool:
    letters = sum(map(len, texts)) / len(texts)
    words = sum(len(text.split()) for text in texts) / len(texts)
    return words >= 8 or letters >= 60 or (words < 1.5 and letters >= 25 and not all(map(str.isascii, texts)))
