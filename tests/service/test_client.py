"""One contract for a Recommender and for a Client of the service over it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from kgrec.errors import ConfigError, StoreUnavailableError, UnknownIdError, UnknownItemError, UnknownUserError
from kgrec.recommendation import Condition, Context, Filters, PastInteraction, Recommender
from kgrec.service.app import service
from kgrec.service.client import Client, ServiceError


@pytest.fixture(params=["recommender", "client"])
def asked(request: pytest.FixtureRequest, recommender: Recommender) -> Recommender | Client:
    """What has the methods."""
    return recommender if request.param == "recommender" else Client(http=TestClient(service(recommender)))


@pytest.mark.parametrize("name", ["recommend", "score", "explain", "what_if", "similar_items", "search", "history"])
def test_whoever_has_one_can_take_the_other(name: str) -> None:
    """What may be said, in the same order with the same defaults, but for how reasons are told."""

    def said(of: type) -> list[tuple[str, object]]:
        parameters = inspect.signature(getattr(of, name)).parameters.values()
        return [(one.name, one.default) for one in parameters if one.name not in ("explain", "counterfactuals")]

    assert said(Client) == said(Recommender)


def places(best: Any) -> list[tuple[Any, ...]]:
    return [(one.rank, one.item, one.name, one.score, one.new) for one in best]


def test_lists(asked: Recommender | Client, recommender: Recommender) -> None:
    history = [PastInteraction("alien", time=1.0), PastInteraction("blade", time=2.0)]
    filters = Filters(where=[Condition("year", ">=", 1980), Condition("tags", "in", ["war", "space"])])
    people: list[dict[str, Any]] = [
        {"user": "ann"},
        {"history": ["alien"]},
        {"history": history},
        {"history": []},
    ]
    for person in people:
        for of in ({}, {"k": 2}, {"filters": Filters(cold_items="only")}, {"filters": filters}):
            arguments: dict[str, Any] = {**person, **of, "context": Context(2e9)}
            assert places(asked.recommend(**arguments)) == places(recommender.recommend(**arguments))


def test_scores_and_reasons(asked: Recommender | Client, recommender: Recommender) -> None:
    items = ["empire", "alien"]
    assert asked.score("ann", items) == recommender.score("ann", items)
    explained: Any = asked.explain("ann", "empire")
    score = explained["score"] if isinstance(explained, dict) else explained.score
    assert score == recommender.explain("ann", "empire").score


def test_what_if_similar_search_and_history(asked: Recommender | Client, recommender: Recommender) -> None:
    change: Any = {"without": ["alien"], "add": ["blade"], "without_entities": ["Person:lucas"], "k": 3}
    found, same = asked.what_if("ann", **change), recommender.what_if("ann", **change)
    assert (places(found.before), places(found.after)) == (places(same.before), places(same.after))
    assert found.changes == same.changes
    assert asked.what_if("ann", item="empire").explained is not None
    assert places(asked.similar_items("alien", 3)) == places(recommender.similar_items("alien", 3))
    assert asked.search("alien", 2) == recommender.search("alien", 2)
    assert asked.search("a", kind="user") == recommender.search("a", kind="user")
    same_past = [replace(one, platform=None, type=None) for one in recommender.history("ann")]
    assert [replace(one, platform=None, type=None) for one in asked.history("ann")] == same_past


def test_errors(asked: Recommender | Client) -> None:
    with pytest.raises(UnknownUserError):
        asked.recommend("a/b?c=#")
    with pytest.raises(UnknownUserError):
        asked.history("a/b?c=#")
    with pytest.raises(UnknownItemError, match="no such item"):
        asked.recommend(history=["alien", "nothing"])
    with pytest.raises(UnknownItemError):
        asked.score("ann", ["nothing"])
    with pytest.raises(UnknownIdError):
        asked.what_if("ann", without_entities=["Person:nobody"])
    for wrong in ({}, {"user": "ann", "history": []}, {"user": "ann", "k": 0}):
        with pytest.raises(ConfigError):
            asked.recommend(**wrong)


def test_reasons_are_asked_for_as_of_a_recommender(asked: Recommender | Client) -> None:
    arguments: dict[str, Any] = {"k": 2, "explain": True}
    assert all(one.explanation is not None for one in asked.recommend("ann", **arguments))
    assert all(one.explanation is not None for one in asked.what_if("ann", without=["alien"], **arguments).after)
    assert all(one.explanation is None for one in asked.recommend("ann", k=2, explain=False))
    if isinstance(asked, Client):
        assert asked.recommend("ann", **arguments) == asked.recommend("ann", k=2, explain="standard")


def test_reasons_come_as_the_service_tells_them(recommender: Recommender) -> None:
    client = Client(http=TestClient(service(recommender)), language="zh", pass_over=True)
    (one,) = client.recommend(history=["star-wars", "nothing"], k=1, explain="short")
    assert one.explanation is not None
    assert "Star Wars" in one.explanation["sentence"]
    assert "看过" in one.explanation["sentence"]


def test_a_service_that_is_away_or_answers_something_else() -> None:
    def refuses(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/similar":
            raise httpx2.ConnectError("refused")
        return httpx2.Response(502, text="<html>")

    client = Client(http=httpx2.Client(transport=httpx2.MockTransport(refuses), base_url="http://kgrec"))
    with client, pytest.raises(StoreUnavailableError, match="cannot be reached"):
        client.similar_items("alien")
    client = Client(http=httpx2.Client(transport=httpx2.MockTransport(refuses), base_url="http://kgrec"))
    with client, pytest.raises(ServiceError, match="502"):
        client.recommend("ann")
