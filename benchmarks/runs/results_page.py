"""The page `docs/results.md`, made from the result files: `python -m kgrec_benchmarks.runs.results_page`.

Every figure of the page is read from a file of `benchmarks/results/`; what is said about them is written here.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgrec_benchmarks.runs.lists_section import SETS, caution_section, lists_section
from kgrec_benchmarks.runs.markdown_cells import table
from kgrec_benchmarks.runs.platforms_section import platforms_section
from kgrec_benchmarks.runs.provenance import made_in_words
from kgrec_benchmarks.runs.published_figures import FIGURES
from kgrec_benchmarks.runs.result_files import read_result
from kgrec_benchmarks.runs.updates_section import updates_section

ROOT = Path(__file__).resolve().parents[2]
RESULTS, PAGE = ROOT / "benchmarks/results", ROOT / "docs/results.md"

NAMES = {
    "dbbook2014": "DBbook",
    "ml1m_pearlm": "MovieLens 1M",
    "ml100k_text": "MovieLens 100k",
    "lastfm_lightkg": "Last.fm",
    "colakg_lastfm": "Last.fm of CoLaKG",
}
_SYSTEM = {
    "kgrec": "kgrec",
    "popularity": "popularity",
    "itemknn": "item-kNN",
    "ease": "EASE",
    "rp3beta": "RP3beta",
    "slist": "SLIST",
}
_TRUE_GRAPH = {
    "dbbook2014_graph": "DBbook",
    "lastfm_lightkg_graph": "Last.fm",
    "colakg_lastfm_graph": "Last.fm of CoLaKG",
}
_PLATFORMS = {"abe_platforms": "Two departments of Amazon", "douban_book_music": "Books and music of Douban"}
_CLICKS = {"bookcrossing_mcclk": "BookCrossing", "lastfm_kgcn": "Last.fm"}
_FACTS = {
    "kgrec": "kgrec",
    "kgrec, facts alone": "kgrec without interactions",
    **{model: model for model in ("TransE", "DistMult", "RotatE")},
}
_MEASURES = {
    "path share": "path_share",
    "items": "coverage_10",
    "3 entities": "best_3_entities",
    "3 past items": "best_3_past_items",
    "LIR": "lir",
    "SEP": "sep",
    "SEP of all": "sep_of_all",
    "ETD": "etd",
    "ndcg@10": "ndcg@10",
    "accuracy only": "ndcg@10_accuracy_only",
}
_EXPLAINED = "_explanations"
Result = dict[str, Any]


def results_page(folder: Path = RESULTS) -> str:
    """The page as Markdown.

    Args:
        folder: where the result files are.
    """

    def read(name: str) -> Result:
        return read_result(folder / f"{name}.json")

    lists = {name: read(name) for name in SETS if (folder / f"{name}.json").exists()}
    sections = [
        _INTRODUCTION,
        lists_section(lists),
        caution_section(lists),
        _time_gaps(lists["ml1m_pearlm"]),
        _graph({name: read(name) for name in _TRUE_GRAPH}),
        *explanations_section(
            {name: read(name) for name in sorted(path.stem for path in folder.glob(f"*{_EXPLAINED}.json"))}
        ),
        _cold_items({name: read(f"{name}_cold") for name in ("dbbook2014", "ml1m_pearlm")}),
        updates_section(read("ml1m_pearlm_updates")),
        platforms_section({people: read(name) for name, people in _PLATFORMS.items()}),
        _clicks({name: read(name) for name in _CLICKS}),
        _facts({name: read(f"{name}_facts") for name in ("dbbook2014", "ml1m_pearlm")}),
        _recbole(lists["lastfm_lightkg"], {name: read(f"recbole_{name}") for name in ("lastfm_lightkg", "dbbook2014")}),
        _neo4j(read("neo4j")),
        _AGAIN,
    ]
    return "\n".join(sections)


_INTRODUCTION = """\
# Results

This page is made from the files in `benchmarks/results/` by `python -m kgrec_benchmarks.runs.results_page`, so every
figure is that of a file. Beside each file lies a page with intervals over users, costs, settings, versions and machine.
All were measured on a machine with two CPU cores.
"""


def _time_gaps(result: Result) -> str:
    groups = result["groups"]
    systems = list(groups["longer"]["rows"])
    rows = [
        [name, f"{of['users']:,}", *(f"{of['rows'][system]['ndcg@10']:.3f}" for system in systems)]
        for name, of in groups.items()
    ]
    against = groups["longer"]["against_best"]["ndcg@10"]
    rival = _SYSTEM.get(against["baseline"], against["baseline"])
    low, high = sorted(abs(end) for end in against["interval"])
    words = "ahead of" if against["difference"] > 0 else "behind"
    return f"""\
## By the time between history and test

People rate whole pages of films at once, and that is where most of the gain on MovieLens is. ndcg@10 on MovieLens 1M,
for users grouped by the time from their last event in train or validation to their first in the test:

{table(["gap", "users", *(_SYSTEM.get(system, system) for system in systems)], rows)}
{made_in_words([result])}

In the last group, which is small, kgrec is {words} {rival} by {abs(against["difference"]):.3f}
(95 % interval {low:.3f} to {high:.3f}). Gates that know of the pause do that: see decisions
[014](decisions/014-a-pause-closes-the-channels-of-sequence.md) and
[015](decisions/015-a-stronger-ridge-for-who-comes-back.md).
"""


def _graph(results: Mapping[str, Result]) -> str:
    rows = [
        [_TRUE_GRAPH[name], facts, *(f"{row[metric]:.4f}" for metric in ("recall@10", "ndcg@10"))]
        for name, result in results.items()
        for facts, row in result["ablations"]["graph"].items()
    ]
    notes = "\n".join(f"- {_TRUE_GRAPH[name]}: {note}" for name in results for note in results[name]["ablation_notes"])
    return f"""\
## What the graph is worth

Learned with the true facts, with facts whose tails were shuffled within each relation, and with none; every setting is
chosen anew for each. One seed.

{table(["set", "facts", "recall@10", "ndcg@10"], rows)}
{made_in_words(list(results.values()))}

{notes}

`benchmarks/results/dbbook2014_ablations.md` also takes apart channels, losses and the weight of the graph's loss.
"""


def explanations_section(results: Mapping[str, Result]) -> list[str]:
    """What explains the top lists of each set that this was measured on, and nothing where it was on none."""
    if not results:
        return []
    rows = []
    for name, result in results.items():
        figures = [result["explanations"].get(key) for key in _MEASURES.values()]
        set_name = name.removesuffix(_EXPLAINED)
        rows.append([NAMES.get(set_name, set_name), *("-" if value is None else f"{value:.3f}" for value in figures)])
    errors = [result["explanations"]["deletion_error"] or 0.0 for result in results.values()]
    return [
        f"""\
## What explains the lists

Of the top-10 lists of test users: the share of the positive score that flows through paths of the graph; the items of
which paths carry a tenth or more; the shares of the three strongest entities, summed over past items, and of the three
strongest past items. Of one path per item, chosen among those that are worth a tenth of its best one or more: recency
of the past item (LIR), popularity of the shared entity (SEP, among those that the same relation leads to; SEP of all,
among all nodes, as hopwise has it) and diversity of relations (ETD), from 0 to 1 each. Beside the accuracy stands that
of gates that go by accuracy alone (`reason_cost` 0).

{table(["set", *_MEASURES], rows)}
A fact that is taken out of the graph takes from a score the number that is shown of it, to {max(errors):.0e}.
{made_in_words(results.values())}
"""
    ]


def _cold_items(results: Mapping[str, Result]) -> str:
    columns = {
        "cold among cold": "cold recall@20, cold candidates",
        "cold among all": "cold recall@20, all candidates",
        "known among all": "known recall@20, all candidates",
        "known lost": "known recall@20 loss",
    }
    rows, equal = [], []
    for name, result in results.items():
        for system, row in result["rows"].items():
            figures = [f"{row[metric]:.3f}" for metric in list(columns.values())[:3]]
            rows.append([NAMES[name], system, *figures, f"{100 * row['known recall@20 loss']:.1f} %"])
        for system, row in result["equal_loss"]["rows"].items():
            other = system.removeprefix("kgrec at the loss of ")
            for title, of in ((system, row), (other, result["rows"][other])):
                equal.append(
                    [
                        NAMES[name],
                        title,
                        f"{of['cold recall@20, all candidates']:.3f}",
                        f"{100 * of['known recall@20 loss']:.1f} %",
                        f"{of['cold ndcg@10, all candidates']:.3f}",
                        f"{100 * of['known ndcg@10 loss']:.1f} %",
                    ]
                )
    return f"""\
## Cold items

A random tenth of the items is hidden from training, three times, and then looked for by those who took it. Recall@20 of
the cold items, ranked among themselves and among the whole catalogue, and of known items beside them, with the share of
it that is lost by having cold items in the lists. `fact-knn` and `text-knn` are neighbours by facts and by texts, tuned
in the same run.

{table(["set", "system", *columns], rows)}
kgrec gives cold items the places that cost the known ones at most 2 %. Neighbours by content do not tell cold items
from known ones, and find far less of the known.

Whoever gives cold items more room finds more of them. So here the cold items of kgrec are moved, in hindsight, until
the known lose the same share of recall@20 as with each of the neighbours; whole catalogue:

{table(["set", "system", "cold recall@20", "known recall@20 lost", "cold ndcg@10", "known ndcg@10 lost"], equal)}
{made_in_words(results.values())}
"""


def _clicks(results: Mapping[str, Result]) -> str:
    systems = ("kgrec", "popularity", "itemknn", "ease")
    rows = []
    for name, result in results.items():
        figures = [f"{result['rows'][one]['auc']:.3f} ± {result['spread'][one]['auc']:.3f}" for one in systems]
        published = ", ".join(f"{one.system} {one.values['auc']:.3f}" for one in FIGURES[name])
        rows.append([_CLICKS[name], *figures, published])
    return f"""\
## Labelled clicks

Where ratings are labels, 1 for a click and 0 for none, systems are measured by whether they tell one from the other:
AUC, F1, log loss and calibration error, over five seeded cuts. All learn from the clicks of train alone, with settings
of best AUC on validation, and so did those whose published figures stand beside them. AUC:

{table(["set", *(_SYSTEM.get(name, name) for name in systems), "published"], rows)}
{made_in_words(results.values())}
"""


def _facts(results: Mapping[str, Result]) -> str:
    rows = []
    for name, result in results.items():
        for row, title in _FACTS.items():
            figures = [f"{result['rows'][row][metric]:.3f}" for metric in ("mrr", "hits@10")]
            rows.append([NAMES[name], title, *figures])
    return f"""\
## Held-out facts

A tenth of the graph's facts is looked for among all nodes: filtered MRR and Hits@10 of a head over kgrec's embeddings,
of the same head without them, and of PyKEEN's models of the same width, each with three settings to choose from.

{table(["set", "system", "MRR", "Hits@10"], rows)}
{made_in_words(results.values())}
"""


def _recbole(alone: Result, races: Mapping[str, Result]) -> str:
    last_fm = {**races["lastfm_lightkg"]["rows"], "kgrec": alone["rows_train_only"]["kgrec_train_only"]}
    order = sorted(last_fm, key=lambda system: -last_fm[system]["recall@10"])
    rows = [[system, *(f"{last_fm[system][metric]:.3f}" for metric in ("recall@10", "mrr@10"))] for system in order]
    keys = ("KGAT", "kgrec, 1 hops", "kgrec, 0 hops")
    seconds = [[NAMES[name], *(f"{race['epoch_seconds'][key]:.3f}" for key in keys)] for name, race in races.items()]
    return f"""\
## RecBole's models

RecBole 1.2.0 on the same files, in an environment of its own (`benchmarks/recbole/race.py`): width 64, the better of
two learning rates, stopped by validation, learned from train alone and measured by kgrec's ranking; kgrec from train
alone beside it. Last.fm:

{table(["system", "recall@10", "mrr@10"], rows)}
Seconds of an epoch, KGAT with one layer:

{table(["set", "KGAT", "kgrec, one hop", "kgrec, no hop"], seconds)}
{made_in_words(races.values())}
"""


def _neo4j(measured: Result) -> str:
    stores = ("kglite", "neo4j")
    online, offline = measured["import"], measured["offline"]
    rows = [
        [
            "history, paths and confirmed edges of one explanation, p50 / p95 / p99 ms",
            *(" / ".join(str(measured["paths"][store][f"p{q}"]) for q in (50, 95, 99)) for store in stores),
        ],
        ["everything read for training, s", *(str(measured["export"][store]["seconds"]) for store in stores)],
        ["paths from a node with 100,000 facts, s", *(str(measured["hub"][store]["from"]["s"]) for store in stores)],
    ]
    return f"""\
## On Neo4j

MovieLens 1M with its graph, {online["rows"]:,} rows, by `python -m kgrec_benchmarks.neo4j_speed`:

{table(["", "embedded", "Neo4j 5.26"], rows)}
Import over the driver: {online["rows_per_s"]["kgrec"]:,} rows/s, {online["ratio_kgrec_to_bare"]} of what a bare driver
loop does with the same batches. Through files for Neo4j's offline import: {offline["import_rows_per_s"]:,} rows/s.

{made_in_words([measured])}
"""


_AGAIN = """\
## Measure again

`make bench` measures MovieLens 100k, Last.fm and DBbook, three seeds each. Where the sets are not on the machine it
says so, and measures a MovieLens 100k that it fetches. For any other set:

```console
$ kgrec benchmark FOLDER --seeds 3 --out FILE.json
$ kgrec benchmark FOLDER --models all --seeds 3 --ablations all --out FILE.json
$ kgrec benchmark FOLDER --protocol cold-items --out FILE.json
$ kgrec benchmark FOLDER --protocol split-cut --out FILE.json
$ kgrec benchmark FOLDER --protocol explanations --seeds 3 --out FILE.json
$ kgrec benchmark FOLDER --protocol platforms --out FILE.json
```

`--models all` (extra `bench`) adds SLIM, iALS, BPR, LightGCN, a KGAT-like GNN and, where times are known, SASRec and
GRU4Rec with a sampled softmax. `--ablations` takes kgrec apart: its channels and, of `graph` (true, shuffled and no
facts), `text`, `depth`, `loss`, `kg_weight` and `text_weight`, those that are named, or `all`.
`--protocol split-cut` looks for what each user took last in train from what they had done before, for sets that leave
in train what came after the test; `--protocol platforms` sets kgrec learned from all platforms beside kgrec learned
from one, on the lists of each; `cold-users` and `facts` are further protocols, and sets with labelled clicks are
measured as such by themselves. The result has means and spread over seeds, 95 % bootstrap intervals over users, a
paired interval of kgrec minus the best baseline, the cost of each system, its commit and date and, where times are
known, groups of users by the time from history to test. A page and
plots are written beside it, and a run that was stopped goes on where it was.
"""


def main() -> None:
    """Write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--results", type=Path, default=RESULTS, help="folder of the result files")
    arguments.add_argument("--out", type=Path, default=PAGE, help="where the page is written")
    given = arguments.parse_args()
    given.out.write_text(results_page(given.results), encoding="utf-8")


if __name__ == "__main__":
    main()
