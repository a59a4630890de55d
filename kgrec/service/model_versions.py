"""`/v1/model/versions`: which versions of the model there are, and another one in the place of the live one."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from kgrec.live.swapping import ModelSwap
from kgrec.service.access import Asking, Scope, needs
from kgrec.service.json_answers import document

router = APIRouter(prefix="/v1/model/versions", tags=["model"], dependencies=[needs(Scope.ADMIN)])


class ModelChange(BaseModel):
    """The version to answer with; by its hash alone, so that nothing is loaded from elsewhere."""

    model_config = ConfigDict(extra="forbid")

    version: str | None = Field(None, max_length=64, description="Its id; not given: the one that was live before.")


@router.get("", summary="The versions of the model")
def versions(request: Request) -> Response:
    """Every version, the newest first, and why the last one that was tried was refused, where it was."""
    return document(standing_of(_swap_of(request)))


@router.post("", summary="Answer with another version")
def change(request: Request, caller: Asking, asked: ModelChange | None = None) -> Response:
    """Try a version and answer with it from now on, or refuse it and answer on with the old one."""
    swap = _swap_of(request)
    if asked is None or asked.version is None:
        swap.back()
    else:
        swap.use(asked.version)
    request.app.state.audit(request, caller, "change the model", None, str(swap.version))
    return document(standing_of(swap))


def standing_of(swap: ModelSwap) -> dict[str, object]:
    """The versions of the model, and what became of those that were tried."""
    swap.hear()
    return {
        "live": swap.version,
        "before": swap.versions.before,
        "since": swap.since,
        "refusal": swap.refusal,
        "tried": swap.tried,
        "refused": swap.refused,
        "swaps": swap.swaps,
        "backs": swap.backs,
        "versions": [vars(version) for version in swap.versions.listed()],
    }


def _swap_of(request: Request) -> ModelSwap:
    swap: ModelSwap | None = getattr(request.app.state, "swap", None)
    if swap is None:
        raise HTTPException(404)  # a service with one model only
    return swap
