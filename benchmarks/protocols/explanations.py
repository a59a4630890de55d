"""Explanations: what carries the scores of kgrec's top lists, over which paths, and what these cost in accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.splits import Split, pairs_with, pairs_without
from kgrec.evaluation.explanation_measures import DELETED, explanation_measures
from kgrec.evaluation.task import Task
from kgrec.learn.fusion.cold_item_offset import refit_offset
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.processors import threads_limited_to
from kgrec.metrics.path_quality import LIST_LENGTH
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import mean_metrics, rank_users
from kgrec.progress import Progress, silent
from kgrec.scoring.gates import Gates
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of, split_of
from kgrec_benchmarks.runs.cost import Watch
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_split
from kgrec_benchmarks.runs.mean_over_runs import mean_and_spread
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.runs.runner import learn, rankers_of, seeds_from

if TYPE_CHECKING:
    from kgrec.learn.fit_result import FitResult

OURS, ACCURACY_ONLY = "kgrec", "kgrec, accuracy only"
MEASURES = (
    "path_share",
    "fact_share",
    "coverage_10",
    "best_3_entities",
    "best_3_past_items",
    "lir",
    "sep",
    "sep_of_all",
    "etd",
    "fidelity",
    "deletion_error",
)
_MEASURES = "explanations"


@dataclass(frozen=True)
class Explanations:
    """Path share, coverage, concentration, LIR, SEP, ETD, fidelity and deletion error of top-10 lists.

    kgrec chooses its settings on validation and is learned again from train and validation, as in the protocol
    ``split``; the lists are those of test users. Beside their accuracy stands that of the same channels with gates that
    go by accuracy alone (``reason_cost`` 0).

    Attributes:
        seeds: number of runs, with seeds ``config.seed``, ``config.seed + 1`` and so on.
        users: as many of the test users are measured, drawn at random; accuracy is that of all.
    """

    seeds: int = 1
    users: int = 1_000

    def packages(self) -> set[str]:
        """No package but kgrec's own makes a difference."""
        return set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows of the two models, and the measures as means over the seeds.

        Raises:
            ConfigError: fewer than one seed.
            KgrecError: the split holds nothing to test on, or too little to learn from.
        """
        seeds = seeds_from(config, self.seeds)
        data = dataset.dataset
        splits = [split_of(dataset.parts, seed) for seed in seeds]
        runs = []
        for seed, split, share in zip(seeds, splits, progress.parts(*[1] * self.seeds), strict=True):
            of_seed = config.model_copy(update={"seed": seed})
            make = partial(_measure, data, split, of_seed, self.users, share.named(f"seed {seed}"))
            runs.append(kept.get(f"{OURS} {fingerprint_of_split(split)} seed {seed}", make, (of_seed, self.users)))
        rows, spread = mean_and_spread([{name: run.rows[name] for name in (OURS, ACCURACY_ONLY)} for run in runs])
        first = splits[0]
        return Result(
            rows,
            settings={OURS: runs[0].settings},
            data=sizes_of(data, train=len(first.train), valid=len(first.valid), test=len(first.test)),
            seed=config.seed,
            seeds=seeds,
            spread=spread if self.seeds > 1 else None,
            per_seed=[
                {"seed": seed, "rows": run.rows, "settings": run.settings}
                for seed, run in zip(seeds, runs, strict=True)
            ],
            explanations=_means(runs),
            explanation_notes=_notes(runs, data, first),
            validation=runs[0].validation,
            timings_s={stage: sum(run.cost[stage] for run in runs) for stage in runs[0].cost},
        )


def _measure(dataset: Dataset, split: Split, config: TrainConfig, most: int, progress: Progress) -> Outcome:
    """One run: rows of both models, and a row of the measures."""
    task, watch = Task.of(dataset, split), Watch()
    learning, measuring = progress.parts(10, 1)
    learned = learn(dataset, split, config, watch, learning)
    ours = rankers_of(learned, split, task.n_users)[0]
    measuring("accuracy", 0)
    with watch.stage("accuracy_only_s"), threads_limited_to(config.num_threads):
        gates = _accuracy_only(dataset, split, learned, config)
    accurate = ModelRanker(replace(ours.model, gates=gates), ours.histories)
    rows = {
        name: mean_metrics(ranker, task.seen, task.test) for name, ranker in ((OURS, ours), (ACCURACY_ONLY, accurate))
    }
    users = np.flatnonzero(np.diff(task.test.indptr)).astype(np.int64)
    if len(users) > most:
        users = np.sort(np.random.default_rng(config.seed).choice(users, most, replace=False))
    measuring("lists", 0)
    with watch.stage("explaining_s"):
        lists = rank_users(ours, task.seen, users, LIST_LENGTH)
        known = dataset.with_interactions(split.known).behaviour
        asked = split.test.first_contexts(task.n_users)
        measures = explanation_measures(ours.model, known, users, lists, dataset.facts, asked)
    rows[_MEASURES] = measures | {"users": float(len(users))}
    settings = {**config.model_dump(), **learned.chosen.as_dict()}
    return Outcome(rows, settings=settings, cost=watch.seconds, validation={**learned.metrics, **learned.reasons})


def _accuracy_only(dataset: Dataset, split: Split, learned: FitResult, config: TrainConfig) -> Gates:
    """The gates that validation chooses for the same channels where reasons may cost nothing.

    Gates of cold items stay, with an offset that costs known items what it may cost them.
    """
    model = learned.train_only
    assert model is not None  # refitting leaves it
    if not learned.reasons or not config.reason_cost:
        return learned.chosen.gates
    n_users, train = len(dataset.users), dataset.with_interactions(split.train, split.valid).behaviour
    half_lives = () if model.trend is None else (model.trend.half_life,)
    of_known = GateFitter(model, train, split.valid, n_users, config.seed, silent, half_lives=half_lives).fit()[0]
    gates = Gates(of_known.by_history, learned.chosen.gates.cold)
    valid = pairs_without(*(part.matrix(n_users, model.n_items) for part in (split.valid, train)))
    known = pairs_with(valid, ~model.is_cold)
    at = split.valid.first_times(n_users)
    return refit_offset(replace(model, gates=gates), train, known, config.cold_item_cost, config.seed, at)


def _means(runs: Sequence[Outcome]) -> dict[str, float | None]:
    """Each measure and the accuracy beside it; the deletion error is the largest of all runs."""
    found: dict[str, float | None] = {}
    for name in MEASURES:
        values = [run.rows[_MEASURES][name] for run in runs if name in run.rows[_MEASURES]]
        found[name] = (max(values) if name == "deletion_error" else float(np.mean(values))) if values else None
    for name, row in (("ndcg@10", OURS), ("ndcg@10_accuracy_only", ACCURACY_ONLY)):
        found[name] = float(np.mean([run.rows[row]["ndcg@10"] for run in runs]))
    return found


def _notes(runs: Sequence[Outcome], dataset: Dataset, split: Split) -> list[str]:
    """What was measured on how much, and why something was not."""
    users = int(runs[0].rows[_MEASURES]["users"])
    notes = [
        f"Measured on the top-{LIST_LENGTH} lists of {users:,} test users; ndcg@10 is that of all. "
        "Paths over facts and over texts count in path_share, those over facts alone in fact_share and fidelity. "
        f"The deletion error is the largest of up to {DELETED} facts, each taken out of the graph by itself.",
    ]
    if not len(dataset.facts):
        notes.append("The set has no facts, so there are no paths.")
    elif any("sep" not in run.rows[_MEASURES] for run in runs):
        notes.append("No listed item has a path in some run: its gate is closed.")
    if not split.known.has_time:
        notes.append("LIR is not measured: the times of the interactions are not known.")
    return notes
