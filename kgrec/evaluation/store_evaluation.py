"""A store's own interactions, split and measured: kgrec beside three baselines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.funnel import kinds_named, of_kinds, with_meetings
from kgrec.data.splits import Split, k_fold, leave_one_out, random_split, time_split_per_user
from kgrec.errors import ConfigError, KgrecError
from kgrec.evaluation.comparison import Rows, compare_with_baselines
from kgrec.graph import GraphStore, opened
from kgrec.graph.dataset_reader import read_dataset
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress, silent

if TYPE_CHECKING:
    from kgrec.learn.fit_result import FitResult

SPLITS = ("time", "random", "leave-one-out", "k-fold")


def evaluate_store(
    store: GraphStore | str,
    config: TrainConfig | None = None,
    *,
    split: str = "time",
    test: float = 0.2,
    folds: int = 5,
    executor: str | None = "here",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Ranking metrics of kgrec, popularity, item-kNN and EASE on one split of a store's interactions.

    Every system chooses its settings on validation, is fitted on train and validation, and is tested once.

    Args:
        split: ``time`` and ``random`` cut off a share of each user's items, ``leave-one-out`` the last one, ``k-fold``
            deals them out and gives the mean over the folds.
        test: the share that is cut off.
        folds: number of parts of ``k-fold``.
        executor: what runs trainings and baselines and ranks, as for :func:`kgrec.pipeline.train`.

    Returns:
        ``rows`` and, where there are items that nobody took, ``rows_whole_catalogue``: system -> metric -> value;
        ``settings``; ``timings_s``; ``split``; ``persons``, where some have several accounts.

    Raises:
        ConfigError: there is no such split, or no such executor.
        ExecutorError: the executor cannot be reached.
        GraphError: the store is empty.
        KgrecError: the split holds nothing to test on, or too little to learn from.
    """
    config = config or TrainConfig()
    reading, measuring = progress.parts(1, 10)
    with opened(store) as graph:
        reading.named("Read")("the graph", 0)
        dataset = read_dataset(graph, every_fact=True)
    everything = dataset.interactions
    kinds = kinds_named(config.predict, everything)
    splits = list(_splits(of_kinds(everything, kinds) if kinds else everything, split, test, folds, config.seed))
    if kinds:
        splits = [with_meetings(each, everything, kinds) for each in splits]
    shares = measuring.parts(*[1] * len(splits))
    if len(splits) > 1:
        shares = [share.named(f"Fold {number}") for number, share in enumerate(shares, start=1)]
    from kgrec.learn.fit import executor_for

    with executor_for(dataset, config, executor) as engine:
        runs = [
            evaluate_split(dataset, part, config, share, engine) for part, share in zip(splits, shares, strict=True)
        ]
    first = runs[0]
    result: dict[str, Any] = {
        "rows": _mean_rows([run.rows for run in runs]),
        "settings": first.settings,
        "timings_s": {name: sum(run.timings[name] for run in runs) for name in first.timings},
        "split": {"kind": split, "test": test, "folds": len(runs), "parts": repr(first.split)},
    }
    if dataset.persons:
        result["persons"] = dataset.persons.as_dict()
    if first.whole is not None:
        result["rows_whole_catalogue"] = _mean_rows([run.whole or {} for run in runs])
    return result


@dataclass(frozen=True)
class SplitEvaluation:
    """Our model and the baselines on one split.

    Attributes:
        rows, whole, settings, timings: see :class:`kgrec.evaluation.comparison.Comparison`; ours beside the baselines.
        learned: our model, and how it came about.
    """

    rows: Rows
    whole: Rows | None
    settings: dict[str, Any]
    timings: dict[str, float]
    split: Split
    learned: FitResult


def evaluate_split(
    dataset: Dataset,
    split: Split,
    config: TrainConfig,
    progress: Progress = silent,
    executor: Executor = here,
    checkpoint: Path | None = None,
) -> SplitEvaluation:
    """Metrics of kgrec and the baselines, fitted on a split and tested once each.

    Args:
        dataset: of its facts those count that hold when the test begins.
        executor: runs trainings and baselines, and ranks.
        checkpoint: folder for resuming these.

    Raises:
        KgrecError: the split holds nothing to test on, or too little to learn from.
    """
    from kgrec.learn.fit import fit

    if len(split.test) == 0:
        raise KgrecError(
            "there is nothing to measure.",
            found="an empty test set",
            expected="at least one user with a test item",
            next="check the split",
        )
    dataset = dataset.as_of(split.cut_off).with_interactions(dataset.interactions, split.test)
    started = time.perf_counter()
    learning, measuring = progress.parts(10, 1)
    train = dataset.with_interactions(split.train)
    learned = fit(train, config, valid=split.valid, checkpoint=checkpoint, progress=learning, executor=executor)
    timings = {"kgrec": time.perf_counter() - started}
    table = compare_with_baselines(dataset, split, learned.model, measuring, executor)
    settings = {"kgrec": {**config.model_dump(), **learned.chosen.as_dict()}, **table.settings}
    return SplitEvaluation(table.rows, table.whole, settings, timings | table.timings, split, learned)


def _splits(interactions: Interactions, kind: str, test: float, folds: int, seed: int) -> Iterator[Split]:
    """The split of a kind, or one for each fold."""
    if kind == "time":
        yield time_split_per_user(interactions, test=test, seed=seed)
    elif kind == "random":
        yield random_split(interactions, test=test, seed=seed)
    elif kind == "leave-one-out":
        yield leave_one_out(interactions, seed=seed)
    elif kind == "k-fold":
        yield from k_fold(interactions, folds=folds, seed=seed)
    else:
        raise ConfigError(
            "there is no such split.", where="split", found=kind, expected=", ".join(SPLITS), next="choose one of them"
        )


def _mean_rows(rows: Sequence[Mapping[str, Mapping[str, float]]]) -> Rows:
    """System to metric to its mean over folds."""
    return {
        system: {metric: float(np.mean([row[system][metric] for row in rows])) for metric in rows[0][system]}
        for system in rows[0]
    }
