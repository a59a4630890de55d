"""A browser for the tests of a file, and a service over the small graph of films, some of them named in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from tests.support.browser import listening, opened_browser
from tests.support.bundles import film_bundle, film_store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHINESE = {"Alien": "异形", "Empire": "帝国反击战", "George Lucas": "乔治·卢卡斯"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def films() -> Iterator[Recommender]:
    with film_store() as store:
        bundle = film_bundle(store.schema, store.graph_id)
        chinese = tuple(CHINESE.get(name, "") for name in bundle.names)
        yield Recommender(replace(bundle, names_by_language={"zh": chinese}), store)


@pytest.fixture(scope="module")
def url(films: Recommender) -> Iterator[str]:
    with listening(service(films)) as address:
        yield address
