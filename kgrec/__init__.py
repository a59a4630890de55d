"""kgrec: recommendations that can show their reasons.

The names below are loaded when they are first used, so that ``import kgrec`` is light and answering needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgrec.bundle.bundle import Bundle
    from kgrec.data.dataset import Dataset
    from kgrec.errors import KgrecError
    from kgrec.evaluation.store_evaluation import evaluate_store
    from kgrec.extract.draft import draft_schema
    from kgrec.graph import open_store
    from kgrec.pipeline import ingest, train, update
    from kgrec.recommendation import (
        Condition,
        Context,
        Explanation,
        Filters,
        PastInteraction,
        Recommendation,
        Recommender,
        sentence,
    )
    from kgrec.recommendation.publishing import publish
    from kgrec.schema.load import load_schema
    from kgrec.schema.model import GraphSchema
    from kgrec.service.client import Client

_HOMES = {
    "Bundle": "kgrec.bundle.bundle",
    "Client": "kgrec.service.client",
    "Condition": "kgrec.recommendation",
    "Context": "kgrec.data.context",
    "Dataset": "kgrec.data.dataset",
    "Explanation": "kgrec.recommendation",
    "Filters": "kgrec.recommendation",
    "GraphSchema": "kgrec.schema.model",
    "KgrecError": "kgrec.errors",
    "PastInteraction": "kgrec.recommendation",
    "Recommendation": "kgrec.recommendation",
    "Recommender": "kgrec.recommendation",
    "draft_schema": "kgrec.extract.draft",
    "evaluate_store": "kgrec.evaluation.store_evaluation",
    "ingest": "kgrec.pipeline",
    "load_schema": "kgrec.schema.load",
    "open_store": "kgrec.graph",
    "publish": "kgrec.recommendation.publishing",
    "sentence": "kgrec.recommendation",
    "train": "kgrec.pipeline",
    "update": "kgrec.pipeline",
}

__all__ = [
    "Bundle",
    "Client",
    "Condition",
    "Context",
    "Dataset",
    "Explanation",
    "Filters",
    "GraphSchema",
    "KgrecError",
    "PastInteraction",
    "Recommendation",
    "Recommender",
    "draft_schema",
    "evaluate_store",
    "ingest",
    "load_schema",
    "open_store",
    "publish",
    "sentence",
    "train",
    "update",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
