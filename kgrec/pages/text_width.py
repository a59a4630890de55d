"""How wide text is, roughly, so that drawings can keep labels apart without a browser."""

from __future__ import annotations

import unicodedata

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMW@%")


def text_width(text: str, size: float) -> float:
    """Width in pixels at a font size: generous for the usual sans-serif fonts, a full square for Chinese."""
    return size * sum(_share(letter) for letter in text)


def _share(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.92
    return 0.7 if letter.isupper() else 0.58


def fitted(text: str, width: float, size: float) -> str:
    """The text, cut with an ellipsis where it is wider than ``width`` pixels."""
    if text_width(text, size) <= width:
        return text
    return text[: _letters_within(text, width - text_width("…", size), size)].rstrip() + "…"


def wrapped(text: str, width: float, size: float, lines: int = 2) -> list[str]:
    """The text in at most ``lines`` lines, broken at spaces where there are any, the last one cut if need be."""
    result: list[str] = []
    rest = " ".join(text.split())
    while rest and len(result) < lines - 1 and text_width(rest, size) > width:
        end = max(_letters_within(rest, width, size), 1)
        space = rest.rfind(" ", 1, end + 1)
        end = space if space > 0 else end
        result.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*result, fitted(rest, width, size)] if rest or not result else result


def _letters_within(text: str, width: float, size: float) -> int:
    """Number of first letters that are together at most ``width`` pixels wide."""
    used = 0.0
    for place, letter in enumerate(text):
        used += size * _share(letter)
        if used > width:
            return place
    return len(text)
