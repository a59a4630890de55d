"""`/v1/model`: what the answers come from."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from kgrec.bundle.bundle import Bundle
from kgrec.data.context_columns import OF_MOMENT
from kgrec.evaluation.model_card import model_card
from kgrec.plain_text import plain
from kgrec.service.access import Scope, needs
from kgrec.service.answer_models import CardAnswer, ModelAnswer
from kgrec.service.answers import Answering
from kgrec.service.json_answers import document

_USERS = 20
"""As many users' lists are taken apart for a card, at most."""

router = APIRouter(prefix="/v1/model", tags=["model"], dependencies=[needs(Scope.READ)])


@router.get("", response_model=ModelAnswer, summary="The bundle that is served")
def model(recommender: Answering) -> Response:
    """What the bundle says of itself: when it was made, from which graph, with which settings and measures."""
    bundle, manifest = recommender.bundle, recommender.bundle.manifest
    named = [name for name in bundle.interactions.platforms if name]
    return document(
        {
            "created": manifest.created,
            "graph_id": manifest.graph_id,
            "store": None if recommender.store is None else recommender.store.url.partition(":")[0],
            "data_cutoff": manifest.data_cutoff,
            "seed": manifest.seed,
            "versions": plain(manifest.versions),
            "settings": plain(manifest.settings),
            "metrics": plain(manifest.metrics),
            "training": plain(manifest.training),
            "channels": [channel.name for channel in bundle.model.channels],
            "contexts": {
                bias.column: list(bias.values)
                for model in (*bundle.model.targets.values(), bundle.model)
                for bias in model.contexts
                if bias.column not in OF_MOMENT
            },
            "platforms": named if len(named) > 1 else [],
            "users": len(bundle.users),
            "items": len(bundle.items),
            "found_by": bundle.model.found_by,
        }
    )


@router.get("/card", response_model=CardAnswer, summary="The model card")
def card(request: Request, recommender: Answering) -> Response:
    """What the scores of top lists rest on, measured on the lists of some users when it is asked for the first time."""
    cards: ModelCards = request.app.state.cards
    return document(plain(cards.of(recommender.bundle)))


class ModelCards:
    """The card of the model that answers, worked out once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._card: Mapping[str, Any] = {}
        self._bundle: weakref.ref[Bundle] | None = None

    def of(self, bundle: Bundle) -> Mapping[str, Any]:
        """The card of a bundle; see :func:`~kgrec.evaluation.model_card.model_card`."""
        with self._lock:
            if self._bundle is None or self._bundle() is not bundle:
                self._card, self._bundle = model_card(bundle, _USERS), weakref.ref(bundle)
            return self._card
