"""The section on updates says what its file says."""

from __future__ import annotations

from kgrec_benchmarks.runs.updates_section import updates_section


def test_seconds_and_accuracy_are_those_of_the_file() -> None:
    rows = {"before": {"ndcg@10": 0.1}, "updated": {"ndcg@10": 0.12344}, "trained anew": {"ndcg@10": 0.125}}
    seconds = {"training before": 900.0, "update": 25.4, "training anew": 1_000.0}
    text = updates_section({"rows": rows, "timings_s": seconds, "commit": "abc", "date": "2026-11-29"})
    assert "took 2.5% of the time" in text
    assert [line for line in text.splitlines() if line.startswith("| ")][2:] == [
        "| before | 0.1000 | 900 |",
        "| updated | 0.1234 | 25 |",
        "| trained anew | 0.1250 | 1,000 |",
    ]
