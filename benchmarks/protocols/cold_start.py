"""Cold start: a tenth of the items, or of the users, is hidden from training wholly and recommended, or to, afterwards.

Items that training has seen are *known*, hidden ones are *cold*. Three folds hide three disjoint tenths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import hide, hold_out
from kgrec.evaluation.baseline_tuning import tune_baseline
from kgrec.evaluation.baselines import BASELINES
from kgrec.evaluation.compared_system import Setting
from kgrec.evaluation.task import Validation
from kgrec.learn.channels.content_kernel import fact_matrix
from kgrec.learn.encoders.joined_vectors import equal_weights, joined_vectors
from kgrec.learn.encoders.named_encoders import text_vectors
from kgrec.learn.fit import fit
from kgrec.metrics.rankers import ModelRanker, Ranker
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress, silent
from kgrec.scoring.model import AdditiveModel
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of
from kgrec_benchmarks.runs.mean_over_runs import mean_and_spread
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result, Table
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.systems.content_knn import ContentKNN, content_settings

Candidates = Literal["cold", "all"]
CANDIDATES: tuple[Candidates, ...] = ("cold", "all")
"""Cold items are ranked among themselves, and among the whole catalogue."""

_METRICS = ("recall@20", "ndcg@10")
_AT_LOSS = "kgrec at the loss of "
_LARGEST_OFFSET, _HALVINGS = 1024.0, 9
"""How far cold items are moved in search of a loss, in units of the score, and how often the last step is halved."""


@dataclass(frozen=True)
class ColdItems:
    """Recall@20 and ndcg@10 of hidden items for those who took them, and what having them costs the known ones.

    Of the interactions of known items, a tenth of each user's (the latest where times are known) is held out to see
    that cost. Beside kgrec stand fact-kNN (cosine of what is known of the items, by idf) and text-kNN (cosine of text
    embeddings), with settings of best recall@20 for a further tenth of items hidden from training, chosen for ranking
    among cold items and among all apart.

    Whoever gives cold items more room finds more of them and loses more of the known, so kgrec is measured a second
    time at the loss of each of the two: its cold items are moved until known ones lose the same share of recall@20.
    That compares; nobody could have known the offset before.

    Attributes:
        folds: number of disjoint tenths that are hidden, one after the other.
    """

    folds: int = 3

    def packages(self) -> set[str]:
        """No package but kgrec's own makes a difference."""
        return set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows as :func:`measure_cold` and :func:`measure_known` give them, ``equal_loss``, and settings per fold.

        Raises:
            ConfigError: fewer than ten items, or more folds than tenths.
            KgrecError: too little to learn from.
        """
        data = dataset.with_clicks_only()
        contents = _contents(data, config)
        runs = []
        for fold, share in enumerate(progress.parts(*[1] * self.folds)):
            make = partial(_measure_items, data, config, contents, fold, share.named(f"Fold {fold + 1}"))
            runs.append(kept.get(f"items, fold {fold}", make, config))
        return _mean_of_folds(runs, data, config)


@dataclass(frozen=True)
class ColdUsers:
    """Recall@20 and ndcg@10 of what hidden users took later, folded in with their first few items.

    The whole catalogue is ranked. The baselines are tuned and fitted on the same users as kgrec and score the same
    short histories.

    Attributes:
        folds: number of disjoint tenths that are hidden, one after the other.
        after: numbers of items to fold in with; each is measured on the hidden users who have more than that, and left
            out where nobody has, except the smallest.
    """

    folds: int = 3
    after: Sequence[int] = (1, 3, 10)

    def packages(self) -> set[str]:
        """No package but kgrec's own makes a difference."""
        return set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows as :func:`measure_users` gives them, and the settings of the baselines per fold.

        Raises:
            ConfigError: fewer than ten users, or more folds than tenths.
            KgrecError: too little to learn from, or no hidden user with enough items.
        """
        data = dataset.with_clicks_only()
        runs = []
        for fold, share in enumerate(progress.parts(*[1] * self.folds)):
            key = f"users after {', '.join(map(str, self.after))}, fold {fold}"
            make = partial(_measure_users, data, config, self.after, fold, share.named(f"Fold {fold + 1}"))
            runs.append(kept.get(key, make, config))
        return _mean_of_folds(runs, data, config)


def _measure_items(
    dataset: Dataset,
    config: TrainConfig,
    contents: Mapping[str, Array | sparse.csr_matrix],
    fold: int,
    progress: Progress,
) -> Outcome:
    n_users, n_items, interactions = len(dataset.users), len(dataset.items), dataset.interactions
    is_cold = np.isin(interactions.item, hide(interactions.item, fold, config.seed))
    cold = interactions.select(is_cold)
    train, known = hold_out(interactions.select(~is_cold), seed=config.seed)
    learning, testing = progress.parts(4, 1)
    learned = fit(dataset.with_interactions(train), config, progress=learning)
    histories = learned.model.histories(train, n_users).asked_in(known.first_contexts(n_users))
    seen, wanted = train.matrix(n_users, n_items), known.matrix(n_users, n_items)
    chosen: dict[str, Any] = {}
    rows: Table = {}

    def add(name: str, rankers: Mapping[Candidates, Ranker]) -> None:
        rows[name] = measure_known(rankers["all"], train, cold, known, n_users, n_items)
        for candidates, ranker in rankers.items():
            rows[name] |= measure_cold(ranker, train, cold, candidates, n_users, n_items)

    add("kgrec", dict.fromkeys(CANDIDATES, ModelRanker(learned.model, histories)))
    for name, vectors in contents.items():
        testing(f"settings of {name}", 0)
        settings = {which: tune_for_cold_items(train, n_users, vectors, which, config.seed) for which in CANDIDATES}
        add(name, {which: ContentKNN.fit(train, n_users, vectors, **setting) for which, setting in settings.items()})
        chosen |= {f"{name}, {which} candidates": setting for which, setting in settings.items()}
        testing(f"kgrec at the loss of {name}", 0)
        kept_share = 1.0 - rows[name]["known recall@20 loss"]
        least = kept_share * rows["kgrec"]["known recall@20, known candidates"]

        def affordable(model: AdditiveModel, least: float = least) -> bool:
            return mean_metrics(ModelRanker(model, histories), seen, wanted, (20,))["recall@20"] >= least

        moved = with_largest_cold_offset(learned.model, affordable)
        add(_AT_LOSS + name, dict.fromkeys(CANDIDATES, ModelRanker(moved, histories)))
    return Outcome(rows, settings=chosen)


def with_largest_cold_offset(model: AdditiveModel, affordable: Callable[[AdditiveModel], bool]) -> AdditiveModel:
    """The model with the largest offset of cold items that is affordable; all cold items on top where even that is."""
    before = model.gates.cold.offset

    def moved(by: float) -> AdditiveModel:
        return replace(model, gates=model.gates.with_cold(offset=before + by))

    step = 1.0 if affordable(model) else -1.0
    while abs(step) < _LARGEST_OFFSET and affordable(moved(step)) == (step > 0):
        step *= 2
    lowest, highest = sorted((step / 2 if abs(step) > 1 else 0.0, step))
    if affordable(moved(highest)):
        return moved(highest)
    for _ in range(_HALVINGS):
        middle = (lowest + highest) / 2
        lowest, highest = (middle, highest) if affordable(moved(middle)) else (lowest, middle)
    return moved(lowest)


def _measure_users(
    dataset: Dataset, config: TrainConfig, after: Sequence[int], fold: int, progress: Progress
) -> Outcome:
    n_users, n_items, interactions = len(dataset.users), len(dataset.items), dataset.interactions
    is_hidden = np.isin(interactions.user, hide(interactions.user, fold, config.seed))
    hidden, rest = interactions.select(is_hidden), interactions.select(~is_hidden)
    learned = fit(dataset.with_interactions(rest), config, progress=progress)
    validation = Validation(*hold_out(rest, seed=config.seed), n_users, n_items)
    chosen = {name: tune_baseline(system, validation).setting for name, system in BASELINES.items()}
    fitted = {name: BASELINES[name].fit(rest, n_users, n_items, **setting) for name, setting in chosen.items()}
    rows: Table = {name: {} for name in ("kgrec", *fitted)}
    for n in after:
        history, later = first_items(hidden, n, config.seed)
        if len(later) == 0 and n > min(after):
            continue
        rankers: dict[str, Ranker] = {"kgrec": ModelRanker.over(learned.model, history, n_users)}
        rankers |= {name: ranker.with_history(history) for name, ranker in fitted.items()}
        for name, ranker in rankers.items():
            rows[name] |= measure_users(ranker, history, later, n, n_items)
    return Outcome(rows, settings=chosen)


def _mean_of_folds(runs: Sequence[Outcome], dataset: Dataset, config: TrainConfig) -> Result:
    """The folds as one result; rows of kgrec at the loss of another stand apart, as they are no forecast."""

    def tables(at_loss: bool) -> list[Table]:
        return [{name: row for name, row in run.rows.items() if name.startswith(_AT_LOSS) == at_loss} for run in runs]

    rows, spread = mean_and_spread(tables(at_loss=False))
    compared, compared_spread = mean_and_spread(tables(at_loss=True))
    return Result(
        rows,
        settings={
            f"fold {number}, {name}": setting
            for number, run in enumerate(runs, start=1)
            for name, setting in run.settings.items()
        },
        data=sizes_of(dataset, interactions=len(dataset.interactions)),
        seed=config.seed,
        spread=spread,
        folds=tables(at_loss=False),
        equal_loss={"rows": compared, "spread": compared_spread} if compared else None,
    )


def _contents(dataset: Dataset, config: TrainConfig) -> dict[str, Array | sparse.csr_matrix]:
    """Unit vectors of the items by their facts and by their texts, where there are any."""
    n_items = len(dataset.items)
    contents: dict[str, Array | sparse.csr_matrix] = {}
    facts = fact_matrix(dataset.facts, n_items, len(dataset.nodes))
    if facts.nnz:
        contents["fact-knn"] = facts
    vectors = text_vectors(dataset, config, silent)
    texts = joined_vectors([part[:n_items] for part in vectors], equal_weights(len(vectors)))
    if texts is not None and texts.any():
        contents["text-knn"] = texts
    return contents


def tune_for_cold_items(
    train: Interactions, n_users: int, vectors: Array | sparse.csr_matrix, candidates: Candidates, seed: int
) -> Setting:
    """The setting of highest recall@20 for another tenth of the items, hidden from ``train``; the first of equals."""
    is_hidden = np.isin(train.item, hide(train.item, 0, seed))
    rest, wanted = train.select(~is_hidden), train.select(is_hidden)

    def recall(setting: Setting) -> float:
        ranker = ContentKNN.fit(rest, n_users, vectors, **setting)
        metrics = measure_cold(ranker, rest, wanted, candidates, n_users, vectors.shape[0])
        return metrics[f"cold recall@20, {candidates} candidates"]

    best: Setting = max(content_settings(train), key=recall)
    return best


def measure_cold(
    ranker: Ranker, train: Interactions, cold: Interactions, candidates: Candidates, n_users: int, n_items: int
) -> dict[str, float]:
    """``cold recall@20, ... candidates`` and ``cold ndcg@10, ... candidates``.

    Args:
        train: what the ranker has learned from.
        cold: interactions with the cold items, of which it has seen none.
        candidates: "cold" ranks those items among themselves, "all" among the whole catalogue.

    Raises:
        KgrecError: the parts share pairs, or there is nothing to find.
    """
    is_cold = np.bincount(cold.item, minlength=n_items) > 0
    seen, wanted = train.matrix(n_users, n_items), cold.matrix(n_users, n_items)
    measured = mean_metrics(ranker, seen, wanted, candidates=is_cold if candidates == "cold" else None)
    return {f"cold {metric}, {candidates} candidates": measured[metric] for metric in _METRICS}


def measure_known(
    ranker: Ranker, train: Interactions, cold: Interactions, known: Interactions, n_users: int, n_items: int
) -> dict[str, float]:
    """Recall@20 and ndcg@10 of known items, and what share of each is lost by having cold items in the lists.

    Args:
        known: held-out interactions with known items.

    Returns:
        ``known recall@20, all candidates``, ``known recall@20, known candidates``, ``known recall@20 loss``,
        ``known ndcg@10, all candidates`` and ``known ndcg@10 loss``.

    Raises:
        KgrecError: the parts share pairs, or there is nothing to find.
    """
    is_cold = np.bincount(cold.item, minlength=n_items) > 0
    seen, wanted = train.matrix(n_users, n_items), known.matrix(n_users, n_items)
    beside, alone = (mean_metrics(ranker, seen, wanted, candidates=which) for which in (None, ~is_cold))
    lost = {metric: 1.0 - beside[metric] / alone[metric] if alone[metric] else 0.0 for metric in _METRICS}
    return {
        "known recall@20, all candidates": beside["recall@20"],
        "known recall@20, known candidates": alone["recall@20"],
        "known recall@20 loss": lost["recall@20"],
        "known ndcg@10, all candidates": beside["ndcg@10"],
        "known ndcg@10 loss": lost["ndcg@10"],
    }


def first_items(interactions: Interactions, n: int, seed: int = 0) -> tuple[Interactions, Interactions]:
    """Each user's first n items, in order of time where all times are known, else in random order; and the rest.

    All interactions with an item are on the side of the first of them. Among equal times the seed decides. Users with
    no more than n items are left out, as nothing would remain to be found.
    """
    n_items = int(interactions.item.max(initial=0)) + 1
    keys, pair_of = np.unique(interactions.user * n_items + interactions.item, return_inverse=True)
    time = np.zeros(len(keys))
    if interactions.has_time:
        time[:] = np.inf
        np.minimum.at(time, pair_of, interactions.time)
    user = keys // n_items
    order = np.lexsort((np.random.default_rng(seed).random(len(keys)), time, user))
    count = np.bincount(user)
    place = np.empty(len(keys), np.int64)
    place[order] = np.arange(len(keys)) - (np.cumsum(count) - count)[user[order]]
    enough = (count[user] > n)[pair_of]
    first = (place < n)[pair_of]
    return interactions.select(enough & first), interactions.select(enough & ~first)


def measure_users(ranker: Ranker, history: Interactions, rest: Interactions, n: int, n_items: int) -> dict[str, float]:
    """Recall@20 and ndcg@10 of what users took after their first n items, and how many users that is the mean of.

    Args:
        ranker: over the histories, for all user rows that occur in them.
        history, rest: as :func:`first_items` gives them.

    Raises:
        KgrecError: no user has more than n items.
    """
    n_users = int(rest.user.max(initial=0)) + 1
    measured = mean_metrics(ranker, history.matrix(n_users, n_items), rest.matrix(n_users, n_items))
    return {f"{metric} after {n}": measured[metric] for metric in (*_METRICS, "users")}
