"""`/recommend` and `/explain` answer as the command line does, and their filters are those of Python."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from kgrec.cli import options
from kgrec.cli.commands.recommend import recommend
from kgrec.cli.commands.similar import similar
from kgrec.recommendation import Condition, Filters, Recommender
from kgrec.recommendation.filters import ColdItems
from kgrec.service.app import service
from kgrec.service.requests import ListParameters, SimilarParameters
from tests.support.shop import Shell


def test_answers_are_those_of_the_command_line(shell: Shell) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        client = TestClient(service(recommender))
        lists = client.get("/recommend?user=ann&k=3")
        folded = client.get("/recommend", params={"history": ["star-wars", "alien"], "k": 2})
        reasons = client.get("/explain?user=ann&item=empire")
    assert lists.json() == shell("recommend", "--user", "ann", "-k", "3", "--json").json
    by_history = ("--history", "star-wars", "--history", "alien")
    assert folded.json() == shell("recommend", *by_history, "-k", "2", "--json").json
    assert reasons.json() == shell("explain", "--user", "ann", "--item", "empire", "--json").json
    assert "因为您看过" in reasons.text  # not written as \u escapes
    (lucas,) = (reason for reason in reasons.json()["reasons"] if reason["kind"] == "entity")
    assert lucas["label"] == {
        "en": "George Lucas (directed by), in 1 of yours",
        "zh": "George Lucas（导演是），您的 1 项与之相关",
    }
    assert [step["type"] for path in lucas["paths"] for step in path["steps"]] == ["DIRECTED_BY"] * 2


def test_the_moment_of_asking_is_handed_on(shell: Shell) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        client = TestClient(service(recommender))
        now = client.get("/recommend?user=ann&k=3&at=2000000000")
        assert client.get("/explain?user=ann&item=empire&at=soon").status_code == 422
        refused = client.get("/recommend?user=ann&at=2000000000000")
    assert (refused.status_code, refused.json()["found"]) == (422, "2000000000000, milliseconds")
    said = shell("recommend", "--user", "ann", "--at", "2000000000000")
    assert (said.code, "found     2000000000000, milliseconds" in said.err) == (2, True)
    assert now.json() == shell("recommend", "--user", "ann", "-k", "3", "--at", "2000000000", "--json").json


FILTERS: list[tuple[dict[str, Any], Filters]] = [
    ({}, Filters()),
    (
        {"where": ["year>=1980", "year<1986"]},
        Filters(where=[Condition("year", ">=", 1980), Condition("year", "<", 1986)]),
    ),
    ({"where": ["tags in war,space"]}, Filters(where=[Condition("tags", "in", ["war", "space"])])),
    ({"allow": ["aliens", "blade", "alien"]}, Filters(allow=["aliens", "blade", "alien"])),
    ({"deny": ["empire", "nobody knows it"]}, Filters(deny=["empire", "nobody knows it"])),
    ({"cold_items": "only"}, Filters(cold_items="only")),
    ({"cold_items": "exclude", "include_seen": True}, Filters(cold_items="exclude", include_seen=True)),
    ({"include_seen": True, "deny": ["alien"]}, Filters(include_seen=True, deny=["alien"])),
]


@pytest.mark.parametrize(("given", "filters"), FILTERS)
def test_a_filter_means_the_same_everywhere(shell: Shell, given: dict[str, Any], filters: Filters) -> None:
    shell.learned()
    arguments: list[str] = []
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        for part in value if isinstance(value, list) else [value]:
            arguments += [option] if part is True else [option, part]
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        in_python = [one.item for one in recommender.recommend("ann", filters=filters)]
        over_http = TestClient(service(recommender)).get("/recommend", params={"user": "ann", **given}).json()
    assert over_http == shell("recommend", "--user", "ann", *arguments, "--json").json
    assert [one["item"] for one in over_http["recommendations"]] == in_python


@pytest.mark.parametrize(
    ("address", "option"), [("where=1990", "--where=1990"), ("where=yaer%3E1990", "--where=yaer>1990")]
)
def test_a_filter_that_cannot_be_is_refused_in_the_same_words(shell: Shell, address: str, option: str) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        answer = TestClient(service(recommender)).get(f"/recommend?user=ann&{address}")
    on_command_line = shell("recommend", "--user", "ann", option, "--json").json
    assert answer.status_code == 422
    assert {name: answer.json()[name] for name in on_command_line} == on_command_line


def test_a_list_without_explanations(client: TestClient) -> None:
    (one,) = client.get("/recommend?user=ann&k=1&explain=false").json()["recommendations"]
    assert (one["item"], one["explanation"], one["sentence"]) == ("empire", None, None)


def test_the_filters_of_python_the_command_line_and_http_are_the_same() -> None:
    command, request = inspect.signature(recommend).parameters, ListParameters.model_fields
    filters = {field.name for field in fields(Filters)}
    assert command.keys() - {"user", "history", "at", "k", "bundle", "store", "lang", "length", "as_json"} == filters
    assert request.keys() - {"user", "history", "at", "k", "explain", "length"} == filters
    assert inspect.signature(Filters.parse).parameters.keys() - {"schema"} == filters
    for name in filters - {"where", "allow", "deny"}:
        default = {field.name: field.default for field in fields(Filters)}[name]
        assert command[name].default == request[name].default == default
    assert get_args(get_args(options.ColdItems)[0]) == get_args(request["cold_items"].annotation) == get_args(ColdItems)


def test_similar_items_are_asked_for_in_the_same_words() -> None:
    command = inspect.signature(similar).parameters
    assert command.keys() - {"bundle", "store", "lang", "as_json"} == SimilarParameters.model_fields.keys()
    assert command["k"].default == SimilarParameters.model_fields["k"].default


def test_similar_answers_as_the_command_line_does(shell: Shell) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle") as recommender:
        answer = TestClient(service(recommender)).get("/similar?item=alien&k=3")
    assert answer.json() == shell("similar", "alien", "-k", "3", "--json").json
