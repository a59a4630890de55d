"""`/health`: whether the service answers with everything it has."""

from __future__ import annotations

from fastapi import APIRouter, Response

from kgrec.errors import GraphError
from kgrec.service.answers import Answering, document

router = APIRouter()


@router.get("/health")
def health(recommender: Answering) -> Response:
    """``ok``, or ``degraded`` and why. Always 200: to start again would bring no store back."""
    try:
        reason = recommender.degraded
    except GraphError as error:
        reason = error.summary
    bundle = recommender.bundle
    facts = {
        "created": bundle.manifest.created,
        "graph_id": bundle.manifest.graph_id,
        "users": len(bundle.users),
        "items": len(bundle.items),
    }
    return document({"status": "degraded" if reason else "ok", "reason": reason, "bundle": facts})
