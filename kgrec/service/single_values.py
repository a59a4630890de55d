"""Parameters of an address that are given twice although one value is all they have."""

from __future__ import annotations

from collections import Counter

from fastapi import Request

from kgrec.errors import ConfigError, shorten

_LISTS = frozenset({"history", "where", "allow", "deny"})
"""Parameters that are lists, wherever there are such."""


async def once_each(request: Request) -> None:
    """Make sure that nothing is given twice: which of the two was meant, nobody can tell.

    Raises:
        ConfigError: a parameter that is no list is.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    twice = sorted(name for name, n in given.items() if n > 1 and name not in _LISTS)
    if twice:
        raise ConfigError(
            "a parameter is given more than once.",
            where="query",
            found=", ".join(map(shorten, twice)),
            expected=f"once; only {', '.join(sorted(_LISTS))} can be repeated",
            next="leave out all but one",
        )
