"""The figures of docs/results.md are those of the files in benchmarks/results."""

from __future__ import annotations

import json

import pytest

from tests.support import ROOT

SETS = (
    "ml1m_pearlm",
    "ml100k_text",
    "lastfm_lightkg",
    "dbbook2014",
    "colakg_lastfm",
    "kgat_amazonbook",
    "retailrocket_mb",
)
PAGE = (ROOT / "docs/results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SETS)
def test_the_table_shows_the_results_that_lie_beside_it(name: str) -> None:
    result = json.loads((ROOT / f"benchmarks/results/{name}.json").read_text())
    for system, row in result["rows"].items():
        spread = result.get("spread", {}).get(system, {})
        figures = [
            f"{row[metric]:.4f}" + (f" ± {spread[metric]:.4f}" if metric in spread else "")
            for metric in ("recall@10", "ndcg@10", "mrr@10")
        ]
        mark = "**" if system == "kgrec" else ""
        assert f"| {name} | {mark}{system}{mark} | {' | '.join(figures)} |" in PAGE


def test_the_groups_by_time_are_those_that_lie_beside_them() -> None:
    groups = json.loads((ROOT / "benchmarks/results/ml1m_pearlm.json").read_text())["groups"]
    said = [
        f"{name} " + " and ".join(f"{of['rows'][who]['ndcg@10']:.3f}".lstrip("0") for who in ("kgrec", "ease"))
        for name, of in groups.items()
    ]
    assert [text for text in said if text not in PAGE] == []


def test_how_far_behind_we_are_after_a_pause_is_what_lies_beside_it() -> None:
    groups = json.loads((ROOT / "benchmarks/results/ml1m_pearlm.json").read_text())["groups"]
    against = groups["longer"]["against_best"]["ndcg@10"]
    assert against["baseline"] == "ease"
    high, low, by = (f"{-value:.3f}".lstrip("0") for value in (*against["interval"], against["difference"]))
    assert f"<!-- BEHIND -->{by} (95 % interval {low} to {high})<!-- /BEHIND -->" in PAGE


@pytest.mark.parametrize(("name", "file"), [("BookCrossing", "bookcrossing_mcclk"), ("Last.fm", "lastfm_kgcn")])
def test_the_clicks_are_those_that_lie_beside_them(name: str, file: str) -> None:
    clicks = json.loads((ROOT / f"benchmarks/results/{file}.json").read_text())
    kgrec, popularity, knn, ease = (
        f"{clicks['rows'][system]['auc']:.3f}".lstrip("0") for system in ("kgrec", "popularity", "itemknn", "ease")
    )
    spread = f"{clicks['spread']['kgrec']['auc']:.3f}".lstrip("0")
    assert f"{name} kgrec {kgrec} ± {spread}, popularity {popularity}, item-kNN {knn}, EASE {ease}" in PAGE


def test_what_the_graph_is_worth_is_what_lies_beside_it() -> None:
    graph = json.loads((ROOT / "benchmarks/results/dbbook2014_ablations.json").read_text())["ablations"]["graph"]
    true, shuffled, none = (
        " and ".join(f"{graph[facts][metric]:.3f}".lstrip("0") for metric in ("recall@10", "ndcg@10"))
        for facts in ("true", "shuffled", "none")
    )
    assert f"<!-- ABLATIONS -->true facts {true}, shuffled {shuffled}, none {none}<!-- /ABLATIONS -->" in PAGE


def test_the_figures_of_amazon_book_at_20_are_those_that_lie_beside_them() -> None:
    row = json.loads((ROOT / "benchmarks/results/kgat_amazonbook.json").read_text())["rows"]["kgrec"]
    recall, ndcg, kgat = (f"{row[metric]:.4f}".lstrip("0") for metric in ("recall@20", "ndcg@20", "ndcg@20_kgat"))
    assert f"<!-- AMAZON -->{recall} and {ndcg}, by KGAT's own definition of ndcg {kgat}<!-- /AMAZON -->" in PAGE


@pytest.mark.parametrize(("name", "file"), [("DBbook", "dbbook2014"), ("MovieLens 1M", "ml1m_pearlm")])
def test_the_held_out_facts_are_those_that_lie_beside_them(name: str, file: str) -> None:
    rows = json.loads((ROOT / f"benchmarks/results/{file}_facts.json").read_text())["rows"]
    names = {"kgrec": "kgrec", "kgrec, facts alone": "without behaviour"}
    names |= {model: model for model in ("TransE", "DistMult", "RotatE")}
    said = [
        f"{who} " + " and ".join(f"{rows[row][metric]:.3f}".lstrip("0") for metric in ("mrr", "hits@10"))
        for row, who in names.items()
    ]
    assert f"{name} {', '.join(said)}" in PAGE


@pytest.mark.parametrize(("name", "file"), [("DBbook", "dbbook2014"), ("MovieLens 1M", "ml1m_pearlm")])
def test_the_new_items_are_those_that_lie_beside_them(name: str, file: str) -> None:
    result = json.loads((ROOT / f"benchmarks/results/{file}_cold.json").read_text())
    rows, equal = result["rows"], result["equal_loss"]["rows"]["kgrec at the loss of fact-knn"]
    hidden, everywhere, warm = (
        " and ".join(f"{rows[who][metric]:.3f}".lstrip("0") for who in ("kgrec", "fact-knn"))
        for metric in ("hidden recall@20", "all recall@20", "warm recall@20")
    )
    said = f"{name} {hidden} among the hidden, {everywhere} in the whole catalogue, of known items beside them {warm}"
    assert said in PAGE
    other = rows["fact-knn"]
    found, top = (
        " and ".join(f"{row[metric]:.3f}".lstrip("0") for row in (equal, other))
        for metric in ("all recall@20", "all ndcg@10")
    )
    of_top = " and ".join(f"{100 * row['warm ndcg@10 loss']:.1f} %" for row in (equal, other))
    assert f"{name} {found} at {100 * other['warm loss']:.1f} % (ndcg@10 {top}, at {of_top} of it)" in PAGE
    assert rows["kgrec"]["warm loss"] < 0.02


def test_the_figures_of_recbole_are_those_that_lie_beside_them() -> None:
    results = ROOT / "benchmarks/results"
    race = json.loads((results / "recbole_lastfm_lightkg.json").read_text())
    rows = {
        **race["rows"],
        "alone": json.loads((results / "lastfm_lightkg.json").read_text())["rows_train_only"]["kgrec_train_only"],
    }
    said = {
        name: " and ".join(f"{row[metric]:.3f}".lstrip("0") for metric in ("recall@10", "mrr@10"))
        for name, row in rows.items()
    }
    assert f"<!-- TRAIN -->{said.pop('alone')}<!-- /TRAIN -->" in PAGE
    assert [f"{name} {figures}" for name, figures in said.items() if f"{name} {figures}" not in PAGE] == []
    for name, file in (("Last.fm", "lastfm_lightkg"), ("DBbook", "dbbook2014")):
        seconds = json.loads((results / f"recbole_{file}.json").read_text())["epoch_seconds"]
        kgat, one, none = (f"{seconds[key]:.3f}".lstrip("0") for key in ("KGAT", "kgrec, 1 hops", "kgrec, 0 hops"))
        assert f"{name} {kgat}, {one} and {none}" in PAGE


def test_the_figures_of_neo4j_are_those_that_lie_beside_them() -> None:
    measured = json.loads((ROOT / "benchmarks/results/neo4j.json").read_text())
    rows = [
        [" / ".join(str(measured["paths"][store][f"p{q}"]) for q in (50, 95, 99)) for store in ("kglite", "neo4j")],
        [str(measured["export"][store]["seconds"]) for store in ("kglite", "neo4j")],
        [str(measured["hub"][store]["from"]["s"]) for store in ("kglite", "neo4j")],
    ]
    assert [row for row in rows if f"| {row[0]} | {row[1]} |" not in PAGE] == []
    online, offline = measured["import"], measured["offline"]
    assert f"{online['rows_per_s']['kgrec']:,} rows/s, {online['ratio_kgrec_to_bare']} of" in PAGE
    assert f"{offline['import_rows_per_s']:,} rows/s" in PAGE
