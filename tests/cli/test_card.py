"""The model card as it is read: shares first, the largest on top, and no bare weights of channels."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec.cli.card import percent, show_card


def card(**changed: Any) -> dict[str, Any]:
    channels = {
        "behaviour": ("taken_together", 0.7),
        "paths": ("paths", 0.4),
        "paths_correction": ("taken_together", 0.4),
    }
    channels |= {"semantic_paths": ("semantic_paths", 0.1), "knowledge": ("knowledge", 0.0)}
    return {
        "bundle": {"domain": "films", "created": "2026-01-01", "data_until": None, "people_forgotten_since": 0},
        "compacted": {},
        "sizes": {"interactions": 5000, "users": 40, "items": 25, "cold items": 1, "nodes": 60, "relations": 3},
        "evidence": {
            "taken_together": 0.27,
            "paths": 0.6,
            "semantic_paths": 0.003,
            "knowledge": 0.0,
            "popularity": 0.127,
        },
        "explanations": {
            "path_share": 0.603,
            "fact_share": 0.6,
            "coverage_10": 0.92,
            "best_3_entities": 0.41,
            "best_3_past_items": 0.75,
            "users": 200,
        },
        "validation": {"ndcg@10": 0.1993, "ndcg@10_accuracy_only": 0.2},
        "test": {},
        "channels": [
            {"channel": name, "evidence": evidence, "mean gate": gate} for name, (evidence, gate) in channels.items()
        ],
        "not_learned": {"next_item_factors": "not all times are known"},
        "trend": {},
        "contexts": {},
        "platforms": {},
        "paths": [{"relation": "DIRECTED_BY", "way": "both lead to it", "weight": 1.5}],
    } | changed


def test_what_scores_rest_on_is_told_by_its_share(capsys: pytest.CaptureFixture[str]) -> None:
    show_card(card())
    said = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]
    assert rows == [
        ["facts in common in the graph", "60 %", "█" * 18, "paths"],
        ["others who chose the same", "27 %", "█" * 8, "behaviour"],
        ["popularity", "13 %", "█" * 4, ""],
        ["texts that are alike", "<1 %", "█", "semantic_paths"],
        ["DIRECTED_BY", "both lead to it", "1.5"],
    ]
    assert "films: learned 2026-01-01 from 5,000 interactions, 40 users, 25 items (1 of them cold)" in said
    assert "Closed by validation: knowledge." in said
    assert "Not learned: next_item_factors, as not all times are known." in said
    assert "60 % of the scores can be shown as paths, over facts or texts; of 92 % of the items they carry" in said
    assert "three strongest past items carry 75 %, three entities 41 %." in said
    assert "On validation ndcg@10 was 0.1993 with these gates, and 0.2000 with" in said
    assert "0.7" not in said


def test_what_was_measured_stands_beside_baselines(capsys: pytest.CaptureFixture[str]) -> None:
    show_card(card())
    assert "last fifth" not in capsys.readouterr().out
    test = {
        "kgrec": {"recall@10": 0.17, "ndcg@10": 0.2771, "mrr@10": 0.4761, "users": 9.0},
        "ease": {"recall@10": 0.15, "ndcg@10": 0.251, "mrr@10": 0.4386, "users": 9.0},
    }
    show_card(card(test=test))
    said = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]
    assert ["kgrec", "0.1700", "0.2771", "0.4761"] in rows
    assert ["ease", "0.1500", "0.2510", "0.4386"] in rows
    assert "Measured on the last fifth of what each user did" in said


def test_what_other_platforms_weigh_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_card(card())
    assert "other platform" not in capsys.readouterr().out
    quality = {"ndcg@10, alone": 0.03, "ndcg@10": 0.033}
    books = {"weights": {"films": 0.25, "music": 0.0}, "trend_half_life_days": 7.0, **quality}
    films = {"weights": {"books": 0.5}, "trend_half_life_days": 0.0, **quality}
    show_card(card(platforms={"books": books, "films": films}))
    said = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]
    assert ["books", "films", "0.25", "7 days", "0.0300", "0.0330"] in rows
    assert ["books", "music", "closed", "7 days", "0.0300", "0.0330"] in rows
    assert ["films", "books", "0.50", "", "0.0300", "0.0330"] in rows
    assert "model of all platforms" not in said


def test_whose_lists_the_model_of_all_platforms_makes_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    both = {"users": 9, "ndcg@10": {"own": 0.0316, "shared": 0.0371}}
    tried = {"weights": {"films": 0.25}, "trend_half_life_days": 7.0, "ndcg@10, alone": 0.03, "ndcg@10": 0.033}
    shared, own = ({**tried, "lists": {**both, "chosen": chosen}} for chosen in ("shared", "own"))
    show_card(card(platforms={"books": shared}))
    said = capsys.readouterr().out
    assert "Lists of books are made by the model of all platforms, with ndcg@10 0.0371 on validation" in said
    assert "other platform" not in said, "there are no weights beside 1 of its own"
    show_card(card(platforms={"books": shared, "music": own}))
    said = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]
    assert ["music", "films", "0.25", "7 days", "0.0300", "0.0330"] in rows
    assert "books" not in [row[0] for row in rows]


def test_how_fast_the_trend_fades_is_told_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    show_card(card())
    assert "lately" not in capsys.readouterr().out
    trend = {"half_life_days": 7.0, "mean gate": 0.3}
    show_card(card(trend=trend, evidence={"popularity": 0.4, "trend": 0.6}))
    said = capsys.readouterr().out
    assert "What is chosen lately counts half after 7 days." in said
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]
    assert rows[0] == ["what is chosen lately", "60 %", "█" * 18, ""]


def test_a_model_without_paths_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    lists = {"path_share": 0.0, "fact_share": 0.0, "coverage_10": 0.0, "best_3_entities": 0.0, "best_3_past_items": 0.5}
    show_card(card(explanations=lists | {"users": 3}, validation={}, channels=[], evidence={"popularity": 1.0}))
    said = capsys.readouterr().out
    assert "No path in the graph carries any of the scores." in said
    assert "past items carry 50 %." in said
    assert "DIRECTED_BY" not in said
    assert "validation" not in said


@pytest.mark.parametrize(("share", "said"), [(0.5, "50 %"), (0.004, "<1 %"), (0.0, "0 %"), (1.0, "100 %")])
def test_small_shares_are_not_none(share: float, said: str) -> None:
    assert percent(share) == said


def test_people_who_were_forgotten_since_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    about = {"domain": "films", "created": "2026-01-01", "data_until": None, "people_forgotten_since": 3}
    show_card(card(bundle=about))
    assert "3 people it was learned with were forgotten since" in capsys.readouterr().out
    show_card(card())
    assert "forgotten" not in capsys.readouterr().out


def test_that_a_bundle_was_compacted_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    show_card(card())
    assert "Compacted" not in capsys.readouterr().out
    compared = {"items that stay in lists": 0.956, "loss": 0.0031}
    show_card(card(compacted={"of": "0123456789abcdef", "max_loss": 0.005, "comparison": compared}))
    said = " ".join(capsys.readouterr().out.split())
    assert "Compacted from version 0123456789abcdef: 96 % of the items of top-10 lists stay" in said
    assert "0.31 % less ndcg@10 (at most 0.5 % were to go)" in said
