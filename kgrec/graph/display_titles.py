"""Titles as people say them: catalogues put an article last, to sort by the word before it."""

from __future__ import annotations

import re

_ARTICLES = "The|An?|Il|Lo|Gli|L[ae]s?|Une?|Una|El|Los|Der|Das|L'"
"""Those that are hardly ever the last word of a title after a comma: not ``Die``, ``I``, ``O``."""
_ARTICLE_LAST = re.compile(rf"(?P<title>.*\S), (?P<article>{_ARTICLES})(?P<rest>( \([^()]*\))*)")
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")


def display_title(title: str) -> str:
    """The title with its article in front: ``Truth About Cats & Dogs, The`` begins with *The*.

    What stands behind in brackets, a year or another title, stays there.

    Example:
        >>> display_title("Usual Suspects, The (1995)"), display_title("Cité, La (City, The)")
        ('The Usual Suspects (1995)', 'La Cité (The City)')
    """
    last = _ARTICLE_LAST.fullmatch(title)
    if last:
        space = "" if last["article"].endswith("'") else " "
        title = f"{last['article']}{space}{last['title']}{last['rest']}"
    return _IN_BRACKETS.sub(lambda inside: f"({display_title(inside[1])})", title)
