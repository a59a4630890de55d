"""Titles as people say them: catalogues put an article last, to sort by the word before it."""

from __future__ import annotations

import re

_ARTICLE_LAST = re.compile(r"(?P<title>.*\S), (?P<article>The|An?)(?P<rest>( \([^()]*\))*)")


def display_title(title: str) -> str:
    """The title with an English article in front: ``Truth About Cats & Dogs, The`` begins with *The*.

    What stands behind in brackets, a year or another title, stays there.

    Example:
        >>> display_title("Usual Suspects, The (1995)"), display_title("Heat (1995)")
        ('The Usual Suspects (1995)', 'Heat (1995)')
    """
    last = _ARTICLE_LAST.fullmatch(title)
    return f"{last['article']} {last['title']}{last['rest']}" if last else title
