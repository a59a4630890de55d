"""Titles as they are compared: one entity has one title, however a platform spells it.

``Godfather, The (1972)`` and ``The Godfather`` compare equal, and so do ``Seven (Se7en)`` and ``Se7en``. A title has
several variants, from strict to loose; the rules in :mod:`kgrec.extract.identity.matching_rules` say which counts when.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_each = re.compile(r"\S+").findall

_ARTICLES = frozenset(
    _each("the a an le la les l' un une el los las una il lo gli i der die das den det de het en ett ein eine o os as")
)
_NUMBER_WORDS = _each(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBER_WORDS)}
_ROMAN = {
    numeral: str(number)
    for number, numeral in enumerate(_each("ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"), 2)
}
_ORDINALS = {
    word: f"{number}{('st', 'nd', 'rd')[number - 1] if number < 4 else 'th'}"
    for number, word in enumerate(_each("first second third fourth fifth sixth seventh eighth ninth tenth"), 1)
}
_SPELLED_OUT = _ORDINALS | {
    "mr": "mister",
    "monsieur": "mister",
    "dr": "doctor",
    "vs": "versus",
    "st": "saint",
    "jr": "junior",
    "blvd": "boulevard",
    "theatre": "theater",
    "grey": "gray",
}
_SMALL_WORDS = frozenset(_each("the a an and et y und le la les un une der die das el il part episode"))
_COUNTERS = frozenset(("", *_each("part episode volume vol chapter book season")))
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "&": " and ", "+": " and "}
)
_BRACKET = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_AKA = re.compile(r"(?:^|[\s,]+)a\.?k\.?a\.?:?\s+", re.IGNORECASE)
_SEGMENT = re.compile(r"[,;]?\s+or[:,]\s+|[,;]\s+or\s+|:\s+|\s+[-–—]+\s+|\s*[–—]\s*|;\s+|\s/\s")
_APOSTROPHE = re.compile(r"['’‘`´ʻ]")
_ACCENT = re.compile(r"[\u0300-\u036f]")
_POSSESSIVE = re.compile(r"^.*?\w['’]s\s+(?=\S+\s+\S)")
_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"\b[a-z](?:[^\w\s]+[a-z])+\b")
_NUMBER = re.compile(r"\b\d+\b ?")


@dataclass(frozen=True, slots=True)
class Title:
    """One title in several variants, from strict to loose.

    Attributes:
        main: the title itself, brackets taken off, compared word by word.
        others: alternative titles, from brackets and after ``a.k.a.``.
        parts: what a longer title begins or ends with: before and after each colon or dash.
        loose: main and others without small words and spaces.
        year: the year in brackets, if the title has one.
    """

    main: str
    others: frozenset[str]
    parts: frozenset[str]
    loose: frozenset[str]
    year: int | None

    @property
    def all(self) -> frozenset[str]:
        """Main and alternative titles."""
        return self.others | {self.main}


def read_title(text: str) -> Title:
    """A title in all its variants.

    Example:
        >>> read_title("City of Lost Children, The (Cité des enfants perdus, La) (1995)").others
        frozenset({'la cite des enfants perdus'})
    """
    year: int | None = None
    pieces: list[str] = []
    for inside in _BRACKET.findall(text):
        if _YEAR.fullmatch(inside.strip()):
            year = int(inside)
        else:
            pieces.append(inside)
    outside = _BRACKET.sub(" ", text)
    if not _WORD.search(outside):
        outside, pieces = text, []
    main, *also_known = _AKA.split(outside)
    if not main.strip():
        main, also_known = outside, []
    pieces = [piece for joined in (*also_known, *pieces) for piece in _AKA.split(joined)]
    spelled = [_article_first(piece) for piece in (main, *pieces)]
    words = [" ".join(_words(piece)) for piece in spelled]
    # A bracket of one or two letters is a mark of the source ("V", "TV"), not a title.
    others = frozenset(word for word in words[1:] if len(word) > 2 and word != words[0])
    return Title(
        main=words[0],
        others=others,
        parts=frozenset(part for piece in spelled for part in _parts(piece)) - others - {words[0]},
        loose=frozenset(filter(None, (_loose(word) for word in {words[0], *others}))),
        year=year,
    )


def plain_words(text: str) -> str:
    """Text in lower case without accents and punctuation, numbers as digits.

    Example:
        >>> plain_words("Amélie: Part II")
        'amelie part 2'
    """
    return " ".join(_words(text))


def _article_first(text: str) -> str:
    """``Godfather, The`` as ``The Godfather``."""
    head, comma, last = text.strip().rpartition(",")
    article = _APOSTROPHE.sub("'", last.strip().casefold())
    if not comma or article not in _ARTICLES:
        return text.strip()
    return f"{last.strip()}{'' if article.endswith(chr(39)) else ' '}{head}"


def _words(text: str) -> list[str]:
    """Words without accents, apostrophes and case; numbers as digits."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", text.casefold().translate(_LETTERS)))
    plain = unicodedata.normalize("NFC", _ACCENT.sub("", plain))
    # "U.S." and "M*A*S*H" are one word each.
    words = _WORD.findall(_INITIALS.sub(lambda found: "".join(_WORD.findall(found[0])), plain))
    # A roman numeral never begins a title; "I" is a word more often than a number.
    return [_NUMBERS.get(word) or (_ROMAN.get(word, word) if at else word) for at, word in enumerate(words)]


def _parts(text: str) -> set[str]:
    """What the title begins and ends with at its colons and dashes, and what is left without an author or a number.

    ``Rudyard Kipling's The Jungle Book`` without its author, ``Star Trek II: The Wrath of Khan`` without its number.
    """
    segments = [" ".join(_words(segment)) for segment in _SEGMENT.split(text)]
    segments = [segment for segment in segments if segment]
    if not segments:
        return set()
    # What is left of "Kill Bill: Vol. 2" without its end is another film; "Vol. 2" and "The Movie" are none.
    ends_in_number = _without_numbers(segments[-1]) in _COUNTERS
    heads = {" ".join(segments[:cut]) for cut in range(1, len(segments) - ends_in_number)}
    tails = {" ".join(segments[cut:]) for cut in range(1, len(segments))}
    parts = heads | tails | {" ".join(_words(_POSSESSIVE.sub("", text)))}
    if len(segments) > 1 and not ends_in_number:
        parts.add(_without_numbers(" ".join(segments)))
    return {part for part in parts if _without_numbers(part) not in _COUNTERS | {"the movie"}}


def _without_numbers(words: str) -> str:
    return _NUMBER.sub("", words).strip()


def _loose(words: str) -> str:
    """One string without small words, spaces, abbreviations and British spellings."""
    kept = [_SPELLED_OUT.get(word, word) for word in words.split() if word not in _SMALL_WORDS]
    return "".join(kept).replace("our", "or")
