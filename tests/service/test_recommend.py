"""`/v1/recommend` means what Python and the command line mean."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from kgrec.cli import options
from kgrec.cli.commands.recommend import recommend
from kgrec.data.context import Context
from kgrec.explanation.wording.sentence import sentence
from kgrec.recommendation import Condition, Filters, PastInteraction, Recommender
from kgrec.recommendation.filters import ColdItems
from kgrec.service.app import service
from kgrec.service.requests import ListBody, ListParameters, PastEntry
from tests.support.shop import Shell


def test_a_list_is_that_of_python(client: TestClient, recommender: Recommender) -> None:
    best = recommender.recommend("ann", k=3, explain=True)
    answer = client.get("/v1/recommend?user=ann&k=3&explain=standard&language=zh").json()
    assert (answer["user"], answer["ignored"]) == ("ann", [])
    for one, told in zip(best, answer["recommendations"], strict=True):
        assert (told["rank"], told["item"], told["score"]) == (one.rank, one.item, one.score)
        assert one.explanation is not None
        assert told["explanation"]["sentence"] == sentence(one.explanation, "zh", "standard")
        values = [reason["value"] for reason in told["explanation"]["reasons"]]
        assert sum(values) + told["explanation"]["constant"] == pytest.approx(one.score, abs=1e-5)
        assert all(isinstance(reason["label"], str) for reason in told["explanation"]["reasons"])


@pytest.mark.parametrize(
    ("explain", "parts"),
    [
        ("none", None),
        ("short", {"sentence", "degraded", "parts", "constant"}),
        ("standard", {"sentence", "degraded", "parts", "reasons", "constant", "counterfactual", "path_share"}),
    ],
)
def test_as_much_is_told_as_is_asked_for(client: TestClient, explain: str, parts: set[str] | None) -> None:
    (one,) = client.get(f"/v1/recommend?user=ann&k=1&explain={explain}").json()["recommendations"]
    assert (one["explanation"] and set(one["explanation"])) == parts
    everything = client.get("/v1/recommend?user=ann&k=1&explain=full").json()["recommendations"][0]["explanation"]
    assert {"contributions", "past", "channels", "cypher", "reasons", "parts", "sentences"} < set(everything)


def test_every_length_is_told_at_once(client: TestClient) -> None:
    address = "/v1/explain?user=ann&item=empire&language=zh&explain="
    told = {one: client.get(address + one).json()["explanation"] for one in ("short", "standard", "full")}
    assert told["full"]["sentences"] == {length: one["sentence"] for length, one in told.items()}


def test_parts_add_up_to_the_score(client: TestClient) -> None:
    listed = client.get("/v1/recommend?user=ann&explain=short").json()["recommendations"]
    assert len(listed) > 1
    for one in listed:
        parts, constant = one["explanation"]["parts"], one["explanation"]["constant"]
        assert sum(part["positive"] + part["negative"] for part in parts) + constant == pytest.approx(one["score"])


def test_unknown_items_of_a_history_are_passed_over_and_named(client: TestClient) -> None:
    known = client.get("/v1/recommend?history=alien").json()
    mixed = client.get("/v1/recommend?history=nothing&history=alien&history=nothing&history=else").json()
    assert (known["ignored"], mixed["ignored"]) == ([], ["nothing", "else"])
    assert mixed["recommendations"] == known["recommendations"]
    unknown = client.post("/v1/recommend", json={"history": [{"item": "nothing"}]}).json()
    nobody = client.post("/v1/recommend", json={"history": []}).json()
    assert (unknown["ignored"], unknown["recommendations"]) == (["nothing"], nobody["recommendations"])


def test_a_history_of_interactions(client: TestClient, recommender: Recommender) -> None:
    history = [PastInteraction("alien", time=1.0, weight=2.0), PastInteraction("blade", kind="watch", time=2.0)]
    body = {"history": [{"item": "alien", "time": 1, "weight": 2}, {"item": "blade", "kind": "watch", "time": 2}]}
    answer = client.post("/v1/recommend", json={**body, "k": 2}).json()
    best = recommender.recommend(history=history, k=2)
    assert [(one["item"], one["score"]) for one in answer["recommendations"]] == [(o.item, o.score) for o in best]
    assert PastEntry.model_fields.keys() == {field.name for field in fields(PastInteraction)}


def test_the_moment_of_asking_is_handed_on(client: TestClient) -> None:
    assert client.get("/v1/recommend?user=ann&at=2000000000").status_code == 200
    refused = client.get("/v1/recommend?user=ann&at=2000000000000")
    assert (refused.status_code, refused.json()["found"]) == (422, "2000000000000, milliseconds")
    assert client.get("/v1/recommend?user=ann&at=soon").status_code == 422
    assert client.get("/v1/recommend?user=ann&at=nan").status_code == 422


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
    ({"include_seen": True, "met": "only"}, Filters(include_seen=True, met="only")),
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
        client = TestClient(service(recommender))
        by_address = client.get("/v1/recommend", params={"user": "ann", **given}).json()
        by_body = client.post("/v1/recommend", json={"user": "ann", **given}).json()
    on_command_line = shell("recommend", "--user", "ann", *arguments, "--json").json
    assert by_address == by_body
    assert [one["item"] for one in by_body["recommendations"]] == in_python
    assert [one["item"] for one in on_command_line["recommendations"]] == in_python


@pytest.mark.parametrize(
    ("address", "option"), [("where=1990", "--where=1990"), ("where=yaer%3E1990", "--where=yaer>1990")]
)
def test_a_filter_that_cannot_be_is_refused_in_the_same_words(shell: Shell, address: str, option: str) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        answer = TestClient(service(recommender)).get(f"/v1/recommend?user=ann&{address}")
    on_command_line = shell("recommend", "--user", "ann", option, "--json").json
    assert answer.status_code == 422
    assert {name: answer.json()[name] for name in on_command_line} == on_command_line


def test_the_filters_of_python_the_command_line_and_http_are_the_same() -> None:
    command = inspect.signature(recommend).parameters
    filters = {field.name for field in fields(Filters)}
    context = {field.name for field in fields(Context)} - {"values"} | {"context"}
    assert (
        command.keys() - {"user", "history", "k", "bundle", "store", "lang", "length", "as_json"} == filters | context
    )
    assert inspect.signature(Filters.parse).parameters.keys() - {"schema"} == filters
    defaults = {field.name: field.default for field in fields(Filters)}
    for request in (ListParameters.model_fields, ListBody.model_fields):
        assert request.keys() - {"user", "history", "k", "explain", "language"} == filters | context
        for name in filters - {"where", "allow", "deny"}:
            assert command[name].default == request[name].default == defaults[name]
        assert get_args(get_args(options.ColdItems)[0]) == get_args(request["cold_items"].annotation)
    assert get_args(get_args(options.ColdItems)[0]) == get_args(ColdItems)


@pytest.mark.parametrize("name", ["user", "k", "explain", "at", "cold_items"])
def test_what_is_given_twice_is_refused(client: TestClient, name: str) -> None:
    answer = client.get(f"/v1/recommend?history=alien&{name}=1&{name}=1")
    assert (answer.status_code, answer.json()["found"]) == (422, f"'{name}'")
