"""Cold start: a tenth of the items, or of the users, is hidden from training wholly and then met for the first time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.data.splits import hide, hold_out
from kgrec.evaluation.baseline_tuning import tune_baseline
from kgrec.evaluation.baselines import BASELINES
from kgrec.learn.channels.content_kernel import fact_matrix
from kgrec.learn.encoders.cache import encode_cached
from kgrec.learn.encoders.named_encoders import open_encoder
from kgrec.learn.fit import fit
from kgrec.metrics.rankers import ModelRanker, Ranker
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress, silent
from kgrec.scoring.model import AdditiveModel
from kgrec_benchmarks.protocols.cold_start import (
    POOLS,
    ContentKNN,
    Pool,
    first_items,
    measure_hidden,
    measure_users,
    measure_warm,
    tune_content,
)
from kgrec_benchmarks.runs.mean_over_runs import Table, mean_and_sd
from kgrec_benchmarks.runs.outcome import Outcome, RunCache

_AT_LOSS = "kgrec at the loss of "
_FARTHEST, _HALVINGS = 1024.0, 9
"""How far new items are moved in search of a loss, in units of the score, and how often the last step is halved."""


def benchmark_cold_items(
    dataset: Dataset,
    config: TrainConfig | None = None,
    *,
    folds: int = 3,
    finished: RunCache | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Hide a random tenth of the items, learn from the rest, and rank the hidden ones for those who took them.

    Of the rest, a tenth of each user's items (the latest where times are known) is held out to see what the hidden ones
    cost them. Beside kgrec stand fact-kNN (cosine of what is known of the items, by idf) and text-kNN (cosine of text
    embeddings), with settings of best Recall@20 for a further tenth of items hidden from training, chosen for ranking
    among the hidden items and among all apart. Who gives hidden items more room finds more of them and loses more of
    the others, so kgrec is measured a second time at the warm loss of each: its new items are moved until known ones
    lose the same share of what it finds of them, recall@20. That compares; nobody could have known the height before.

    Args:
        finished: keeps what every fold left behind; a run that was stopped goes on there.

    Returns:
        ``rows, sd, folds`` (system -> metric -> value, see
        :mod:`kgrec_benchmarks.protocols.cold_start`), ``equal_loss`` with the
        ``rows`` and ``sd`` of kgrec at the loss of each baseline, ``settings`` per fold, and ``seed``.

    Raises:
        ConfigError: fewer than ten items, or more folds than tenths.
        KgrecError: too little behaviour to learn from.
    """
    config, finished = config or TrainConfig(), finished or RunCache(None, "")
    contents = _contents(dataset, config)
    runs = []
    for fold in range(folds):
        progress("cold items", fold, folds, "hiding a tenth")
        runs.append(finished.get(f"items, fold {fold}", partial(_items, dataset, config, contents, fold, progress)))
    return _together(runs, config)


def _items(
    dataset: Dataset,
    config: TrainConfig,
    contents: Mapping[str, Array | sparse.csr_matrix],
    fold: int,
    progress: Progress,
) -> Outcome:
    n_users, n_items, behaviour = len(dataset.users), len(dataset.items), dataset.interactions
    is_hidden = np.isin(behaviour.item, hide(behaviour.item, fold, config.seed))
    cold = behaviour.select(is_hidden)
    train, warm = hold_out(behaviour.select(~is_hidden), seed=config.seed)
    learned = fit(dataset.with_interactions(train), config, progress=progress)
    histories = learned.model.histories(train, n_users)
    seen, wanted = train.matrix(n_users, n_items), warm.matrix(n_users, n_items)
    chosen: dict[str, Any] = {}
    rows: Table = {}

    def add(name: str, rankers: Mapping[Pool, Ranker]) -> None:
        rows[name] = measure_warm(rankers["all"], train, cold, warm, n_users, n_items)
        for pool, ranker in rankers.items():
            rows[name] |= measure_hidden(ranker, train, cold, pool, n_users, n_items)

    add("kgrec", dict.fromkeys(POOLS, ModelRanker(learned.model, histories)))
    for name, vectors in contents.items():
        progress("cold items", fold, None, f"tuning {name}")
        found = {pool: tune_content(train, n_users, vectors, pool, config.seed) for pool in POOLS}
        add(name, {pool: ContentKNN.fit(train, n_users, vectors, **setting) for pool, setting in found.items()})
        chosen |= {f"{name}, {pool}": setting for pool, setting in found.items()}
        progress("cold items", fold, None, f"at the loss of {name}")
        least = (1.0 - rows[name]["warm loss"]) * rows["kgrec"]["warm recall@20 without hidden"]

        def affordable(model: AdditiveModel, least: float = least) -> bool:
            return mean_metrics(ModelRanker(model, histories), seen, wanted, (20,))["recall@20"] >= least

        add(_AT_LOSS + name, dict.fromkeys(POOLS, ModelRanker(_lifted(learned.model, affordable), histories)))
    return Outcome(rows, settings=chosen)


def _lifted(model: AdditiveModel, affordable: Callable[[AdditiveModel], bool]) -> AdditiveModel:
    """The model with its new items as high as is affordable, or all on top where even that is."""
    offset = model.gates.cold.offset

    def at(height: float) -> AdditiveModel:
        return replace(model, gates=model.gates.with_cold(offset=offset + height))

    step = 1.0 if affordable(model) else -1.0
    while abs(step) < _FARTHEST and affordable(at(step)) == (step > 0):
        step *= 2
    lowest, highest = sorted((step / 2 if abs(step) > 1 else 0.0, step))
    if affordable(at(highest)):
        return at(highest)
    for _ in range(_HALVINGS):
        middle = (lowest + highest) / 2
        lowest, highest = (middle, highest) if affordable(at(middle)) else (lowest, middle)
    return at(lowest)


def benchmark_cold_users(
    dataset: Dataset,
    config: TrainConfig | None = None,
    *,
    folds: int = 3,
    after: Sequence[int] = (1, 3, 10),
    finished: RunCache | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Hide a random tenth of the users, learn from the rest, then fold them in with their first few items.

    What they took later is ranked for them among the whole catalogue; numbers that no hidden user exceeds are left
    out. The baselines are tuned and fitted on the same users as kgrec and score the same short histories.

    Args:
        after: numbers of items to fold in with; each is measured on the hidden users who have more than that.
        finished: keeps what every fold left behind; a run that was stopped goes on there.

    Returns:
        ``rows, sd, folds`` (system -> metric -> value, see
        :func:`kgrec_benchmarks.protocols.cold_start.measure_users`), ``settings``
        of the baselines per fold, and ``seed``.

    Raises:
        ConfigError: fewer than ten users, or more folds than tenths.
        KgrecError: too little behaviour to learn from, or no hidden user with enough items.
    """
    config, finished = config or TrainConfig(), finished or RunCache(None, "")
    runs = []
    for fold in range(folds):
        progress("cold users", fold, folds, "hiding a tenth")
        key = f"users after {', '.join(map(str, after))}, fold {fold}"
        runs.append(finished.get(key, partial(_users, dataset, config, after, fold, progress)))
    return _together(runs, config)


def _users(dataset: Dataset, config: TrainConfig, after: Sequence[int], fold: int, progress: Progress) -> Outcome:
    n_users, n_items, behaviour = len(dataset.users), len(dataset.items), dataset.interactions
    is_hidden = np.isin(behaviour.user, hide(behaviour.user, fold, config.seed))
    hidden, rest = behaviour.select(is_hidden), behaviour.select(~is_hidden)
    learned = fit(dataset.with_interactions(rest), config, progress=progress)
    train, valid = hold_out(rest, seed=config.seed)
    chosen = {
        name: tune_baseline(system.fit, system.grid, train, valid, n_users, n_items).setting
        for name, system in BASELINES.items()
    }
    fitted = {name: BASELINES[name].fit(rest, n_users, n_items, **setting) for name, setting in chosen.items()}
    rows: Table = {name: {} for name in ("kgrec", *fitted)}
    for n in after:
        history, later = first_items(hidden, n, config.seed)
        if len(later) == 0 and n > min(after):
            continue  # nobody has more than so many items
        rankers: dict[str, Ranker] = {"kgrec": ModelRanker.over(learned.model, history, n_users)}
        short = history.matrix(n_users, n_items)
        rankers |= {name: ranker.with_history(short) for name, ranker in fitted.items()}
        for name, ranker in rankers.items():
            rows[name] |= measure_users(ranker, history, later, n, n_items)
    return Outcome(rows, settings=chosen)


def _together(runs: Sequence[Outcome], config: TrainConfig) -> dict[str, Any]:
    def part(equal: bool) -> list[Table]:
        return [{name: row for name, row in run.rows.items() if name.startswith(_AT_LOSS) == equal} for run in runs]

    compared = mean_and_sd(part(equal=True))
    return {
        **mean_and_sd(part(equal=False)),
        **({"equal_loss": {"rows": compared["rows"], "sd": compared["sd"]}} if compared["rows"] else {}),
        "settings": [run.settings for run in runs],
        "seed": config.seed,
    }


def _contents(dataset: Dataset, config: TrainConfig) -> dict[str, Array | sparse.csr_matrix]:
    """Unit vectors of the items by their facts and by their texts, where there are any."""
    n_items = len(dataset.items)
    contents: dict[str, Array | sparse.csr_matrix] = {}
    facts = fact_matrix(dataset.facts, n_items, len(dataset.nodes))
    if facts.nnz:
        contents["fact-knn"] = facts
    encoder = open_encoder(config.text_encoder)
    if encoder is not None and any(dataset.texts[:n_items]):
        contents["text-knn"] = encode_cached(encoder, dataset.texts[:n_items])
    return contents
