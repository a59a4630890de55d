"""The operators' page without a browser: open like the why-page, in both languages, with nothing of its own to run."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.app import service
from kgrec.service.page.why_page import assets, words_of


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page(client: TestClient, language: str) -> None:
    answer = client.get("/operators", params={"lang": language})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'<html lang="{language}"' in answer.text
    assert words_of(language)["op.back.title"] in answer.text
    assert "{{" not in answer.text
    assert re.findall(r"<script(?![^>]* src=)|\s(?:on\w+|style)=", answer.text) == []
    linked = re.findall(r'(?:src|href)="(/page/[^"]*)"', answer.text)
    assert {client.get(address).status_code for address in linked} == {200}
    assert f'href="/operators?lang={language}" lang="{language}" hreflang="{language}" aria-current' in answer.text


def test_it_needs_no_key_and_its_figures_do(recommender: Recommender) -> None:
    ring, _ = KeyRing.empty().with_new("front", [Scope.READ])
    client = TestClient(service(recommender, ring=ring))
    assert client.get("/operators").status_code == 200
    assert client.get("/v1/operation").status_code == 401
    assert client.get("/operators/more").status_code == 401


def test_every_place_that_is_filled_is_there() -> None:
    page, script = assets()["operators.html"].decode(), assets()["operators.js"].decode()
    assert set(re.findall(r'byId\("([\w-]+)"\)', script)) <= set(re.findall(r'id="([\w-]+)"', page))
