"""Bodies that are not said to be JSON: what a program such as curl sends where nobody tells it what it sends."""

from __future__ import annotations

from email.message import Message

from fastapi import Request
from fastapi.routing import APIRoute

from kgrec.errors import KgrecError, shorten


class NotJsonError(KgrecError):
    """A body that is not said to be JSON."""


async def said_to_be_json(request: Request) -> None:
    """Make sure that a body, where there is one, is said to be JSON.

    Raises:
        NotJsonError: it is said to be something else, or nothing.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or route.body_field is None or not await request.body():
        return
    said = Message()
    if given := request.headers.get("content-type", ""):
        said["content-type"] = given
        if said.get_content_maintype() == "application" and said.get_content_subtype().split("+")[-1] == "json":
            return
    raise NotJsonError(
        "the request's body is not said to be JSON.",
        where="Content-Type",
        found=shorten(given) if given else "no Content-Type",
        expected="application/json",
        next="send it with Content-Type: application/json; curl does with --json",
    )
