"""The section on platforms says what its file says."""

from __future__ import annotations

from kgrec_benchmarks.runs.platforms_section import platforms_section

METRICS = "ndcg@10", "hit_rate@10 among 1,000", "ndcg@10 among 1,000"


def test_gains_and_rows_are_those_of_the_file() -> None:
    one = {"that platform alone": 0.2, "all platforms": 0.25, "difference": 0.05, "interval": [-0.01, 0.06]}
    of_shop = {"everybody": {"users": 1_200, **dict.fromkeys(METRICS, one)}}
    rows = {
        "shop, learned from all platforms": dict.fromkeys(METRICS, 0.25),
        "shop, learned from that platform alone": dict.fromkeys(METRICS, 0.2),
    }
    result = {"platforms": {"shop": of_shop}, "rows": rows, "commit": "abc", "date": "2026-12-01"}
    text = platforms_section({"Shops": result, "Others": result})
    assert [line for line in text.splitlines() if line.startswith("### ")] == ["### Shops", "### Others"]
    lines = text.splitlines()
    assert "| shop | everybody (1,200) | ndcg@10 | 0.2000 | 0.2500 | +25.0% | -0.0100 to +0.0600 |" in lines
    assert "| shop | all platforms | 0.2500 | 0.2500 | 0.2500 |" in lines
    assert "| shop | that platform alone | 0.2000 | 0.2000 | 0.2000 |" in lines
