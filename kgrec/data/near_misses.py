"""Near misses: other ways to write an id that is unknown, to name the one that was probably meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

_DECIMAL = re.compile(r"([+-]?)(\d+)\.?(0*)")
_ZEROS_TRIED = 12
"""Digits up to which a number is tried with zeros before it."""
_SEPARATORS = ";|,"
_MOST_PARTS = 50
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
"""Characters that nobody sees."""


def near_miss(uid: str, is_known: Callable[[str], bool]) -> str | None:
    """The sentence ``'20' exists`` with the reason why it looks alike, for an id that is not known; None where no other
    way to write it is.

    Args:
        is_known: whether there is such an id.
    """
    known = ((other, why) for other, why in _spellings(uid) if other != uid and other and is_known(other))
    return next((f"'{other}' exists{why}" for other, why in known), None) or _several(uid, is_known)


def _several(uid: str, is_known: Callable[[str], bool]) -> str | None:
    """The sentence that an id is several known ones in one text; None where it is not."""
    for separator in _SEPARATORS:
        parts = [part.strip() for part in uid.split(separator)]
        if 2 <= len(parts) <= _MOST_PARTS and all(map(is_known, parts)):
            shown = f"{', '.join(map(repr, parts[:3]))}{' and others' * (len(parts) > 3)} exist"
            how = f"which a schema takes apart by {separator!r} (`split`, of interactions `item_split`)"
            return f"{shown}: one cell holds several ids, {how}"
    return None


def longer_ids(uid: str, known: Iterable[str]) -> str | None:
    """The sentence ``'movielens:50' exists`` for an id that known ones end with, behind a colon, a slash or a hash."""
    ends = (f":{uid}", f"/{uid}", f"#{uid}")
    longer = [repr(other) for other in islice((other for other in known if other.endswith(ends)), 4)]
    if not longer or not uid:
        return None
    return f"{', '.join(longer[:3])}{' and others' * (len(longer) > 3)} exist{'s' * (len(longer) == 1)}"


def near_spellings(uid: str) -> list[str]:
    """Other ways to write an id, the nearest first: what to ask a store for."""
    return list(dict.fromkeys(other for other, _ in islice(_spellings(uid), 60) if other != uid))


def _spellings(uid: str) -> Iterator[tuple[str, str]]:
    """Yield other ways to write an id, each with what differs in words; some more than once."""
    for form in ("NFC", "NFD", "NFKC"):
        yield unicodedata.normalize(form, uid), " (the same letters composed otherwise)"
    seen = " ".join(_UNSEEN.sub("", uid).split())
    yield seen, " (without characters that nobody sees)"
    for quote in "\"'`":
        yield seen.strip(quote), " (without quotes)"
    if number := _DECIMAL.fullmatch(seen):
        sign, digits, _ = number.groups()
        sign = sign.removeprefix("+")
        plain = digits.lstrip("0") or "0"
        yield f"{sign}{digits}", ""
        yield f"{sign}{plain}", ""
        yield f"{sign}{plain}.0", ""
        for length in range(len(plain) + 1, _ZEROS_TRIED + 1):
            yield f"{sign}{plain.zfill(length)}", ""
    for other in (seen.lower(), seen.upper(), seen.capitalize(), seen.title(), seen.casefold()):
        yield other, " (in other letters, small or capital)"
    for other in (seen.replace("_", " "), seen.replace(" ", "_"), seen.replace("-", "")):
        yield other, ""
    platform, colon, rest = seen.partition(":")
    if colon:
        yield rest, f" (without '{platform}:')"
