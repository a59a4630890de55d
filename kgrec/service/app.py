"""The HTTP application: one resource per file, errors as problem documents.

Every answer comes from one :class:`~kgrec.recommendation.Recommender` that the worker threads share: a bundle is never
changed, and a store takes reads from several threads.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version

from kgrec.errors import missing_extra
from kgrec.recommendation import Recommender

try:
    from fastapi import Depends, FastAPI

    from kgrec.service import (
        events,
        explain,
        health,
        model_versions,
        monitoring,
        operation,
        recommend,
        score,
        search,
        served_model,
        similar,
        users,
        what_if,
    )
    from kgrec.service.answer_cache import CACHE_BYTES, AnswerCache
    from kgrec.service.api_keys import KeyRing, RateLimits
    from kgrec.service.audit import Audit
    from kgrec.service.direct import Direct, DirectAddress
    from kgrec.service.drift_watch import DriftWatch
    from kgrec.service.guard import Guard, Limits
    from kgrec.service.json_body import said_to_be_json
    from kgrec.service.links import link
    from kgrec.service.page import operators_page, why_page
    from kgrec.service.problems import answer_errors, described_errors, described_version
    from kgrec.service.requests import ListParameters, ReasonParameters
    from kgrec.service.single_values import once_each
except ImportError as error:
    raise missing_extra(
        "serve", "fastapi", "msgspec", "prometheus_client", "uvicorn", where="kgrec.service.app", found=str(error)
    ) from error

_ANSWERS = (recommend, score, explain, what_if, similar, search, users)
_FROM_MODEL = (*_ANSWERS, served_model)
_CHECKS = (Depends(once_each), Depends(said_to_be_json))
_RESOURCES = (*_ANSWERS, events, served_model, model_versions, health, monitoring, operation)


def service(
    recommender: Recommender,
    *,
    ring: KeyRing | None = None,
    limits: Limits | None = None,
    hosts: Collection[str] | None = None,
    cache_bytes: int = CACHE_BYTES,
    rates: RateLimits | None = None,
) -> FastAPI:
    """An application that answers from one recommender, which stays the caller's to close.

    Args:
        ring: the keys; without any, nobody is asked for one: listen on this machine only.
        limits: what one request may cost.
        hosts: names under which it is asked; None for any.
        cache_bytes: what answers that are kept may take; 0 keeps none.
        rates: what the keys have left, where several processes ask; None where this one does.
    """
    app = FastAPI(
        title="kgrec",
        version=version("kgrec"),
        description="Recommendations that can show their reasons.",
        docs_url=None,  # those pages would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    ring = ring or KeyRing.empty()
    app.state.recommender = recommender
    app.state.cache = AnswerCache(cache_bytes)
    app.state.drift = DriftWatch()
    app.state.measured = monitoring.Measured(app.state)
    app.state.audit = Audit(ring)
    app.state.cards = served_model.ModelCards()
    for resource in _RESOURCES:
        described = described_errors() | (described_version() if resource in _FROM_MODEL else {})
        app.include_router(resource.router, responses=described, dependencies=_CHECKS)
    link(app)
    app.include_router(why_page.router)
    app.include_router(operators_page.router)
    answer_errors(app)
    app.add_middleware(
        Direct,
        addresses={
            "/v1/recommend": DirectAddress(recommend.router.routes[0], ListParameters, recommend.listed),
            "/v1/explain": DirectAddress(explain.router.routes[0], ReasonParameters, explain.explained),
        },
    )
    app.add_middleware(
        Guard, ring=ring, limits=limits or Limits(), measured=app.state.measured, hosts=hosts, rates=rates
    )
    return app
