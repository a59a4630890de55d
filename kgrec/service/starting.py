"""What is answered before there is an application: that the process lives, and that the service starts."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from kgrec.service.guard import Answer, identified
from kgrec.service.json_answers import document
from kgrec.service.problems import refusal

_AGAIN_AFTER_S = 1
_LIVE = "/health/live"


async def starting(scope: Scope, receive: Receive, send: Send) -> None:
    """200 where somebody asks whether the process lives, otherwise 503 with Retry-After; an ASGI application."""
    request = identified(scope)
    if request.url.path == _LIVE:
        answer = document({"status": "ok"})
    else:
        expected = "another answer once the model and the graph are open"
        answer = refusal(request, 503, "the service starts.", expected, _AGAIN_AFTER_S)
    await answer(scope, receive, Answer(scope, send))
