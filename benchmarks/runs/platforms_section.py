"""What the page of results says of people who use several platforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgrec_benchmarks.runs.markdown_cells import table
from kgrec_benchmarks.runs.provenance import made_in_words

_METRICS = {
    "ndcg@10": "ndcg@10",
    "hit_rate@10 among 1,000": "hit rate among 1,000",
    "ndcg@10 among 1,000": "ndcg@10 among 1,000",
}


def platforms_section(results: Mapping[str, Mapping[str, Any]]) -> str:
    """A section on what the other platforms are worth to each, by whose platforms they are."""
    parts = "\n\n".join(_of_set(people, result) for people, result in results.items())
    return f"""\
## What other platforms are worth

kgrec learned from both platforms that people use, and from one alone. Items of the platform are ranked, all of them and
each held-out one among 999 others. The usual settings, one seed. Beside it stand two simpler ways to learn from all:
the same weight for every platform, and one model for all lists.

{parts}"""


def _of_set(people: str, result: Mapping[str, Any]) -> str:
    """What the other platforms are worth to people, and what two simpler ways to learn from all would find."""
    gains, ways = [], []
    for platform, groups in result["platforms"].items():
        for group, of in groups.items():
            for metric, name in _METRICS.items():
                one = of[metric]
                low, high = one["interval"]
                share = one["difference"] / one["that platform alone"]
                gains.append(
                    [
                        platform,
                        f"{group} ({of['users']:,})",
                        name,
                        *(f"{one[learned]:.4f}" for learned in ("that platform alone", "all platforms")),
                        f"{share:+.1%}",
                        f"{low:+.4f} to {high:+.4f}",
                    ]
                )
        learned = f"{platform}, learned from "
        rows = {name.removeprefix(learned): row for name, row in result["rows"].items() if name.startswith(learned)}
        ways += [[platform, name, *(f"{row[metric]:.4f}" for metric in _METRICS)] for name, row in rows.items()]
    shown = ["platform", "users", "metric", "alone", "with the others", "gain", "95 % interval of the difference"]
    return f"""\
### {people}

{table(shown, gains)}
{made_in_words([result])}

{table(["platform", "learned from", *_METRICS.values()], ways)}"""
