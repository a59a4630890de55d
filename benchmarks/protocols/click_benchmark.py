"""Click prediction: kgrec and the baselines on labelled pairs, from clicks alone, over several seeded 6:2:2 cuts.

RippleNet (arXiv 1803.03467) and KGCN (arXiv 1904.12575) learn from the six parts and so do all systems here: validation
chooses settings and calibrates, and nobody learns again from it. Pairs that are labelled 0 are behaviour nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.learn.fit import fit
from kgrec.learn.learner import settings_of
from kgrec.metrics.measures import click_metrics
from kgrec.metrics.rankers import ModelRanker
from kgrec.progress import Progress, silent
from kgrec_benchmarks.protocols.click_gates import fit_click_gates
from kgrec_benchmarks.protocols.clicks import Pairs, fit_baselines, probabilities, refuse_overlap
from kgrec_benchmarks.runs.mean_over_runs import mean_and_sd
from kgrec_benchmarks.runs.outcome import Outcome, RunCache


def benchmark_clicks(
    dataset: Dataset,
    parts: Mapping[str, Pairs],
    config: TrainConfig | None = None,
    *,
    seeds: int = 5,
    finished: RunCache | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """AUC, F1 at .5, log loss and calibration error over several seeds.

    Args:
        dataset: the graph; its interactions play no part.
        parts: ``train``, ``valid`` and ``test`` where the authors have cut the pairs, then every seed learns from the
            same; else anything, which is put together and cut anew for every seed.
        config: settings; seed number n is ``config.seed + n``.
        finished: keeps what every seed left behind; a run that was stopped goes on there.

    Returns:
        ``rows, sd, folds`` (system -> metric -> value) and ``seeds``; of the first seed, ``validation`` (AUC of kgrec's
        channels and gates), ``settings`` and ``timings_s``.

    Raises:
        KgrecError: parts that share pairs, labels that are all the same, or too few clicks to learn from.
    """
    config, finished = config or TrainConfig(), finished or RunCache(None, "")
    numbers = [config.seed + n for n in range(seeds)]
    runs = []
    for place, seed in enumerate(numbers):
        progress("click prediction", place, seeds, f"seed {seed}")
        seeded = config.model_copy(update={"seed": seed})
        runs.append(finished.get(f"seed {seed}", partial(_of_seed, dataset, parts, seeded, progress)))
    first = runs[0]
    told = {"validation": first.validation, "settings": first.settings, "timings_s": first.cost}
    return {**mean_and_sd([run.rows for run in runs]), **told, "seeds": numbers}


def _of_seed(dataset: Dataset, parts: Mapping[str, Pairs], config: TrainConfig, progress: Progress) -> Outcome:
    train, valid, test = _cut(parts, config.seed)
    refuse_overlap(train, valid, test)
    predicted, note = predict_clicks(dataset, train, valid, test, config, progress=progress)
    rows = {name: click_metrics(test.label, chance) for name, chance in predicted.items()}
    return Outcome(rows, settings=note["settings"], cost=note["timings_s"], validation=note["validation"])


def predict_clicks(
    dataset: Dataset, train: Pairs, valid: Pairs, test: Pairs, config: TrainConfig, *, progress: Progress = silent
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Chance of a click of each test pair by each system, and how they were chosen; test labels are not read."""
    n_users, n_items = len(dataset.users), len(dataset.items)
    started = time.perf_counter()
    clicks = dataset.with_interactions(train.clicked)
    learned = fit(clicks, config, valid=valid.clicked, refit_on_all=False, progress=progress)
    ours = ModelRanker.over(learned.model, clicks.interactions, n_users)
    model, found = fit_click_gates(learned.model, ours.histories, valid)
    timings = {"kgrec": time.perf_counter() - started}
    started = time.perf_counter()
    progress("tuning baselines", 0, None, "on the AUC of validation")
    rankers, settings = fit_baselines(clicks.interactions, n_users, n_items, valid)
    timings["baselines"] = time.perf_counter() - started
    everyone = {"kgrec": ModelRanker(model, ours.histories), **rankers}
    chances = {name: probabilities(ranker, valid, test, n_items) for name, ranker in everyone.items()}
    chosen = {**config.model_dump(), **settings_of(replace(learned.chosen, gates=model.gates))}
    return chances, {"validation": found, "settings": {"kgrec": chosen, **settings}, "timings_s": timings}


def _cut(parts: Mapping[str, Pairs], seed: int) -> tuple[Pairs, Pairs, Pairs]:
    if parts.keys() >= {"train", "valid", "test"}:
        return parts["train"], parts["valid"], parts["test"]
    return Pairs.joined(parts.values()).cut(seed)
