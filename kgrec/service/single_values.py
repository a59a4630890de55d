"""Parameters of an address that cannot be meant: given twice although one value is all they have, or where none is."""

from __future__ import annotations

from collections import Counter

from fastapi import Request
from fastapi.routing import APIRoute

from kgrec.errors import ConfigError, shorten

LISTS = frozenset({"history", "where", "allow", "deny"})
"""Parameters that are lists, wherever there are such."""


async def once_each(request: Request) -> None:
    """Make sure that nothing is given twice, and nothing where a body says it all: what was meant, nobody can tell.

    What is unknown among other parameters is refused with those that do not fit.

    Raises:
        ConfigError: a parameter that is no list is given twice; or any is where the resource has none.
    """
    route = request.scope.get("route")
    if isinstance(route, APIRoute) and not route.dependant.query_params and request.query_params:
        raise ConfigError(
            "the address takes no parameters.",
            where="query",
            found=", ".join(map(shorten, sorted(request.query_params))),
            expected="a body that has them" if request.method == "POST" else "none",
            next="see /openapi.json for what each address takes",
        )
    given = Counter(name for name, _ in request.query_params.multi_items())
    twice = sorted(name for name, n in given.items() if n > 1 and name not in LISTS)
    if twice:
        raise ConfigError(
            "a parameter is given more than once.",
            where="query",
            found=", ".join(map(shorten, twice)),
            expected=f"once; only {', '.join(sorted(LISTS))} can be repeated",
            next="leave out all but one",
        )
