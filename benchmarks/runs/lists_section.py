"""The part of the page of results about lists: every system on every set, what it cost, and what it may not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgrec_benchmarks.runs.markdown_cells import table
from kgrec_benchmarks.runs.provenance import made_in_words
from kgrec_benchmarks.runs.published_figures import FIGURES, REFITTED
from kgrec_benchmarks.runs.summary import TRAIN_FIT, TRAIN_ONLY

SETS = {
    "ml1m_pearlm": "MovieLens 1M with the graph of PEARLM, in order of time",
    "ml100k_text": "MovieLens 100k with texts, in order of time",
    "lastfm_lightkg": "Last.fm as LightKG cuts it",
    "dbbook2014": "DBbook 2014",
    "colakg_lastfm": "Last.fm as CoLaKG cuts it",
    "kgat_amazonbook": "Amazon-book as KGAT cuts it",
    "retailrocket_mb_cut": "RetailRocket, the last purchase of train to be found from what was done before it",
    "retailrocket_mb": "RetailRocket as published, the last purchase to be found; train holds what came after it",
    "beauty_s3rec": "Amazon Beauty as S3-Rec cuts it, the last item of a sequence to be found",
    "ml1m_mkr": "MovieLens 1M as MKR has it, liked films only",
}
"""Sets with lists on a split of their authors, in the order of the page."""

_METRICS = ("recall@10", "ndcg@10", "mrr@10")
_ROW_IN_WORDS = {
    REFITTED: "learned from all but the test",
    TRAIN_FIT: "learned from train, with the validation part in the history",
    TRAIN_ONLY: "knowing train alone",
}
_KEYS = {REFITTED: "rows", TRAIN_FIT: "rows_train_fit", TRAIN_ONLY: "rows_train_only"}
Result = dict[str, Any]


def lists_section(lists: Mapping[str, Result]) -> str:
    parts = [
        """\
## Lists on the authors' splits

Each data set has the split of those who published it. Every system chooses its settings on validation, is fitted
again on train and validation, and is tested once. The whole catalogue is ranked, without the items that the user has
taken. Mean ± standard deviation over the seeds; without a deviation where neither the seed nor the
split changes anything, or where there was one seed. The files also hold each channel alone and their fusion, measured
on validation, and every system fitted on train alone.
"""
    ]
    rows = []
    for name, result in lists.items():
        data = result["data"]
        sizes = [f"{data[what]:,}" for what in ("users", "items", "facts", "train", "valid", "test")]
        rows.append([f"`{name}`", SETS[name], *sizes, str(len(result["seeds"]))])
    parts.append(table(["set", "", "users", "items", "facts", "train", "valid", "test", "seeds"], rows))
    rows = []
    for name, result in lists.items():
        for system in by_ndcg(result["rows"]):
            mark = "**" if system == "kgrec" else ""
            rows.append([name, f"{mark}{system}{mark}", *(_with_spread(result, system, metric) for metric in _METRICS)])
    parts.append(table(["set", "system", *_METRICS], rows))
    parts += [f"{made_in_words(lists.values())}\n", *_what_is_known(lists), *_published(lists)]
    rows = []
    for name, result in lists.items():
        for system in by_ndcg(result["rows"])[:2]:
            cost = result["cost"][system]
            seconds = [f"{cost[part]:,.0f}" for part in ("tuning_s", "fit_s", "ranking_s")]
            rows.append([name, system, f"{cost['tried']:,.0f}", *seconds, f"{cost['peak_memory_mb'] / 1000:.1f}"])
    parts.append(
        """\
What kgrec and the best of the others take for one seed, mostly on one core: settings tried on validation, seconds to
choose among them, to fit again and to rank for all users, and memory. Most of the settings that kgrec tries mix what is
fitted already. A baseline may try as many and as long as its file says, and stops where no neighbour is better. The
seconds were taken beside other work, which at times made them five times as many: alone, one seed of kgrec took under
three minutes for DBbook and, on both cores, twelve for Amazon-book.
"""
    )
    parts.append(
        table(["set", "system", "settings tried", "choosing, s", "fitting, s", "ranking, s", "peak memory, GB"], rows)
    )
    return "\n".join(parts)


def _what_is_known(lists: Mapping[str, Result]) -> list[str]:
    """What systems reach when they learn from less, or know less of the history, where validation is the authors'."""
    rows = []
    for name, result in lists.items():
        for system in by_ndcg(result["rows"])[:3] if result.get("rows_train_only") else ():
            ends = [result.get(key, {}).get(system + ending, {}) for ending, key in _KEYS.items()]
            figures = [f"{row[metric]:.4f}" if row else "" for metric in _METRICS[:2] for row in ends]
            rows.append([name, system, *figures])
    if not rows:
        return []
    columns = [f"{metric}{ending}" for metric in _METRICS[:2] for ending in _KEYS]
    return [
        """\
### What a model may know

Where the validation part is the authors', each system has three rows: learned from train and validation (as above);
learned from train, with the validation part in the history that it ranks from (`_train_fit`: what leave-one-out tables
do); and knowing train alone (`_train_only`). Systems with a vector of their own for each user have no second row.
""",
        table(["set", "system", *columns], rows),
    ]


def _published(lists: Mapping[str, Result]) -> list[str]:
    """Figures of others, each set beside the one row that learned from as much and knew as much."""
    parts = []
    for name, result in lists.items():
        if name not in FIGURES:
            continue
        figures = FIGURES[name]
        metrics = list(figures[0].values)
        ending = figures[0].row
        ours = result.get(_KEYS[ending], {}).get(f"kgrec{ending}")
        cells = [f"**{ours[metric]:.4f}**" for metric in metrics] if ours else ["not measured"] * len(metrics)
        rows = [[f"kgrec{ending}", *cells, "this file"]]
        for one in figures:
            values = [f"{one.values[metric]:.4f}" if metric in one.values else "" for metric in metrics]
            rows.append([one.system, *values, one.source])
        parts += [f"`{name}`, {_ROW_IN_WORDS[ending]}:\n", table(["system", *metrics, "source"], rows)]
    if not parts:
        return []
    return [
        """\
### Beside published figures

What others have published for the same files, beside the row of kgrec that learned from as much and knew as much of the
history, and beside no other. `ndcg_kgat` is KGAT's own definition, whose ideal list holds only what was found.
""",
        *parts,
    ]


def caution_section(lists: Mapping[str, Result]) -> str:
    mkr = lists["ml1m_mkr"]
    rows, against = mkr["rows"], mkr["against_best"]["ndcg@10"]
    ahead = 100 * (rows["kgrec"]["recall@10"] / rows["ease"]["recall@10"] - 1)
    low, high = against["interval"]
    return f"""\
### What to keep in mind

- A run reads the test set once, but kgrec was run on MovieLens 100k and on Last.fm again and again while it was built,
  with the test rows in view; the other sets were read a few times each.
- Sets that nobody had looked at are the fairer test. `ml1m_mkr` was measured once, when all else was done. There, on a
  dense set without times and with {mkr["data"]["facts"]:,} facts, kgrec is
  {ahead:.0f} % ahead of EASE in recall@10, and by no more than chance in ndcg@10
  ({against["difference"]:.4f}, 95 % interval {low:.4f} to {high:.4f}).
- RetailRocket holds out what was bought last, but what users looked at before and after it is in train, and kgrec reads
  what is near in time.
- The MovieLens sets are in order of time, and kgrec knows what follows what; of the baselines, sequential rules and
  SLIST do, which the older files do not have. See the next section.
"""


def by_ndcg(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Systems by their ndcg@10, kgrec first."""
    return sorted(rows, key=lambda system: (system != "kgrec", -rows[system]["ndcg@10"]))


def _with_spread(result: Result, system: str, metric: str) -> str:
    """A mean over seeds with its standard deviation, where there is one."""
    spread = result.get("spread", {}).get(system, {})
    return f"{result['rows'][system][metric]:.4f}" + (f" ± {spread[metric]:.4f}" if metric in spread else "")
