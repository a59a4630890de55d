"""`kgrec update`: what it says of an update; updates themselves are tested in tests/evaluation/test_updating.py."""

from __future__ import annotations

import pytest

from kgrec.errors import UpdateRefusedError
from kgrec.evaluation.live_comparison import LiveComparison
from kgrec.evaluation.updating import UpdateReport
from tests.support.bundles import film_bundle
from tests.support.shop import Shell


def _updated(monkeypatch: pytest.MonkeyPatch, interactions: int, comparison: LiveComparison) -> None:
    report = UpdateReport(interactions, 2, 1, 0, comparison, film_bundle())
    monkeypatch.setattr("kgrec.pipeline.update", lambda *given, **more: report)


def test_it_says_what_came_and_how_the_models_compare(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    _updated(monkeypatch, 30, LiveComparison(90, 0.21, 0.25, (0.01, 0.07)))
    said = shell("update", "--bundle", "b")
    assert said.code == 0
    assert "ndcg@10 0.2500, of the live model 0.2100 (difference +0.0100 to +0.0700)" in said.out
    assert shell("update", "--bundle", "b", "--json").json == {
        "bundle": "b",
        "new": {"interactions": 30, "users": 2, "items": 1, "gone": 0},
        "comparison": {"users": 90, "ndcg@10 live": 0.21, "ndcg@10": 0.25, "interval": [0.01, 0.07]},
    }


def test_it_says_how_the_lists_of_each_platform_compare(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    books = {"books": LiveComparison(40, 0.1, 0.2, (0.05, 0.15))}
    report = UpdateReport(30, 2, 1, 0, LiveComparison(90, 0.21, 0.25, (0.01, 0.07)), film_bundle(), books)
    monkeypatch.setattr("kgrec.pipeline.update", lambda *given, **more: report)
    said = shell("update", "--bundle", "b")
    assert "on the newest of books" in said.out
    assert "ndcg@10 0.2000, of the live model 0.1000" in said.out
    found = shell("update", "--bundle", "b", "--json").json["platforms"]
    assert found == {"books": {"users": 40, "ndcg@10 live": 0.1, "ndcg@10": 0.2, "interval": [0.05, 0.15]}}


def test_it_says_that_nobody_did_anything_new(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    _updated(monkeypatch, 0, LiveComparison(0))
    said = shell("update", "--bundle", "b")
    assert "not compared: 0 users did something new that can be held out, 30 are needed" in said.out
    assert "nobody did anything new" in said.err


def test_a_refusal_has_an_exit_code_of_its_own(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **more: object) -> None:
        raise UpdateRefusedError("the updated model finds less.", next="version 7 answers on")

    monkeypatch.setattr("kgrec.pipeline.update", refuse)
    said = shell("update")
    assert (said.code, said.out) == (7, "")
    assert "version 7 answers on" in said.err
