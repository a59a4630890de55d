"""What a benchmark writes: the page, the files beside it, and that nobody reads half a file."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from kgrec.bundle.old_names import CHANNELS, METRICS, renamed_result
from kgrec.scoring.channel_names import LONG_TERM, NEXT_ITEM, SHORT_TERM
from kgrec_benchmarks.runs.result_files import markdown, read_result, write_result
from tests.support import ROOT

RESULTS = ROOT / "benchmarks/results"
ROWS = {"kgrec": {"recall@10": 0.3, "ndcg@10": 0.25}, "ease<1>": {"recall@10": 0.2, "ndcg@10": 0.15}}
COST = {
    "tuning_s": 9.0,
    "fit_s": 1.0,
    "ranking_s": 0.5,
    "tried": 8,
    "capped": False,
    "peak_memory_mb": 500.0,
    "memory_growth_mb": 20.0,
}


def against(baseline: str, difference: float) -> dict[str, Any]:
    interval = [difference - 0.05, difference + 0.05]
    return {"ndcg@10": {"baseline": baseline, "difference": difference, "interval": interval}}


def result() -> dict[str, Any]:
    ends = {metric: [0.1, 0.4] for metric in ("recall@10", "ndcg@10")}
    return {
        "set": "shop",
        "rows": ROWS,
        "rows_train_fit": {"kgrec_train_fit": {"recall@10": 0.29, "ndcg@10": 0.245}},
        "rows_train_only": {"kgrec_train_only": {"recall@10": 0.28, "ndcg@10": 0.24}},
        "spread": {"kgrec": {"recall@10": 0.01, "ndcg@10": 0.002}},
        "intervals": dict.fromkeys(("kgrec", "ease<1>", "kgrec_train_only"), ends),
        "against_best": against("ease<1>", 0.1),
        "measured_once": ["ease<1>"],
        "refused": {"slim": "9,000 items"},
        "cost": {"kgrec": {**COST, "tuning_s": 90.0}, "ease<1>": {**COST, "capped": True}},
        "settings": {"kgrec": {"epochs": 5, "gates": {"edges": [0]}}, "ease<1>": {}},
        "data": {"users": 1_000, "test": 20},
        "budget": {"settings": 9, "seconds": 1800.0},
        "commit": "1a2b",
        "date": "2026-01-31",
        "seed": 3,
        "seeds": [3, 4],
        "versions": {"kgrec": "0.1.0"},
        "machine": {"cores": 2},
        "ablations": {"graph": {"true": {"ndcg@10": 0.25}, "none": {"ndcg@10": 0.2, "validation_ndcg@10": 0.3}}},
        "ablation_notes": ["True facts against no facts: a gain."],
        "groups": {
            "longer": {"users": 7, "rows": ROWS, "against_best": against("knn", -0.02)},
            "same second": {"users": 0, "rows": {}, "against_best": {}},
        },
    }


def test_the_page_says_it_all() -> None:
    page = markdown(result(), "shop")
    for line in (
        "# shop",
        "1,000 users, 20 test. Seeds 3, 4 (mean ± sd). Measured at commit 1a2b on 2026-01-31.",
        "| kgrec | **0.3000 ± 0.0100** | **0.2500 ± 0.0020** |",
        "| ease<1> | 0.2000 | 0.1500 |",
        "slim was not run: 9,000 items.",
        "Measured once, as neither the seed nor the split changes anything: ease<1>.",
        "On validation each system but kgrec may try 9 settings and take 1,800 s; the search of kgrec ends by itself.",
        "## Fitted on train alone, with the validation part in the history",
        "| kgrec_train_fit | 0.2900 | 0.2450 |",
        "| kgrec_train_only | 0.2800 | 0.2400 |",
        "| kgrec | 0.1000 to 0.4000 | 0.1000 to 0.4000 |",
        "- ndcg@10: kgrec minus ease<1> +0.1000 (+0.0500 to +0.1500, paired)",
        "| kgrec | 90.0 | 1.0 | 0.5 | 8 | 500 | 20 |",
        "| ease<1> | 9.0 | 1.0 | 0.5 | 8 (time ran out) | 500 | 20 |",
        "![accuracy and time](shop.time.svg)",
        "## Ablation: graph",
        "- True facts against no facts: a gain.",
        "## Time from history to test: longer (7 users)",
        "- ndcg@10: kgrec minus knn -0.0200 (-0.0700 to +0.0300, paired)",
        "cores 2.",
        "kgrec 0.1.0.",
        "- kgrec: epochs=5",
        "- ease<1>: nothing to set",
    ):
        assert line in page.splitlines(), line
    assert "same second" not in page


def test_the_files_lie_beside_each_other(tmp_path: Path) -> None:
    out = tmp_path / "deep/shop.json"
    written = write_result(result(), out)
    assert sorted(path.name for path in out.parent.iterdir()) == sorted(path.name for path in written)
    assert [path.name for path in written] == ["shop.md", "shop.time.svg", "shop.ablations.svg", "shop.json"]
    assert json.loads(out.read_text()) == result()
    for path in written[1:3]:
        assert ET.fromstring(path.read_text()).tag.endswith("svg")


def test_click_results_have_a_page_too(tmp_path: Path) -> None:
    clicks = {
        "set": "clicks",
        "rows": {"kgrec": {"auc": 0.8}},
        "seed": 0,
        "data": {"users": 1},
        "versions": {},
        "settings": {"kgrec": {}},
    }
    assert [path.name for path in write_result(clicks, tmp_path / "c.json")] == ["c.md", "c.json"]
    assert "| kgrec | 0.8000 |" in (tmp_path / "c.md").read_text()


@pytest.mark.parametrize("page", sorted(RESULTS.glob("*.md")), ids=lambda page: page.stem)
def test_a_kept_page_is_the_one_that_its_data_make(page: Path) -> None:
    assert page.read_text("utf-8") == markdown(read_result(page.with_suffix(".json")), page.stem)


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*_cold.json")), ids=lambda path: path.stem)
def test_a_result_of_an_earlier_version_is_read_under_the_present_names(path: Path) -> None:
    before, now = json.loads(path.read_text("utf-8")), read_result(path)
    for old, new in METRICS.items():
        assert now["rows"]["kgrec"][new] == before["rows"]["kgrec"][old]
    assert now["equal_loss"].keys() == {"rows", "spread"}
    text = json.dumps([list(now), now["rows"], now["spread"], list(now["settings"])])
    assert not re.search(r"warm|hidden|\bsd\b", text)
    assert renamed_result(now) == now


def test_channels_of_an_earlier_result_have_their_present_names() -> None:
    validation = read_result(RESULTS / "ml1m_pearlm.json")["validation"]
    assert {SHORT_TERM, NEXT_ITEM, LONG_TERM} < validation.keys()
    assert not CHANNELS.keys() & validation.keys()
    validation = read_result(RESULTS / "lastfm_lightkg.json")["validation"]
    assert "cold items, behaviour" in validation
    assert not any("new items" in name for name in validation)
