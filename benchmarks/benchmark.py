"""`kgrec benchmark FOLDER`: a published data set, measured by one of the protocols."""

from __future__ import annotations

import platform
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from kgrec.bundle.package_versions import package_versions
from kgrec.config import TrainConfig
from kgrec.errors import ConfigError
from kgrec.evaluation.baseline_tuning import Budget
from kgrec.learn.processors import usable_processors
from kgrec.progress import Progress, silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.ablation_groups import named_groups
from kgrec_benchmarks.protocols.explanations import Explanations
from kgrec_benchmarks.protocols.protocol_registry import PROTOCOLS, protocol_for
from kgrec_benchmarks.protocols.split import PublishedSplit
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_arrays, fingerprint_of_data
from kgrec_benchmarks.runs.provenance import Provenance
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.systems.registry import named


def measure_folder(
    folder: str,
    config: TrainConfig | None = None,
    *,
    models: str | tuple[str, ...] | None = None,
    seeds: int = 1,
    ablations: str | tuple[str, ...] | None = None,
    protocol: str | None = None,
    budget: Budget | None = None,
    keep: str | Path | None = None,
    progress: Progress = silent,
) -> Result:
    """What a protocol measures on the data set of a folder, with versions, machine, seconds and memory.

    Args:
        config: settings of kgrec; its seed is the first.
        models, seeds, ablations, budget: options of :class:`~kgrec_benchmarks.protocols.split.PublishedSplit`; the
            protocol ``explanations`` has seeds too, others have systems and seeds of their own.
        protocol: one of :data:`~kgrec_benchmarks.protocols.protocol_registry.PROTOCOLS`; None takes ``clicks`` where
            ratings are click labels, else ``split``.
        keep: folder for finished outcomes, so that a run that was stopped goes on where it is given again. Only what
            was made from the same data with the same settings and versions is taken from it; the caller removes it.

    Raises:
        SourceError: the folder has no such tables, or the parts of its split share pairs.
        ConfigError: there is no such protocol, system or group of ablations, fewer than one seed, or options that the
            protocol has not.
        MissingExtraError: a system needs a package that is not installed.
    """
    started = time.perf_counter()
    config = config or TrainConfig()
    names, groups = named(models), named_groups(ablations)
    reading, measuring = progress.parts(1, 50)
    reading.named("Read")(folder, 0)
    dataset = PublishedSet.read(folder)
    read = time.perf_counter() - started
    name = protocol_for(protocol, dataset.labels is not None)
    chosen = PROTOCOLS[name].load()
    if isinstance(chosen, PublishedSplit):
        chosen = replace(chosen, models=names, seeds=seeds, ablations=groups, budget=budget or Budget())
    elif isinstance(chosen, Explanations) and models is None and not groups and budget is None:
        chosen = replace(chosen, seeds=seeds)
    elif models is not None or seeds != 1 or groups or budget is not None:
        raise ConfigError(
            f"the protocol {name} has systems and seeds of its own.",
            where=folder,
            found="models, seeds, ablations or a budget",
            expected="none of them",
            next="leave them out",
        )
    kept = RunCache(None if keep is None else Path(keep), _fingerprint(name, dataset))
    result = chosen.run(dataset, config, kept, measuring)
    made = Provenance.now()
    return replace(
        result,
        set=dataset.name,
        protocol=name,
        resumed=kept.resumed,
        timings_s={"reading": read, **result.timings_s, "whole": time.perf_counter() - started},
        peak_memory_mb=_peak_memory_mb(),
        versions=package_versions(chosen.packages()),
        machine={"system": platform.platform(), "cores": usable_processors(), "python": platform.python_version()},
        commit=made.commit,
        date=made.date,
    )


def _fingerprint(protocol: str, dataset: PublishedSet) -> str:
    """A text that changes with the protocol, the data and the versions of what kgrec runs on."""
    labels = [] if dataset.labels is None else [fingerprint_of_arrays(dataset.labels.values())]
    return f"{protocol} {fingerprint_of_data(dataset.dataset)} {labels} {package_versions()}"


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
