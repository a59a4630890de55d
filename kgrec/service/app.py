"""The HTTP application: one resource per file, errors as problem documents.

Every answer comes from one :class:`~kgrec.recommendation.Recommender` that the worker threads share: a bundle is never
changed, and a store takes reads from several threads.
"""

from __future__ import annotations

from kgrec.errors import missing_extra
from kgrec.recommendation import Recommender

try:
    from fastapi import FastAPI

    from kgrec.service import explain, health, recommend, similar
    from kgrec.service.problems import answer_errors
except ImportError as error:
    raise missing_extra("serve", "fastapi", "uvicorn", where="kgrec.service.app", found=str(error)) from error


def service(recommender: Recommender) -> FastAPI:
    """An application that answers from one recommender, which stays the caller's to close."""
    app = FastAPI(title="kgrec", docs_url=None, redoc_url=None)  # those pages would load scripts from elsewhere
    app.state.recommender = recommender
    for resource in (health, recommend, explain, similar):
        app.include_router(resource.router)
    answer_errors(app)
    return app
