"""Updates: a bundle that is brought up to date with its newest interactions, beside one that is trained anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.splits import Split
from kgrec.errors import KgrecError
from kgrec.evaluation.task import Task
from kgrec.evaluation.updating import updated
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit
from kgrec.metrics.bootstrap import Bootstrap
from kgrec.metrics.rankers import ModelRanker
from kgrec.progress import Progress
from kgrec.scoring.model import AdditiveModel
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of, split_of
from kgrec_benchmarks.runs.cost import Watch
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_split
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache

BEFORE, UPDATED, ANEW = "before", "updated", "trained anew"
_METRIC = "ndcg@10"


@dataclass(frozen=True)
class Updates:
    """Accuracy and seconds of an update after some new interactions, of the bundle before it and of a new training.

    What is known at the test is train and validation. A bundle is trained on all of it but the newest share, and
    updated with that share, of which the guard keeps a fifth out of the weights; another one is trained on all of it.
    All three rank for the test users from everything that is known.

    Attributes:
        share: of the interactions that come after the first training: the latest, or random ones where a time is
            unknown.
    """

    share: float = 0.01

    def packages(self) -> set[str]:
        """No package but kgrec's own makes a difference."""
        return set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows of the three, with the paired difference of the update from a new training.

        Raises:
            KgrecError: the split holds nothing to test on, or too little to learn from.
            UpdateRefusedError: the guard refused the update.
        """
        split = split_of(dataset.parts, config.seed)
        make = partial(_measure, dataset.dataset, split, config, self.share, progress)
        key = f"updates {fingerprint_of_split(split)} seed {config.seed}"
        outcome = kept.get(key, make, (config, self.share))
        quality = {name: of_row[_METRIC] for name, of_row in outcome.users.items()}
        draws = Bootstrap(quality)
        return Result(
            outcome.rows,
            settings={UPDATED: outcome.settings},
            data=sizes_of(dataset.dataset, known=len(split.known), test=len(split.test)),
            seed=config.seed,
            intervals={row: {_METRIC: draws.interval(row)} for row in quality},
            against_best={
                _METRIC: {
                    "baseline": f"{ANEW}, for the row {UPDATED}",
                    "difference": outcome.rows[UPDATED][_METRIC] - outcome.rows[ANEW][_METRIC],
                    "interval": draws.difference(UPDATED, ANEW),
                }
            },
            validation=outcome.validation,
            timings_s=outcome.cost,
        )


def newest_apart(interactions: Interactions, share: float) -> Interactions:
    """The interactions without the newest share of them, or without random ones where a time is unknown.

    Raises:
        KgrecError: nothing would be new.
    """
    n = len(interactions)
    new = int(n * share)
    if not new:
        raise KgrecError(
            "nothing would be new.", found=f"{share:g} of {n} interactions", next="take a larger data set or share"
        )
    last = interactions.time if interactions.has_time else np.random.default_rng(0).random(n)
    return interactions.select(np.sort(np.argsort(last, kind="stable")[: n - new]))


def _measure(dataset: Dataset, split: Split, config: TrainConfig, share: float, progress: Progress) -> Outcome:
    training, updating, anew = progress.parts(10, 1, 10)
    task, watch, known = Task.of(dataset, split), Watch(), dataset.with_interactions(split.known)
    with watch.stage("training before"):
        first = known.with_interactions(newest_apart(split.known, share))
        live = to_bundle(first, fit(first, config, progress=training.named("before")), config)
    with watch.stage("update"):
        report = updated(known, live, updating)
    with watch.stage("training anew"):
        trained = fit(known, config, progress=anew.named("anew")).model
    asked = split.test.first_contexts(task.n_users)

    def ranker(model: AdditiveModel) -> ModelRanker:
        return ModelRanker.over(model, split.known, task.n_users, asked)

    models = {BEFORE: live.model, UPDATED: report.bundle.model, ANEW: trained}
    measured = {name: task.measure(ranker(model)) for name, model in models.items()}
    compared = report.comparison.as_dict()
    guard = {name: float(value) for name, value in compared.items() if not isinstance(value, list)}
    return Outcome.of(measured, task.n_users, settings=config.model_dump(), cost=watch.seconds, validation=guard)
