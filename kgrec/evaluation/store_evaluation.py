"""A store's own behaviour, split and measured: kgrec beside three baselines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.splits import Split, k_fold, leave_one_out, random_split, time_split_per_user
from kgrec.errors import ConfigError, KgrecError
from kgrec.evaluation.comparison import Rows, compare
from kgrec.graph import GraphStore, opened
from kgrec.graph.dataset_reader import read_dataset
from kgrec.progress import Progress, silent

if TYPE_CHECKING:
    from kgrec.learn.learner import Learned

SPLITS = ("time", "random", "leave-one-out", "k-fold")


def evaluate_store(
    store: GraphStore | str,
    config: TrainConfig | None = None,
    *,
    split: str = "time",
    test: float = 0.2,
    folds: int = 5,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure kgrec beside popularity, item-kNN and EASE on one split of a store's behaviour.

    Every system chooses its settings on validation, is fitted on train and validation, and is tested once.

    Args:
        split: ``time`` and ``random`` cut off a share of each user's items, ``leave-one-out`` the last one, ``k-fold``
            deals them out and gives the mean over the folds.

    Returns:
        ``rows`` and, where there are new items, ``rows_whole_catalogue``: system -> metric -> value; ``settings``;
        ``timings_s``.

    Raises:
        ConfigError: there is no such split.
        GraphError: the store is empty.
        KgrecError: the split holds nothing to test on, or too little to learn from.
    """
    config = config or TrainConfig()
    with opened(store) as graph:
        dataset = read_dataset(graph)
    parts = _splits(dataset.interactions, split, test, folds, config.seed)
    found = [compare_on(dataset, part, config, progress) for part in parts]
    result: dict[str, Any] = {
        "rows": _mean_rows([one.rows for one in found]),
        "settings": found[0].settings,
        "timings_s": {name: sum(one.timings[name] for one in found) for name in found[0].timings},
        "split": {"kind": split, "test": test, "folds": len(found), "parts": repr(found[0].split)},
    }
    if found[0].whole is not None:
        result["rows_whole_catalogue"] = _mean_rows([one.whole or {} for one in found])
    return result


@dataclass(frozen=True)
class Compared:
    """Our row beside the baselines' on one split, with the model that made it."""

    rows: Rows
    whole: Rows | None
    settings: dict[str, Any]
    timings: dict[str, float]
    split: Split
    learned: Learned


def compare_on(dataset: Dataset, split: Split, config: TrainConfig, progress: Progress = silent) -> Compared:
    """Fit kgrec and the baselines on a split, and test each of them once.

    Raises:
        KgrecError: the split holds nothing to test on, or too little to learn from.
    """
    from kgrec.learn.fit import fit
    from kgrec.learn.learner import settings_of

    if len(split.test) == 0:
        raise KgrecError(
            "there is nothing to measure.",
            found="an empty test set",
            expected="at least one user with a test item",
            next="check the split",
        )
    started = time.perf_counter()
    learned = fit(dataset.with_interactions(split.train), config, valid=split.valid, progress=progress)
    timings = {"kgrec": time.perf_counter() - started}
    table = compare(dataset, split, learned.model, progress)
    settings = {"kgrec": {**config.model_dump(), **settings_of(learned.chosen)}, **table.settings}
    return Compared(table.rows, table.whole, settings, timings | table.timings, split, learned)


def _splits(interactions: Interactions, kind: str, test: float, folds: int, seed: int) -> Iterator[Split]:
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
    """Mean over folds."""
    return {
        system: {metric: float(np.mean([row[system][metric] for row in rows])) for metric in rows[0][system]}
        for system in rows[0]
    }
