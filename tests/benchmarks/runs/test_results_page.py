"""The page of results is what its files make, and what it says in words is so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kgrec_benchmarks.runs.lists_section import SETS as LISTED
from kgrec_benchmarks.runs.provenance import made_in_words
from kgrec_benchmarks.runs.published_figures import FIGURES
from kgrec_benchmarks.runs.result_files import read_result
from kgrec_benchmarks.runs.results_page import PAGE, RESULTS, explanations_section, results_page

TEXT = PAGE.read_text(encoding="utf-8")
LINES = TEXT.splitlines()
SETS = [name for name in LISTED if (RESULTS / f"{name}.json").exists()]


def result(name: str) -> dict[str, Any]:
    return read_result(RESULTS / f"{name}.json")


def test_the_page_is_what_its_files_make() -> None:
    assert results_page() == TEXT, "run `python -m kgrec_benchmarks.runs.results_page`"


def test_no_result_is_left_out() -> None:
    shown = {*SETS, "bookcrossing_mcclk", "lastfm_kgcn", "dbbook2014_ablations", "neo4j"}
    shown |= {path.stem for path in RESULTS.glob("*_graph.json")}
    shown |= {f"{name}_{what}" for name in ("dbbook2014", "ml1m_pearlm") for what in ("cold", "facts")}
    shown |= {
        "recbole_lastfm_lightkg",
        "recbole_dbbook2014",
        "ml1m_pearlm_updates",
        "abe_platforms",
        "douban_book_music",
    }
    shown |= {path.stem for path in RESULTS.glob("*_explanations.json")}
    assert shown == {path.stem for path in RESULTS.glob("*.json")}


def test_explanations_are_those_of_their_files_and_say_when_they_were_measured() -> None:
    measures = {
        "path_share": 0.42,
        "coverage_10": 0.87,
        "best_3_entities": 0.2,
        "best_3_past_items": 0.74,
        "lir": None,
        "sep": 0.35,
        "sep_of_all": 0.06,
        "etd": 0.14,
        "deletion_error": 9.3e-15,
        "ndcg@10": 0.2175,
        "ndcg@10_accuracy_only": 0.22,
    }
    made = {"set": "dbbook2014", "commit": "0123456789ab", "date": "2026-01-02"}
    (text,) = explanations_section({"dbbook2014_explanations": {"explanations": measures, **made}})
    assert "| DBbook | 0.420 | 0.870 | 0.200 | 0.740 | - | 0.350 | 0.060 | 0.140 | 0.217 | 0.220 |" in text
    assert "shown of it, to 9e-15." in text
    assert made_in_words([made]) in text
    assert explanations_section({}) == []


@pytest.mark.parametrize("name", SETS)
def test_every_row_of_a_set_is_in_the_table(name: str) -> None:
    found = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    for system, row in found["rows"].items():
        spread = found.get("spread", {}).get(system, {})
        figures = [
            f"{row[metric]:.4f}" + (f" ± {spread[metric]:.4f}" if metric in spread else "")
            for metric in ("recall@10", "ndcg@10", "mrr@10")
        ]
        mark = "**" if system == "kgrec" else ""
        assert f"| {name} | {mark}{system}{mark} | {' | '.join(figures)} |" in LINES


def test_kgrec_is_ahead_of_every_baseline_where_the_page_says_nothing_else() -> None:
    for name in SETS:
        rows = result(name)["rows"]
        assert max(rows, key=lambda system: rows[system]["ndcg@10"]) == "kgrec", name


def test_the_words_about_the_sets_that_nobody_looked_at_are_so() -> None:
    against = result("ml1m_mkr")["against_best"]["ndcg@10"]
    assert against["baseline"] == "ease"
    assert against["interval"][0] < 0 < against["interval"][1]
    assert "kgrec is\n  3 % ahead of EASE in recall@10" in TEXT
    assert "(0.0024, 95 % interval -0.0004 to 0.0052)" in TEXT


def test_the_words_about_time_gaps_are_so() -> None:
    groups = result("ml1m_pearlm")["groups"]
    for name, group in groups.items():
        figures = " | ".join(f"{row['ndcg@10']:.3f}" for row in group["rows"].values())
        assert f"| {name} | {group['users']:,} | {figures} |" in LINES
    against = groups["longer"]["against_best"]["ndcg@10"]
    low, high = against["interval"]
    assert against["baseline"] == "popularity"
    assert low > 0
    assert f"ahead of popularity by {against['difference']:.3f}\n(95 % interval {low:.3f} to {high:.3f})" in TEXT


@pytest.mark.parametrize(("title", "name"), [("DBbook", "dbbook2014"), ("MovieLens 1M", "ml1m_pearlm")])
def test_cold_items_are_those_of_their_files(title: str, name: str) -> None:
    found = json.loads((RESULTS / f"{name}_cold.json").read_text(encoding="utf-8"))
    rows, equal = found["rows"], found["equal_loss"]["rows"]
    for system, row in rows.items():
        figures = " | ".join(f"{row[metric]:.3f}" for metric in ("hidden recall@20", "all recall@20", "warm recall@20"))
        assert f"| {title} | {system} | {figures} | {100 * row['warm loss']:.1f} % |" in LINES
    for system, row in {**equal, **{other: rows[other] for other in rows if other != "kgrec"}}.items():
        recall, ndcg = (f"{row[metric]:.3f}" for metric in ("all recall@20", "all ndcg@10"))
        losses = [f"{100 * row[loss]:.1f} %" for loss in ("warm loss", "warm ndcg@10 loss")]
        assert f"| {title} | {system} | {recall} | {losses[0]} | {ndcg} | {losses[1]} |" in LINES
    # What the page says in words.
    assert rows["kgrec"]["warm loss"] < 0.02
    assert all(
        rows[other]["warm recall@20"] < 0.6 * rows["kgrec"]["warm recall@20"] for other in rows.keys() - {"kgrec"}
    )


@pytest.mark.parametrize(("title", "name"), [("BookCrossing", "bookcrossing_mcclk"), ("Last.fm", "lastfm_kgcn")])
def test_clicks_are_those_of_their_files(title: str, name: str) -> None:
    found = result(name)
    systems = ("kgrec", "popularity", "itemknn", "ease")
    figures = [f"{found['rows'][system]['auc']:.3f} ± {found['spread'][system]['auc']:.3f}" for system in systems]
    published = ", ".join(f"{one.system} {one.values['auc']:.3f}" for one in FIGURES[name])
    assert f"| {title} | {' | '.join(figures)} | {published} |" in LINES


def test_what_the_graph_is_worth_is_that_of_its_file() -> None:
    for name, title in (
        ("dbbook2014", "DBbook"),
        ("lastfm_lightkg", "Last.fm"),
        ("colakg_lastfm", "Last.fm of CoLaKG"),
    ):
        found = result(f"{name}_graph")["ablations"]["graph"]
        for facts, row in found.items():
            assert f"| {title} | {facts} | {row['recall@10']:.4f} | {row['ndcg@10']:.4f} |" in LINES
        assert found["true"]["ndcg@10"] > max(found[facts]["ndcg@10"] for facts in ("shuffled", "none"))


@pytest.mark.parametrize(("title", "name"), [("DBbook", "dbbook2014"), ("MovieLens 1M", "ml1m_pearlm")])
def test_held_out_facts_are_those_of_their_files(title: str, name: str) -> None:
    rows = result(f"{name}_facts")["rows"]
    systems = {"kgrec": "kgrec", "kgrec, facts alone": "kgrec without interactions"}
    systems |= {model: model for model in ("TransE", "DistMult", "RotatE")}
    for system, shown in systems.items():
        assert f"| {title} | {shown} | {rows[system]['mrr']:.3f} | {rows[system]['hits@10']:.3f} |" in LINES


def test_recbole_is_that_of_its_files() -> None:
    alone = result("lastfm_lightkg")["rows_train_only"]["kgrec_train_only"]
    for system, row in {**result("recbole_lastfm_lightkg")["rows"], "kgrec": alone}.items():
        assert f"| {system} | {row['recall@10']:.3f} | {row['mrr@10']:.3f} |" in LINES
    for title, name in (("Last.fm", "lastfm_lightkg"), ("DBbook", "dbbook2014")):
        seconds = result(f"recbole_{name}")["epoch_seconds"]
        figures = " | ".join(f"{seconds[key]:.3f}" for key in ("KGAT", "kgrec, 1 hops", "kgrec, 0 hops"))
        assert f"| {title} | {figures} |" in LINES


def test_neo4j_is_that_of_its_file() -> None:
    measured = result("neo4j")
    rows = [
        [" / ".join(str(measured["paths"][store][f"p{q}"]) for q in (50, 95, 99)) for store in ("kglite", "neo4j")],
        [str(measured["export"][store]["seconds"]) for store in ("kglite", "neo4j")],
        [str(measured["hub"][store]["from"]["s"]) for store in ("kglite", "neo4j")],
    ]
    assert [row for row in rows if f"| {row[0]} | {row[1]} |" not in TEXT] == []
    online, offline = measured["import"], measured["offline"]
    assert f"{online['rows_per_s']['kgrec']:,} rows/s, {online['ratio_kgrec_to_bare']} of" in TEXT
    assert f"{offline['import_rows_per_s']:,} rows/s" in TEXT


def test_published_figures_stand_beside_the_row_that_they_may_be_compared_with_and_nowhere_else() -> None:
    rows = {"beauty_s3rec": "rows_train_fit", "lastfm_lightkg": "rows_train_only", "kgat_amazonbook": "rows"}
    for name, key in rows.items():
        block = TEXT.split(f"\n`{name}`, ")[1].split("\n\n")[1].splitlines()
        ending = key.removeprefix("rows")
        metrics = [cell.strip() for cell in block[0].split("|")[2:-2]]
        ours = result(name).get(key, {}).get(f"kgrec{ending}")
        figures = [f"**{ours[metric]:.4f}**" for metric in metrics] if ours else ["not measured"] * len(metrics)
        assert block[2] == f"| kgrec{ending} | {' | '.join(figures)} | this file |"
        assert len(block) == 3 + len(FIGURES[name])
        for one in FIGURES[name]:
            assert TEXT.count(f"| {one.system} | {' | '.join(f'{value:.4f}' for value in one.values.values())}") == 1
    for name in ("lastfm_kgcn", "bookcrossing_mcclk"):
        for one in FIGURES[name]:
            assert TEXT.count(f"{one.system} {one.values['auc']:.3f}") == 1


def test_every_table_says_when_it_was_measured() -> None:
    sections = TEXT.split("\n## ")[1:-1]
    assert [one.splitlines()[0] for one in sections if "\nMeasured " not in one] == []


def test_what_was_tried_is_that_of_the_files() -> None:
    for name in SETS:
        cost = result(name)["cost"]["kgrec"]
        assert any(
            line.startswith(f"| {name} | kgrec | {cost['tried']:,.0f} | {cost['tuning_s']:,.0f} |") for line in LINES
        )
