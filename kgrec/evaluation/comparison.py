"""Our model beside the baselines: the same split, histories, candidates, metrics and tie rule for all."""

from __future__ import annotations

import time
from dataclasses import dataclass

from kgrec.data.dataset import Array, Dataset
from kgrec.data.splits import Split
from kgrec.evaluation.baseline_tuning import tune_baseline
from kgrec.evaluation.baselines import BASELINES
from kgrec.evaluation.compared_system import Setting
from kgrec.evaluation.task import Task
from kgrec.metrics.rankers import ModelRanker, Ranker
from kgrec.progress import Progress
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel

Rows = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Comparison:
    """Our model and the baselines on one split.

    Attributes:
        rows: system -> metric -> value, ranked among the items that anybody has taken, in any part of the split.
        whole: the same ranked among the whole catalogue; None where that holds no further item.
        settings: what each baseline chose on validation.
        timings: seconds to tune and fit each baseline, and to rank with each system.
    """

    rows: Rows
    whole: Rows | None
    settings: dict[str, Setting]
    timings: dict[str, float]


def compare_with_baselines(dataset: Dataset, split: Split, model: AdditiveModel, progress: Progress) -> Comparison:
    """Metrics of our model and of the baselines, which are tuned on validation and fitted on train and validation.

    Raises:
        KgrecError: there is nothing to find in the test or in validation.
    """
    task = Task.of(dataset, split)
    past = dataset.with_interactions(split.known).behaviour
    at = split.test.first_times(task.n_users)
    rankers: dict[str, Ranker] = {"kgrec": ModelRanker.over(model, past, task.n_users, at)}
    settings: dict[str, Setting] = {}
    timings: dict[str, float] = {}
    tuning, testing = progress.named("Measure").parts(1, 4)
    for number, (name, system) in enumerate(BASELINES.items()):
        started = time.perf_counter()
        tuning(f"settings of {name}", number, len(BASELINES))
        n_items = len(task.columns)
        settings[name] = tune_baseline(system, task.validation).setting
        rankers[name] = task.over_catalogue(system.fit(task.known, task.n_users, n_items, **settings[name]))
        timings[name] = time.perf_counter() - started
    is_taken = task.is_taken
    features = features_of(model)
    rows: Rows = {}
    whole: Rows = {}
    for number, (name, ranker) in enumerate(rankers.items()):
        started = time.perf_counter()
        testing(f"lists of {name}", number, len(rankers))
        rows[name] = task.measure(ranker, features, None if is_taken.all() else is_taken).means
        if not is_taken.all():
            whole[name] = task.measure(ranker, features).means
        timings[f"ranking with {name}"] = time.perf_counter() - started
    return Comparison(rows, whole or None, settings, timings)


def features_of(model: AdditiveModel) -> Array | None:
    """Item vectors for the diversity within lists: the knowledge channel's candidates."""
    for channel in model.channels:
        if isinstance(channel.matrix, LowRankMatrix):
            return channel.matrix.target
    return None
