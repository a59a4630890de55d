"""Requests that schemathesis makes up from OpenAPI: no fault, and no answer that is not described.

``KGREC_FUZZ_CASES=10000`` makes as many of each; chains of requests follow the links of OpenAPI.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import FlakyStrategyDefinition, Unsatisfiable

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.guard import Limits
from kgrec.service.living import living
from tests.support.bundles import FILMS, USERS, film_bundle, film_store

CASES = int(os.environ.get("KGREC_FUZZ_CASES", "1000"))
_CHAIN = 12
"""Requests of a chain."""
_CHAINS = 10
"""That are made up from one seed."""
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


def promised() -> list[Any]:
    """What every answer is to be."""
    from schemathesis.checks import not_a_server_error  # a second, and plug-ins of pytest, that no other test needs
    from schemathesis.specs.openapi import checks

    return [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
        checks.unsupported_method,
    ]


@pytest.mark.slow
def test_every_answer_is_described(app: FastAPI) -> None:
    import schemathesis
    from schemathesis import GenerationMode

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
                answers.append(case.call_and_validate(checks=promised()).status_code)

            with suppress(Unsatisfiable):  # without parameters there is nothing to ask wrongly
                asked()
    assert len(answers) >= CASES
    assert {200, 404, 422} <= set(answers)
    assert not [status for status in answers if status >= 500]


_KNOWN = {
    "user": (*USERS, "zoe", "a/b"),
    "item": (*FILMS, "nothing"),
    "kind": ("item", "user"),
    "text": ("al", "ann"),
    "explain": ("short", "standard", "full"),
    "language": ("en", "zh"),
}
"""What is there to be asked about: texts that are made up name nobody."""
_OF_ITEMS = ("history", "allow", "deny", "items", "without", "add")


def likely(value: Any, name: str = "") -> Any:
    """The same with three of four texts exchanged for some that mean something."""
    if isinstance(value, dict):
        return {key: likely(one, str(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [likely(one, name) for one in value]
    number = crc32(repr(value).encode())
    known = _KNOWN.get("item" if name in _OF_ITEMS else name, ())
    return known[number % len(known)] if known and number % 4 and isinstance(value, str) else value


def likely_event(body: Any) -> Any:
    """Of what is made up to be an event, three of four are one that can be."""
    number = crc32(repr(body).encode())
    if number % 4 == 0:
        return body
    users, items = _KNOWN["user"], _KNOWN["item"]
    return {"id": f"event-{number % 997}", "user": users[number % len(users)], "item": items[number % len(items)]}


@pytest.mark.slow
def test_every_answer_of_a_chain_is_described(app: FastAPI) -> None:
    """Who did something is asked about and forgotten; a model is named, and gone back from."""
    import schemathesis

    described = schemathesis.openapi.from_asgi("/openapi.json", app)

    def like_real_bodies(context: Any, body: Any) -> Any:
        return likely_event(body) if context.operation.label == "POST /v1/events" else likely(body)

    def like_real_ones(context: Any, value: Any) -> Any:
        return likely(value)

    described.hooks.hook("map_body")(like_real_bodies)
    for part in ("query", "path_parameters"):
        described.hooks.hook(f"map_{part}")(like_real_ones)
    asked: Counter[tuple[str, int]] = Counter()
    undescribed: list[Exception] = []

    class Chain(described.as_state_machine()):  # type: ignore[misc]
        def validate_response(self, response: Any, case: Any, *more: Any, **how: Any) -> None:
            asked[case.operation.label, int(response.status_code)] += 1
            try:
                case.validate_response(response, checks=promised())
            except Exception as error:
                undescribed.append(error)
                raise

    number = 0
    while sum(asked.values()) < CASES:
        number += 1
        # What one chain did changes what the next one finds, which hypothesis takes for a fault of its strategies.
        with suppress(FlakyStrategyDefinition):
            seed(number)(Chain).run(
                settings=settings(
                    max_examples=_CHAINS,
                    stateful_step_count=_CHAIN,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
            )
    assert undescribed == []
    reached = {operation for operation, status in asked if status == 200}
    assert reached >= {"POST /v1/events", "GET /v1/recommend", "GET /v1/explain", "GET /v1/users/{user}"}
    assert reached >= {"DELETE /v1/users/{user}", "POST /v1/model/versions"}
    assert not [status for _, status in asked if status >= 500]
