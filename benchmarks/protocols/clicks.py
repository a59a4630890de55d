"""Click prediction: labelled pairs, clicked or not, instead of lists, over several seeded 6:2:2 cuts.

RippleNet (arXiv 1803.03467) and KGCN (arXiv 1904.12575) learn from six parts of ten, and so do all systems here:
validation chooses settings and calibrates, and nobody learns again from it. A pair that is labelled 0 is no
interaction. Scores rank; to be read as probabilities they are calibrated on validation, the same way for every system.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.evaluation.baselines import BASELINES
from kgrec.evaluation.compared_system import Setting
from kgrec.learn.fit import fit
from kgrec.metrics.measures import auc, click_metrics
from kgrec.metrics.rankers import ModelRanker, Ranker
from kgrec.progress import Progress, silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.model import AdditiveModel, block_size
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of
from kgrec_benchmarks.runs.mean_over_runs import mean_and_spread
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache

_L2 = 1e-3
_COLD_ITEM_FACTORS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class ClickPrediction:
    """AUC, F1 at .5, log loss and calibration error of kgrec and the baselines, mean and spread over seeds.

    Pairs that the authors have cut into train, valid and test stay so, and every seed learns from the same; all others
    are put together and cut anew for every seed. Interactions that came with the graph play no part.

    Attributes:
        seeds: number of cuts and runs; run number n has the seed ``config.seed + n``.
    """

    seeds: int = 5

    def packages(self) -> set[str]:
        """No package but kgrec's own makes a difference."""
        return set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows, spread and folds over the seeds; of the first, ``validation`` (AUC), settings and seconds.

        Raises:
            KgrecError: parts that share pairs, labels that are all the same, or too few clicks to learn from.
        """
        assert dataset.labels is not None  # the registry hands over no other set
        pairs = {name: Pairs(part.user, part.item, dataset.labels[name]) for name, part in dataset.parts.items()}
        numbers = [config.seed + n for n in range(self.seeds)]
        runs = []
        for seed, share in zip(numbers, progress.parts(*[1] * self.seeds), strict=True):
            seeded = config.model_copy(update={"seed": seed})
            make = partial(_measure_cut, dataset.dataset, pairs, seeded, share.named(f"Seed {seed}"))
            runs.append(kept.get(f"seed {seed}", make, seeded))
        folds = [run.rows for run in runs]
        rows, spread = mean_and_spread(folds)
        return Result(
            rows,
            settings=runs[0].settings,
            data=sizes_of(dataset.dataset, **{name: len(part) for name, part in pairs.items()}),
            seed=config.seed,
            seeds=numbers,
            spread=spread,
            folds=folds,
            validation=runs[0].validation,
            timings_s=runs[0].cost,
        )


@dataclass(frozen=True)
class Pairs:
    """Labelled pairs: user and item rows and 1 (clicked) or 0, ``(n,)`` each."""

    user: IntArray
    item: IntArray
    label: IntArray

    def __len__(self) -> int:
        return len(self.user)

    @classmethod
    def joined(cls, parts: Iterable[Pairs]) -> Pairs:
        """All pairs of some parts, in their order."""
        columns = zip(*((part.user, part.item, part.label) for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def select(self, keep: Array) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.user[keep], self.item[keep], self.label[keep])

    @property
    def clicked(self) -> Interactions:
        """The pairs with label 1, as interactions."""
        return Interactions.of_pairs(self.user[self.label == 1], self.item[self.label == 1])

    def cut(self, seed: int) -> tuple[Pairs, Pairs, Pairs]:
        """Six tenths for training, two for validation, two for the test, at random."""
        order = np.random.default_rng(seed).permutation(len(self))
        first, second = int(0.6 * len(self)), int(0.8 * len(self))
        return self.select(order[:first]), self.select(order[first:second]), self.select(order[second:])


def refuse_overlap(train: Pairs, valid: Pairs, test: Pairs) -> None:
    """Stop where a user and an item are a pair twice, whatever the labels: it could be learned from and tested on.

    Raises:
        KgrecError: some pair is there more than once.
    """
    everything = Pairs.joined((train, valid, test))
    keys, count = np.unique(np.stack([everything.user, everything.item], axis=1), axis=0, return_counts=True)
    if (twice := count > 1).any():
        raise KgrecError(
            "labelled pairs repeat.",
            where="user row {}, item row {}".format(*keys[twice][0]),
            found=f"{int(twice.sum())} of {len(keys)} pairs more than once",
            expected="each pair once, in one part",
            next="keep one label per pair",
        )


def _measure_cut(dataset: Dataset, parts: Mapping[str, Pairs], config: TrainConfig, progress: Progress) -> Outcome:
    """Every system on one cut of the pairs."""
    if parts.keys() >= {"train", "valid", "test"}:
        train, valid, test = parts["train"], parts["valid"], parts["test"]
    else:
        train, valid, test = Pairs.joined(parts.values()).cut(config.seed)
    refuse_overlap(train, valid, test)
    predicted = predict_clicks(dataset, train, valid, test, config, progress=progress)
    rows = {name: click_metrics(test.label, chance) for name, chance in predicted.probabilities.items()}
    return Outcome(rows, settings=predicted.settings, cost=predicted.timings_s, validation=predicted.validation)


@dataclass(frozen=True)
class ClickPredictions:
    """Probability of a click of each test pair by system ``(n,)``, and what validation said.

    Attributes:
        validation: AUC of kgrec's channels and gates, see :func:`fit_click_gates`.
        settings: of each system.
        timings_s: seconds to learn.
    """

    probabilities: dict[str, Array]
    validation: dict[str, float]
    settings: dict[str, Any]
    timings_s: dict[str, float]


def predict_clicks(
    dataset: Dataset, train: Pairs, valid: Pairs, test: Pairs, config: TrainConfig, *, progress: Progress = silent
) -> ClickPredictions:
    """Probability of a click of each test pair by each system; the labels of the test are not read."""
    n_users, n_items = len(dataset.users), len(dataset.items)
    started = time.perf_counter()
    clicks = dataset.with_interactions(train.clicked)
    learning, tuning = progress.parts(10, 1)
    learned = fit(clicks, config, valid=valid.clicked, refit_on_all=False, progress=learning)
    ours = ModelRanker.over(learned.model, clicks.interactions, n_users)
    model, validation = fit_click_gates(learned.model, ours.histories, valid)
    timings = {"kgrec": time.perf_counter() - started}
    started = time.perf_counter()
    tuning("settings of the baselines", 0)
    rankers, settings = fit_baselines(clicks.interactions, n_users, n_items, valid)
    timings["baselines"] = time.perf_counter() - started
    everyone = {"kgrec": ModelRanker(model, ours.histories), **rankers}
    chances = {name: probabilities(ranker, valid, test, n_items) for name, ranker in everyone.items()}
    chosen = {**config.model_dump(), **replace(learned.chosen, gates=model.gates).as_dict()}
    return ClickPredictions(chances, validation, {"kgrec": chosen, **settings}, timings)


def fit_baselines(
    train: Interactions, n_users: int, n_items: int, valid: Pairs
) -> tuple[dict[str, Ranker], dict[str, Setting]]:
    """Popularity, item-kNN and EASE from the clicks of training, each with the setting of its grid of best AUC.

    Args:
        train: clicks.
        valid: labelled pairs that the settings are chosen on; the first of those that are equally good.
    """
    rankers: dict[str, Ranker] = {}
    settings: dict[str, Setting] = {}
    for name, system in BASELINES.items():
        best = -1.0
        for setting in system.grid:
            ranker = system.fit(train, n_users, n_items, **setting)
            quality = auc(valid.label, pair_scores(ranker, valid, n_items))
            if quality > best:
                best, rankers[name], settings[name] = quality, ranker, setting
    return rankers, settings


def probabilities(ranker: Ranker, valid: Pairs, test: Pairs, n_items: int) -> Array:
    """Probability of a click of each test pair, ``(n,)``: scores calibrated on validation. Test labels are not read."""
    slope, shift = _calibrated(pair_scores(ranker, valid, n_items), valid.label)
    chance: Array = expit(slope * pair_scores(ranker, test, n_items) + shift)
    return chance


def pair_scores(ranker: Ranker, pairs: Pairs, n_items: int) -> Array:
    """Scores of pairs ``(n,)``, a block of users at a time."""
    result = np.empty(len(pairs))
    order = np.argsort(pairs.user, kind="stable")
    users, start = np.unique(pairs.user[order], return_index=True)
    ends = np.append(start, len(order))
    step = block_size(n_items)
    for first in range(0, len(users), step):
        block = users[first : first + step]
        rows = order[ends[first] : ends[min(first + step, len(users))]]
        scores = ranker.scores(block)
        result[rows] = scores[np.searchsorted(block, pairs.user[rows]), pairs.item[rows]]
    return result


def _calibrated(scores: Array, labels: Array) -> tuple[float, float]:
    """Slope and shift of the logistic curve through labelled scores (Platt 1999)."""
    spread = float(scores.std()) or 1.0
    scaled = scores / spread

    def loss(line: Array) -> float:
        logits = line[0] * scaled + line[1]
        return float(np.mean(np.logaddexp(0.0, logits) - labels * logits))

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
    return float(slope) / spread, float(shift)


def fit_click_gates(model: AdditiveModel, histories: Histories, valid: Pairs) -> tuple[AdditiveModel, dict[str, float]]:
    """The model with gate weights of highest AUC on labelled validation pairs, and the AUC of each that was tried.

    Gates that put the best ten on top need not be those that separate a user's clicks from items drawn at random:
    popularity, for one, counts far more there. The score stays the same sum of the same parts. Every channel alone, the
    gates that the model has, and a logistic mixture for each of a few factors on cold items are compared; so what is
    returned is never worse on validation than any channel or the gates before.

    Args:
        histories: of all users, without the validation pairs.
        valid: pairs of both labels.

    Returns:
        The model, and the AUC of each channel, of the prior, of the gates before ("gates for lists") and of those
        chosen ("fused").

    Raises:
        KgrecError: all labels are the same.
    """
    names = [*(channel.name for channel in model.channels), "prior"]
    alone = [Gates.common(weights[:-1], weights[-1]) for weights in np.eye(len(names))]
    parts = np.stack([_scores(model, gates, histories, valid) for gates in alone], axis=1)
    quality = {name: auc(valid.label, part) for name, part in zip(names, parts.T, strict=True)}
    quality["gates for lists"] = auc(valid.label, _scores(model, model.gates, histories, valid))
    candidates = list(zip(quality.values(), [*alone, model.gates], strict=True))
    cold = model.is_cold[valid.item]
    for factor in _COLD_ITEM_FACTORS if cold.any() else (1.0,):
        scaled = parts * np.where(cold, factor, 1.0)[:, None]
        weights, offset = logistic_mixture(scaled, cold, valid.label)
        gates = Gates.common(weights[:-1], weights[-1], factor, offset)
        candidates.append((auc(valid.label, scaled @ weights + offset * cold), gates))
    quality["fused"], gates = max(candidates, key=lambda candidate: candidate[0])
    return replace(model, gates=gates), quality


def logistic_mixture(parts: Array, cold: Array, label: Array) -> tuple[Array, float]:
    """Logistic regression of labels on the parts of a score, with non-negative weights and a slight L2 penalty.

    Args:
        parts: what each channel adds to the score of each pair, ``(n, parts)``.
        cold: whether the pair's item is cold, bool ``(n,)``: its score is moved by an offset of any sign.
        label: 1 or 0, ``(n,)``.

    Returns:
        Weights ``(parts,)`` in units of the parts, and the offset; the intercept is no part of the score.
    """
    features = np.column_stack([parts, cold])
    spread = features.std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)
    scaled = np.column_stack([features / spread, np.ones(len(parts))])
    penalty = np.append(np.full(features.shape[1], _L2), 0.0)

    def loss(weights: Array) -> tuple[float, Array]:
        logits = scaled @ weights
        slope = scaled.T @ (expit(logits) - label) / len(label) + 2.0 * penalty * weights
        return float(np.mean(np.logaddexp(0.0, logits) - label * logits) + penalty @ weights**2), slope

    bounds = [(0.0, None)] * parts.shape[1] + [(None, None)] * 2
    weights = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds).x[:-1] / spread
    return weights[:-1], float(weights[-1])


def _scores(model: AdditiveModel, gates: Gates, histories: Histories, pairs: Pairs) -> Array:
    return pair_scores(ModelRanker(replace(model, gates=gates), histories), pairs, model.n_items)
