"""`/v1/model`: what the answers come from."""

from __future__ import annotations

from fastapi import APIRouter, Response

from kgrec.plain_text import plain
from kgrec.service.access import Scope, needs
from kgrec.service.answer_models import ModelAnswer
from kgrec.service.answers import Answering, document

router = APIRouter(prefix="/v1/model", tags=["model"], dependencies=[needs(Scope.READ)])


@router.get("", response_model=ModelAnswer, summary="The bundle that is served")
def model(recommender: Answering) -> Response:
    """What the bundle says of itself: when it was made, from which graph, with which settings and measures."""
    bundle, manifest = recommender.bundle, recommender.bundle.manifest
    return document(
        {
            "created": manifest.created,
            "graph_id": manifest.graph_id,
            "data_cutoff": manifest.data_cutoff,
            "seed": manifest.seed,
            "versions": plain(manifest.versions),
            "settings": plain(manifest.settings),
            "metrics": plain(manifest.metrics),
            "training": plain(manifest.training),
            "channels": [channel.name for channel in bundle.model.channels],
            "users": len(bundle.users),
            "items": len(bundle.items),
        }
    )
