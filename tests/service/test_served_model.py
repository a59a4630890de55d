"""`/v1/model`: what the bundle says of itself, and its card, which is worked out once for each model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.bundle.bundle import Bundle
from kgrec.evaluation.model_card import model_card
from kgrec.recommendation import Recommender
from kgrec.scoring import retrieval
from kgrec.service import served_model
from kgrec.service.app import service
from tests.support.bundles import film_bundle


def test_the_course_of_training_is_told(recommender: Recommender) -> None:
    epochs = [{"epoch": 1.0, "loss": 2.0}, {"epoch": 2.0, "loss": float("nan")}]
    manifest = replace(recommender.bundle.manifest, training=epochs)
    client = TestClient(service(Recommender(replace(recommender.bundle, manifest=manifest))))
    assert client.get("/v1/model").json()["training"] == [epochs[0], {"epoch": 2.0, "loss": None}]


def test_where_the_graph_is_is_told_without_its_address(client: TestClient, recommender: Recommender) -> None:
    assert client.get("/v1/model").json()["store"] == "kglite"
    assert TestClient(service(Recommender(recommender.bundle))).get("/v1/model").json()["store"] is None


def test_how_the_best_are_found_is_told(
    client: TestClient, recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/v1/model").json()["found_by"] == "all scores"
    monkeypatch.setattr(retrieval, "RETRIEVED_FROM", 1)
    large = recommender.bundle.with_model(replace(recommender.bundle.model))
    assert TestClient(service(Recommender(large))).get("/v1/model").json()["found_by"] == "retrieval"


def test_platforms_can_be_asked_for_where_there_are_several(client: TestClient, recommender: Recommender) -> None:
    assert client.get("/v1/model").json()["platforms"] == []
    bundle = recommender.bundle
    several = replace(bundle, interactions=replace(bundle.interactions, platforms=("app", "", "web")))
    there = TestClient(service(Recommender(several)))
    assert there.get("/v1/model").json()["platforms"] == ["app", "web"]
    for name in ("app", "web"):
        assert there.post("/v1/recommend", json={"user": "ann", "platform": name}).status_code == 200


def test_the_card_is_that_of_kgrec_inspect_and_worked_out_once(
    client: TestClient, recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Bundle] = []

    def counted(bundle: Bundle, users: int) -> dict[str, Any]:
        made.append(bundle)
        return model_card(bundle, users)

    monkeypatch.setattr(served_model, "model_card", counted)
    first, second = client.get("/v1/model/card"), client.get("/v1/model/card")
    assert first.json() == second.json()
    assert len(made) == 1
    card = model_card(recommender.bundle)
    assert first.json()["evidence"] == card["evidence"]
    assert sum(card["evidence"].values()) == pytest.approx(1.0)


def test_another_model_has_another_card() -> None:
    cards, bundle = served_model.ModelCards(), film_bundle()
    renamed = replace(bundle, manifest=replace(bundle.manifest, seed=8))
    assert [cards.of(one)["bundle"]["seed"] for one in (bundle, renamed, bundle)] == [7, 8, 7]
