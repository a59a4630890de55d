"""`kgrec benchmark FOLDER`: a published data set on its own split; settings by validation, the test read once."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kgrec.bundle.package_versions import package_versions
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, IntArray, Interactions
from kgrec.errors import ConfigError, SourceError
from kgrec.evaluation.baseline_tuning import Budget
from kgrec.progress import Progress, silent
from kgrec_benchmarks.folder_dataset import split_of, to_dataset
from kgrec_benchmarks.protocols.ablations import ablations as take_apart
from kgrec_benchmarks.protocols.clicks import Pairs
from kgrec_benchmarks.runs.outcome import RunCache, fingerprint_of_arrays, fingerprint_of_data
from kgrec_benchmarks.runs.runner import Plan, run
from kgrec_benchmarks.runs.summary import grouped, summarised
from kgrec_benchmarks.runs.time_gap_groups import gap_groups
from kgrec_benchmarks.systems.registry import OURS, SYSTEMS, named
from kgrec_loaders.benchmark_folder import BenchmarkFolder

PROTOCOLS = ("split", "cold-items", "cold-users", "facts")


def measure_folder(
    folder: str,
    config: TrainConfig | None = None,
    *,
    models: str | tuple[str, ...] | None = None,
    seeds: int = 1,
    ablations: bool = False,
    protocol: str = "split",
    budget: Budget | None = None,
    keep: str | Path | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure kgrec and baselines on a benchmark folder, all in the same way.

    Every item is a candidate unless the user has taken it. A folder without a validation set has a tenth of train held
    out for it (the latest of each user where times are known); one without a split is cut at random into 6:2:2. Every
    system chooses its settings on validation and is fitted again on train and validation, which are its history at the
    test. Where the validation part is the authors', a second row of each system, ``NAME_train_only``, is of the model
    and the history of train alone, as many published tables are made; train and validation are hidden in both.

    Args:
        models: see :func:`~kgrec_benchmarks.systems.registry.named`. Click labels are measured with systems of
            their own.
        seeds: number of runs, with seeds ``config.seed``, ``config.seed + 1``, ...; a system that uses no seed is run
            again only where the seed changes the split, see ``measured_once``.
        ablations: also take ours apart, see :func:`kgrec_benchmarks.protocols.ablations.ablations`; ten more trainings,
            with the first seed.
        protocol: ``split`` is what stands above. ``cold-items`` and ``cold-users`` hide a tenth of the items or the
            users in three folds, see :mod:`kgrec_benchmarks.protocols.cold_benchmark`; ``facts`` holds out a tenth of
            the facts, see :mod:`kgrec_benchmarks.protocols.fact_benchmark`. These learn from the whole folder's
            behaviour, with systems of their own.
        budget: what each system may try on validation.
        keep: folder for finished systems, seeds and folds, so that a run that was stopped goes on where it is given
            again. Only what was made from the same data with the same settings and versions is found there; the caller
            removes it.

    Returns:
        ``set, rows, timings_s, peak_memory_mb`` (of the whole process)``, settings, seed, versions, machine,
        validation, data``, and for lists

        - ``rows_train_only``: see above; ``rows`` and this hold means over the seeds;
        - ``spread``: standard deviations over the seeds of what was measured more than once; ``per_seed``: every run;
        - ``intervals``: 95 % bootstrap intervals over users, ``against_best``: ours minus the baseline that is best in
          the test, paired by user, with its interval;
        - ``cost``: seconds to tune, fit and rank, settings tried, memory, see
          :class:`~kgrec_benchmarks.runs.cost.Watch`;
        - ``budget``, ``refused`` (system to reason), ``resumed`` (runs taken over from an earlier, stopped one);
        - ``ablations`` and ``ablation_notes``, where asked for;
        - ``groups``: rows and ``against_best`` by the time between history and test, where times are unix seconds.

    Raises:
        SourceError: the folder has no such tables, or the parts of its split share pairs.
        ConfigError: there is no such system, or fewer than one seed.
        MissingExtraError: a system needs a package that is not installed.
    """
    started = time.perf_counter()
    config = config or TrainConfig()
    if seeds < 1:
        raise ConfigError(
            "that many runs cannot be.", where="seeds", found=str(seeds), expected="at least 1", next="give 1 or more"
        )
    names = named(models)
    progress("reading", 0, None, folder)
    tables = BenchmarkFolder.read(folder)
    if overlap := tables.overlap():
        raise SourceError(
            "the parts of the split share pairs.",
            where=folder,
            found=f"{overlap} pairs",
            expected="none",
            next="keep each in one part only",
        )
    dataset, parts = to_dataset(tables)
    read = time.perf_counter() - started
    if protocol not in PROTOCOLS:
        raise ConfigError(
            "there is no such protocol.",
            where="protocol",
            found=protocol,
            expected=", ".join(PROTOCOLS),
            next="choose one of them",
        )
    if tables.labels or protocol != "split":
        if models is not None or seeds > 1 or ablations:
            raise ConfigError(
                "click labels, cold start and facts are measured with systems and seeds of their own.",
                where=folder,
                found="models, seeds or ablations beside "
                + ("ratings that are all 0 or 1" if tables.labels else f"the protocol {protocol}"),
                expected="none of them",
                next="leave them out",
            )
        kept = RunCache(None if keep is None else Path(keep), _fingerprint(protocol, dataset, tables, config))
        if protocol == "split":
            measured = _clicks(dataset, tables, parts, config, kept, progress)
        else:
            measured = _protocol(protocol, dataset, tables, config, kept, progress)
        measured["resumed"] = kept.resumed
    else:
        of_seed = partial(split_of, parts)
        plan = Plan(dataset, of_seed, "valid" in parts, config, names, seeds, budget or Budget())
        measured = _lists(plan, ablations, None if keep is None else Path(keep), progress)
    timings = {"reading": read, **measured.pop("timings_s", {}), "whole": time.perf_counter() - started}
    return {
        "set": tables.path.name,
        **measured,
        "timings_s": timings,
        "peak_memory_mb": _peak_memory_mb(),
        "seed": config.seed,
        "versions": package_versions(
            {SYSTEMS[name].package for name in names if name != OURS} - {""} | _further(protocol)
        ),
        "machine": {"system": platform.platform(), "cores": os.cpu_count() or 1, "python": platform.python_version()},
    }


def _lists(plan: Plan, with_ablations: bool, keep: Path | None, progress: Progress) -> dict[str, Any]:
    """Rank the catalogue for every user of the test set."""
    settings = (plan.config.model_dump(exclude={"seed"}), asdict(plan.budget), plan.own_valid, package_versions())
    finished = RunCache(keep, f"{fingerprint_of_data(plan.dataset)} {settings}")
    runs = run(plan, finished, progress)
    first = runs.splits[0]
    seeds = [plan.config.seed + number for number in range(plan.seeds)]
    result = summarised(runs.outcomes, seeds, OURS)
    groups = gap_groups(first, len(plan.dataset.users))
    timings = {}
    for name, cost in result["cost"].items():
        timings[name] = cost["tuning_s"] + cost["fit_s"]
        timings[f"ranking with {name}"] = cost["ranking_s"]
    if groups is not None:
        result["groups"] = grouped(runs.outcomes, groups, OURS)
    if with_ablations:
        table, notes = take_apart(plan.dataset, first, plan.config, finished, progress)
        result |= {"ablations": table, "ablation_notes": notes}
    ours = runs.outcomes.get(OURS)
    return {
        **result,
        "budget": asdict(plan.budget),
        "seeds": seeds,
        "resumed": finished.resumed,
        "validation": ours[0].validation if ours else {},
        "timings_s": timings,
        "data": _sizes(plan.dataset, train=len(first.train), valid=len(first.valid), test=len(first.test)),
    }


def _clicks(
    dataset: Dataset,
    tables: BenchmarkFolder,
    parts: dict[str, Interactions],
    config: TrainConfig,
    kept: RunCache,
    progress: Progress,
) -> dict[str, Any]:
    """Tell clicked pairs from others, after learning from the clicks of seeded 6:2:2 cuts."""
    from kgrec_benchmarks.protocols.click_benchmark import benchmark_clicks

    pairs = {
        name: Pairs(part.user, part.item, label)
        for (name, part), label in zip(parts.items(), _labels(tables), strict=True)
    }
    measured = benchmark_clicks(dataset, pairs, config, finished=kept, progress=progress)
    measured["spread"] = measured.pop("sd")
    return {**measured, "data": _sizes(dataset, **{name: len(part) for name, part in pairs.items()})}


def _protocol(
    name: str, dataset: Dataset, tables: BenchmarkFolder, config: TrainConfig, kept: RunCache, progress: Progress
) -> dict[str, Any]:
    """Cold start or facts, from all behaviour; of click labels the clicks."""
    from kgrec_benchmarks.protocols.cold_benchmark import benchmark_cold_items, benchmark_cold_users
    from kgrec_benchmarks.protocols.fact_benchmark import benchmark_facts

    if tables.labels:
        clicked = np.concatenate(_labels(tables)) == 1
        dataset = dataset.with_interactions(dataset.interactions.select(clicked))
    protocols: dict[str, Callable[..., dict[str, Any]]] = {
        "cold-items": benchmark_cold_items,
        "cold-users": benchmark_cold_users,
        "facts": benchmark_facts,
    }
    measured = protocols[name](dataset, config, finished=kept, progress=progress)
    if "sd" in measured:
        measured["spread"] = measured.pop("sd")
    if isinstance(measured.get("settings"), list):
        folds = enumerate(measured["settings"], start=1)
        measured["settings"] = {f"fold {n}, {name}": setting for n, each in folds for name, setting in each.items()}
    return {**measured, "protocol": name, "data": _sizes(dataset, interactions=len(dataset.interactions))}


def _labels(tables: BenchmarkFolder) -> list[IntArray]:
    """Click labels of each part."""
    return [np.asarray(table["label"].to_numpy(), np.int64) for table in tables.splits().values()]


def _fingerprint(protocol: str, dataset: Dataset, tables: BenchmarkFolder, config: TrainConfig) -> str:
    """Of what a protocol's outcomes depend on."""
    labels = [fingerprint_of_arrays(_labels(tables))] if tables.labels else []
    versions = package_versions(_further(protocol))
    return f"{protocol} {fingerprint_of_data(dataset)} {labels} {config.model_dump()} {versions}"


def _further(protocol: str) -> set[str]:
    """Packages whose version can change the result of a protocol."""
    return {"pykeen"} if protocol == "facts" and find_spec("pykeen") is not None else set()


def _sizes(dataset: Dataset, **parts: int) -> dict[str, int]:
    return {"users": len(dataset.users), "items": len(dataset.items), "facts": len(dataset.facts), **parts}


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
