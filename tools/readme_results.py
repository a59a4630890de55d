"""The table of results in README.md, from benchmarks/results; ``python -m tools.readme_results`` writes it anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgrec_benchmarks.runs.provenance import made_in_words

ROOT = Path(__file__).parents[1]
SETS = {
    "ml1m_pearlm": "MovieLens 1M",
    "ml1m_mkr": "MovieLens 1M, MKR's split",
    "ml100k_text": "MovieLens 100k",
    "lastfm_lightkg": "Last.fm",
    "dbbook2014": "DBbook",
    "retailrocket_mb_cut": "RetailRocket, cut at the purchase",
    "retailrocket_mb": "RetailRocket",
}
"""File of a result: what the set is called."""
_INSTEAD = {"retailrocket_mb": "retailrocket_mb_cut"}
"""Results that are left to docs/results.md where there is a cleaner one."""
_MARKED = re.compile(r"(?<=<!-- RESULTS -->\n).*?(?=<!-- /RESULTS -->)", re.DOTALL)


def table() -> str:
    """A row for each set, kgrec beside the best of the systems it was compared with by ndcg@10, and when that was."""
    head = "| set | recall@10 | ndcg@10 | best other system | recall@10 | ndcg@10 |\n|---|---|---|---|---|---|\n"
    there = [name for name in SETS if _file(name).exists()]
    shown = {name: _result(name) for name in there if _INSTEAD.get(name) not in there}
    rows = "".join(_row(result["rows"], SETS[name]) for name, result in shown.items())
    return f"{head}{rows}\n{made_in_words(shown.values())}\n"


def _file(name: str) -> Path:
    return ROOT / f"benchmarks/results/{name}.json"


def _result(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(_file(name).read_text(encoding="utf-8"))
    return result


def _row(rows: Mapping[str, Any], title: str) -> str:
    best = max(rows.keys() - {"kgrec"}, key=lambda system: float(rows[system]["ndcg@10"]))
    own, other = ([f"{rows[system][metric]:.4f}" for metric in ("recall@10", "ndcg@10")] for system in ("kgrec", best))
    return f"| {title} | **{'** | **'.join(own)}** | {best} | {' | '.join(other)} |\n"


def with_table(readme: str) -> str:
    """The text with the table between its marks."""
    return _MARKED.sub(lambda _: table(), readme)


if __name__ == "__main__":
    page = ROOT / "README.md"
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
