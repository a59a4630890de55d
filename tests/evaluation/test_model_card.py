"""The model card of a bundle: shares of its lists, learned weights found again, and what it was learned from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.evaluation.explained_lists import explained_lists
from kgrec.evaluation.model_card import WAYS, kind_weights, model_card
from kgrec.learn.channels.path_features import PathFeatures
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import rank_users
from kgrec.scoring.trend import DAY_S, Trend
from tests.support.bundles import film_bundle, random_bundle
from tests.support.paths import random_facts
from tests.support.shop import Shell
from tests.support.trends import random_events, with_trend


def paths_bundle(seed: int) -> Bundle:
    return replace(random_bundle(np.random.default_rng(seed)), relations=("HAS_GENRE", "DIRECTED_BY"))


@pytest.mark.parametrize("seed", range(6))
def test_learned_weights_are_found_again(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = PathFeatures.of(random_facts(rng, 12, 6, 80), 12, 18)
    given = {int(kind): float(rng.random()) + 0.1 for kind in np.unique(features.kind)}
    given[min(given)] = 0.0
    matrix = features.matrix.weighed(np.array([given[int(kind)] for kind in features.kind]))
    found = kind_weights(matrix)
    expected = {(kind % 4, kind // 4): weight for kind, weight in given.items() if weight}
    assert found.keys() == expected.keys()
    for kind, weight in found.items():
        assert weight == pytest.approx(expected[kind], rel=1e-4)


def test_shares_are_those_of_the_lists() -> None:
    for seed in range(3):
        bundle = paths_bundle(seed)
        card = model_card(bundle)
        known, model = bundle.interactions, bundle.model
        users, n_users = np.unique(known.user), len(bundle.users)
        seen = known.matrix(n_users, model.n_items)
        lists = rank_users(ModelRanker.over(model, known, n_users), seen, users, 10)
        through = [one.evidence_shares().get("paths", 0.0) for _, one in explained_lists(model, known, users, lists)]
        assert card["explanations"]["path_share"] == pytest.approx(np.mean(through))
        assert sum(card["evidence"].values()) == pytest.approx(1.0, abs=1e-6)
        assert card["explanations"]["users"] == len(users)
        assert card["paths"] == sorted(card["paths"], key=lambda kind: -kind["weight"])
        assert {kind["way"] for kind in card["paths"]} <= set(WAYS.values())


def test_why_a_channel_was_not_learned_is_told() -> None:
    bundle = paths_bundle(0)
    assert model_card(bundle)["not_learned"] == {}
    settings = {**bundle.manifest.settings, "chosen": {"next_items": "next_item_dim is 0"}}
    without = replace(bundle, manifest=replace(bundle.manifest, settings=settings))
    assert model_card(without)["not_learned"] == {"next_item_factors": "next_item_dim is 0"}


def test_a_trend_has_a_share_of_its_own_and_its_half_life() -> None:
    bundle = paths_bundle(0)
    closed = model_card(replace(bundle, model=replace(bundle.model, trend=None)))
    assert closed["trend"] == {}
    assert "trend" not in closed["evidence"]
    trend = Trend.of(random_events(np.random.default_rng(0), bundle.model.n_items, 40), bundle.model.n_items, DAY_S)
    card = model_card(replace(bundle, model=with_trend(bundle.model, trend, 0.5)))
    assert card["trend"] == {"half_life_days": 1.0, "mean gate": 0.5}
    assert 0 < card["evidence"]["trend"] < 1
    assert sum(card["evidence"].values()) == pytest.approx(1.0, abs=1e-6)


def test_fewer_users_may_be_measured() -> None:
    assert model_card(paths_bundle(0), users=2)["explanations"]["users"] == 2


def test_the_last_moment_is_a_time_where_times_are_unix_seconds() -> None:
    bundle = paths_bundle(0)
    assert model_card(bundle)["bundle"]["data_until"] == 3.0
    times = np.full(len(bundle.interactions), 1.5e9)
    dated = replace(
        bundle,
        interactions=replace(bundle.interactions, time=times),
        manifest=replace(bundle.manifest, data_cutoff=1.5e9),
    )
    assert model_card(dated)["bundle"]["data_until"] == "2017-07-14T02:40:00+00:00"


def test_the_card_is_shown_and_given_as_json(shell: Shell, tmp_path: Path) -> None:
    bundle = film_bundle()
    bundle.save(tmp_path / "films")
    said = shell("inspect", "--bundle", str(tmp_path / "films"), "--json")
    card = said.json
    assert (card["bundle"]["created"], card["bundle"]["seed"]) == ("2026-01-01", 7)
    assert (card["sizes"]["items"], card["sizes"]["cold items"], card["sizes"]["interactions"]) == (7, 2, 3)
    assert card == json.loads(json.dumps(model_card(bundle)))
    assert [channel["channel"] for channel in card["channels"]] == [channel.name for channel in bundle.model.channels]
    shown = shell("inspect", "--bundle", str(tmp_path / "films")).out
    assert "What the scores of top-10 lists rest on" in shown
    missing = shell("inspect", "--bundle", "nowhere")
    assert missing.code != 0
    assert "there is no bundle here" in missing.err
