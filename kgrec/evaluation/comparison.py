"""Our model beside the baselines: the same split, histories, candidates, metrics and tie rule for all."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from kgrec.data.dataset import Array, Dataset
from kgrec.data.splits import Split
from kgrec.evaluation.baseline_tuning import tune_baseline
from kgrec.evaluation.baselines import BASELINES
from kgrec.evaluation.compared_system import Setting
from kgrec.evaluation.task import Task
from kgrec.metrics.rankers import ModelRanker, Ranker
from kgrec.parallel.executor import Executor, here
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


@dataclass(frozen=True)
class Measurement:
    """One system on the test.

    Attributes:
        row, whole: metrics among the items that anybody has taken, and among the whole catalogue; see
            :class:`Comparison`.
        seconds: that ranking took.
        setting: what a baseline chose on validation.
        seconds_to_fit: that choosing it and fitting took.
    """

    row: dict[str, float]
    whole: dict[str, float] | None
    seconds: float
    setting: Setting
    seconds_to_fit: float = 0.0


@dataclass(frozen=True)
class BaselineRun:
    """A baseline to be tuned, fitted and measured, here or in another process.

    Attributes:
        name: of one of :data:`~kgrec.evaluation.baselines.BASELINES`.
        features: item vectors for the diversity within lists.
    """

    name: str
    task: Task
    features: Array | None

    def __call__(self, progress: Progress) -> Measurement:
        """What the baseline reaches.

        Raises:
            KgrecError: there is nothing to find in the test or in validation.
        """
        started = time.perf_counter()
        progress(f"settings of {self.name}", 0, 2)
        system, task = BASELINES[self.name], self.task
        setting = tune_baseline(system, task.validation).setting
        ranker = task.over_catalogue(system.fit(task.known, task.n_users, len(task.columns), **setting))
        seconds_to_fit = time.perf_counter() - started
        progress(f"lists of {self.name}", 1, 2)
        return replace(_measured(ranker, task, self.features), setting=setting, seconds_to_fit=seconds_to_fit)


def compare_with_baselines(
    dataset: Dataset, split: Split, model: AdditiveModel, progress: Progress, executor: Executor = here
) -> Comparison:
    """Metrics of our model and of the baselines, which are tuned on validation and fitted on train and validation.

    Args:
        executor: runs the baselines, and ranks blocks of users with our model.

    Raises:
        KgrecError: there is nothing to find in the test or in validation.
    """
    task, features = Task.of(dataset, split), features_of(model)
    past = dataset.with_interactions(split.known).behaviour
    asked = split.test.first_contexts(task.n_users)
    pending = {name: executor.submit(BaselineRun(name, task, features)) for name in BASELINES}
    of_ours, *of_baselines = progress.named("Measure").parts(1, *[1] * len(BASELINES))
    of_ours("lists of kgrec", 0, 1)
    ours = ModelRanker.over(model, past, task.n_users, asked)
    systems = {"kgrec": _measured(ours, task, features, executor)}
    systems |= {name: run.result(share) for (name, run), share in zip(pending.items(), of_baselines, strict=True)}
    whole = {name: system.whole for name, system in systems.items() if system.whole is not None}
    return Comparison(
        rows={name: system.row for name, system in systems.items()},
        whole=whole or None,
        settings={name: systems[name].setting for name in BASELINES},
        timings={name: systems[name].seconds_to_fit for name in BASELINES}
        | {f"ranking with {name}": system.seconds for name, system in systems.items()},
    )


def _measured(ranker: Ranker, task: Task, features: Array | None, executor: Executor = here) -> Measurement:
    started, is_taken = time.perf_counter(), task.is_taken
    candidates = [None] if is_taken.all() else [is_taken, None]
    row, *whole = task.measure_among(ranker, candidates, features, executor)
    return Measurement(row.means, whole[0].means if whole else None, time.perf_counter() - started, {})


def features_of(model: AdditiveModel) -> Array | None:
    """Item vectors for the diversity within lists: the knowledge channel's candidates."""
    for channel in model.channels:
        if isinstance(channel.matrix, LowRankMatrix):
            return channel.matrix.target
    return None
