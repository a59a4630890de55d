"""`/operators`: the page of those who run the service; its figures come from `/v1/operation`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from kgrec.service.page.why_page import page_answer

PATH = "/operators"
router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def operators_page(request: Request) -> Response:
    """The page in the language of ``lang``, otherwise in the one that the browser's user likes best."""
    return page_answer(request, "operators.html")
