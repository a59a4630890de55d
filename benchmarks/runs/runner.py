"""The measuring of several systems on the same splits, with several seeds: rows, spread, intervals and cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kgrec.bundle.package_versions import package_versions
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.splits import Split
from kgrec.errors import ConfigError, require_extra
from kgrec.evaluation.baseline_tuning import Budget, tune_baseline
from kgrec.evaluation.compared_system import System
from kgrec.evaluation.comparison import features_of
from kgrec.evaluation.task import Task
from kgrec.metrics.rankers import ModelRanker, Ranker
from kgrec.metrics.ranking import Measured
from kgrec.progress import Progress
from kgrec_benchmarks.runs.cost import Watch
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_split
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.runs.summary import TRAIN_FIT, TRAIN_ONLY
from kgrec_benchmarks.systems.registry import OURS, system_named

if TYPE_CHECKING:
    from kgrec.learn.fit_result import FitResult

_OURS = 10.0
"""How long measuring kgrec takes, in times of another system, more or less."""


def seeds_from(config: TrainConfig, n: int) -> list[int]:
    """The seeds of ``n`` runs, from that of the settings on.

    Raises:
        ConfigError: no run.
    """
    if n < 1:
        raise ConfigError(
            "that many runs cannot be.", where="seeds", found=str(n), expected="at least 1", next="give 1 or more"
        )
    return [config.seed + number for number in range(n)]


@dataclass(frozen=True)
class Plan:
    """What is measured, and how.

    Attributes:
        dataset: graph and all interactions.
        split_of: the split of a seed.
        own_valid: whether the validation part is the authors': then every system also has a row that is learned
            without it, and one that does not know it at all.
        config: settings of ours; its seed is the first.
        models: names of systems, see :mod:`kgrec_benchmarks.systems.registry`.
        seeds: number of runs, with the seeds ``config.seed``, ``config.seed + 1`` and so on.
        budget: see :class:`Budget`.
    """

    dataset: Dataset
    split_of: Callable[[int], Split]
    own_valid: bool
    config: TrainConfig
    models: tuple[str, ...]
    seeds: int
    budget: Budget


@dataclass(frozen=True)
class Runs:
    """Outcomes of every system, one per seed; the same one again where neither the seed nor the split matters."""

    plan: Plan
    splits: list[Split]
    outcomes: dict[str, list[Outcome]]


def run(plan: Plan, kept: RunCache, progress: Progress) -> Runs:
    """Outcomes of every system, tuned, fitted and tested once for every seed.

    Raises:
        KgrecError: the split holds nothing to test on, or too little to learn from.
        MissingExtraError: a system needs a package that is not installed.
    """
    systems = {name: system_named(name) for name in plan.models if name != OURS}
    for name, system in systems.items():
        if system.package:
            require_extra("bench", system.package, where=f"model {name}", instead="leave it out")
    splits = [plan.split_of(plan.config.seed + number) for number in range(plan.seeds)]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in plan.models}
    shares = iter(progress.parts(*[_OURS if name == OURS else 1.0 for name in plan.models] * plan.seeds))
    for number, split in enumerate(splits):
        seed = plan.config.seed + number
        which = fingerprint_of_split(split)
        task = Task.of(plan.dataset, split)
        for name in plan.models:
            share = next(shares).named(name if plan.seeds == 1 else f"{name}, {seed}")
            share(f"seed {seed}", 0)
            depends_on = (plan.config.model_dump(exclude={"seed"}), plan.budget, plan.own_valid)
            if name == OURS:
                config = plan.config.model_copy(update={"seed": seed})
                key = f"{name} {which} seed {seed}"
                make = partial(measure_ours, plan.dataset, split, task, config, plan.own_valid, share)
                outcomes[name].append(kept.get(key, make, depends_on))
            else:
                system = systems[name]
                key = f"{name} {which}" + (f" seed {seed}" if "seed" in system.reads else "")
                make = partial(measure_baseline, name, system, task, seed, plan.own_valid, plan.budget, share)
                packages = package_versions({system.package} - {""})
                outcomes[name].append(kept.get(key, make, (depends_on, packages)))
    return Runs(plan, splits, outcomes)


def measure_baseline(
    name: str, system: System, task: Task, seed: int, own_valid: bool, budget: Budget, progress: Progress
) -> Outcome:
    """The outcome of a baseline that is tuned on validation and tested once a row, as :class:`Plan` says."""
    n_items = len(task.columns)
    if system.most_items is not None and n_items > system.most_items:
        return Outcome(refused=f"{n_items:,} items; beyond {system.most_items:,} it would run for hours")
    if system.needs_times and not task.known.has_time:
        return Outcome(refused="it learns from the order of events, and not all times are known")
    readable = {"seed": seed, "facts": task.facts, "n_nodes": task.n_nodes}
    reads = {name: readable[name] for name in system.reads}
    watch = Watch()
    progress("settings", 0)
    with watch.stage("tuning_s"):
        tuned = tune_baseline(system, task.validation, budget, **reads)
    with watch.stage("fit_s"):
        fitted = system.fit(task.known, task.n_users, n_items, **reads, **tuned.setting)
    progress("lists", 0)
    measured: dict[str, Measured] = {}
    with watch.stage("ranking_s"):
        measured[name] = task.measure(task.over_catalogue(fitted))
    measured |= _by_meeting(name, task, task.over_catalogue(fitted))
    if own_valid and system.user_is_history:
        measured[name + TRAIN_FIT] = task.measure(task.over_catalogue(tuned.fitted.with_history(task.known)))
    if own_valid:
        measured[name + TRAIN_ONLY] = task.measure(task.over_catalogue(tuned.fitted))
    cost = cost_of(watch, tried=tuned.tried, capped=tuned.capped)
    validation = {} if np.isnan(tuned.quality) else {"ndcg@10": tuned.quality}
    return Outcome.of(measured, task.n_users, settings=tuned.setting, cost=cost, validation=validation)


def measure_ours(
    dataset: Dataset, split: Split, task: Task, config: TrainConfig, own_valid: bool, progress: Progress
) -> Outcome:
    """The outcome of kgrec, chosen on validation and learned again from train and validation; tested once a row."""
    watch = Watch()
    learning, testing = progress.parts(20, 1)
    learned = learn(dataset, split, config, watch, learning)
    rankers = rankers_of(learned, split, task.n_users)
    measured: dict[str, Measured] = {}
    testing("lists", 0)
    with watch.stage("ranking_s"):
        measured[OURS] = task.measure(rankers[0], features_of(learned.model))
    measured |= _by_meeting(OURS, task, rankers[0])
    if own_valid:
        for ending, ranker in zip((TRAIN_FIT, TRAIN_ONLY), rankers[1:], strict=True):
            measured[OURS + ending] = task.measure(ranker, features_of(ranker.model))
    settings = {**config.model_dump(), **learned.chosen.as_dict()}
    cost = cost_of(watch, tried=learned.trials, capped=False)
    validation = learned.metrics | learned.reasons
    return Outcome.of(measured, task.n_users, settings=settings, cost=cost, validation=validation)


def _by_meeting(name: str, task: Task, ranker: Ranker) -> dict[str, Measured]:
    """The rows of a system for what its users had met before, and for what they never had."""
    return {f"{name}_{group}": measured for group, measured in task.measure_by_meeting(ranker).items()}


def learn(dataset: Dataset, split: Split, config: TrainConfig, watch: Watch, progress: Progress) -> FitResult:
    """kgrec's model, chosen on validation and refitted on train and validation, the two timed apart."""
    from kgrec.learn.fit import fit, refit

    choosing, learning = progress.parts(3, 1)
    with watch.stage("tuning_s"):
        chosen = fit(
            dataset.with_interactions(split.train), config, valid=split.valid, refit_on_all=False, progress=choosing
        )
    with watch.stage("fit_s"):
        known = dataset.with_interactions(split.known)
        return refit(known, chosen, config, progress=learning)


def rankers_of(learned: FitResult, split: Split, n_users: int) -> tuple[ModelRanker, ModelRanker, ModelRanker]:
    """The refitted model over all known histories, and the one of train over these and over those of train alone.

    All rank in the context of each user's first test event, as a service does: the pause since the last event is known
    then.
    """
    assert learned.train_only is not None  # refitting leaves it
    known = split.known
    asked = split.test.first_contexts(n_users)
    return (
        ModelRanker.over(learned.model, known, n_users, asked),
        ModelRanker.over(learned.train_only, known, n_users, asked),
        ModelRanker.over(learned.train_only, split.train, n_users, asked),
    )


def cost_of(watch: Watch, tried: int, capped: bool) -> dict[str, float]:
    """The cost of a system as the result shows it."""
    return {
        **{stage: watch.seconds.get(stage, 0.0) for stage in ("tuning_s", "fit_s", "ranking_s")},
        "tried": tried,
        "capped": capped,
        "peak_memory_mb": watch.peak_mb,
        "memory_growth_mb": watch.growth_mb,
    }
