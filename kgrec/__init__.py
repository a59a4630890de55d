"""kgrec: recommendations that can show their reasons.

The names below are loaded when they are first used, so that ``import kgrec`` is light and answering needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgrec.bundle import Bundle
    from kgrec.dataset import Dataset
    from kgrec.errors import KgrecError
    from kgrec.evaluation import evaluate
    from kgrec.graph import open_store
    from kgrec.pipeline import ingest, train
    from kgrec.publishing import publish
    from kgrec.query import Explanation, PastInteraction, Recommendation, Recommender, sentence
    from kgrec.schema import GraphSchema, load_schema

_HOMES = {
    "Bundle": "kgrec.bundle",
    "Dataset": "kgrec.dataset",
    "Explanation": "kgrec.query",
    "GraphSchema": "kgrec.schema",
    "KgrecError": "kgrec.errors",
    "PastInteraction": "kgrec.query",
    "Recommendation": "kgrec.query",
    "Recommender": "kgrec.query",
    "evaluate": "kgrec.evaluation",
    "ingest": "kgrec.pipeline",
    "load_schema": "kgrec.schema",
    "open_store": "kgrec.graph",
    "publish": "kgrec.publishing",
    "sentence": "kgrec.query",
    "train": "kgrec.pipeline",
}

__all__ = [
    "Bundle",
    "Dataset",
    "Explanation",
    "GraphSchema",
    "KgrecError",
    "PastInteraction",
    "Recommendation",
    "Recommender",
    "evaluate",
    "ingest",
    "load_schema",
    "open_store",
    "publish",
    "sentence",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
