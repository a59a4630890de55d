"""Requests that schemathesis makes up from OpenAPI: no fault, and no answer that is not described."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.guard import Limits
from kgrec.service.living import living
from tests.support.bundles import film_bundle, film_store

CASES = int(os.environ.get("KGREC_FUZZ_CASES", "1000"))
_WITH_PARAMETERS = 10
"""Operations that can be asked in many ways, rightly and wrongly."""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    """A service with all that it may have: a graph in a file, events, versions of its model."""
    url = f"kglite:{tmp_path / 'films.kgl'}"
    with film_store(url=url) as store:
        film_bundle(store.schema, store.graph_id).save(tmp_path / "films.bundle")
    with Recommender.open(tmp_path / "films.bundle", url, writable=True) as recommender:
        app = service(recommender, limits=Limits(seconds=600.0))
        with living(app, tmp_path / "films.bundle", tmp_path / "events.db"):
            yield app


@pytest.mark.slow
def test_every_answer_is_described(app: FastAPI) -> None:
    import schemathesis  # a second, and plug-ins of pytest, that no other test needs
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    promised = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
        checks.unsupported_method,
    ]
    described = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in described.get_all_operations()]
    answers: list[int] = []
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @settings(
                max_examples=-(-CASES // _WITH_PARAMETERS),
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case: Any) -> None:
                answers.append(case.call_and_validate(checks=promised).status_code)

            with suppress(Unsatisfiable):  # without parameters there is nothing to ask wrongly
                asked()
    assert len(answers) >= CASES
    assert {200, 404, 422} <= set(answers)
    assert not [status for status in answers if status >= 500]
