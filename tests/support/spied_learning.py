"""Learning under observation: what reaches each fit, and a model that betrays everything that it was learned from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from kgrec.config import TrainConfig
from kgrec.data.context_columns import Asked, Contexts
from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.evaluation.baselines import EASE
from kgrec.evaluation.compared_system import System, grid
from kgrec.learn.channels.neighbours import item_knn
from kgrec.learn.fit_result import ChosenSettings, FitResult
from kgrec.metrics.rankers import ModelRanker
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress, silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel

Pairs = list[tuple[int, int]]


def pairs_of(*parts: Interactions) -> Pairs:
    """User and item of all interactions of some parts, in ascending order."""
    return sorted(pair for part in parts for pair in zip(part.user.tolist(), part.item.tolist(), strict=True))


@dataclass
class Spies:
    """What was handed to whom, in the order of the calls.

    Attributes:
        fits: of kgrec: pairs that it learns from, and pairs that it validates on.
        refits: of kgrec: pairs that it learns from.
        rankings: models of kgrec, pairs of their histories, and the contexts of asking.
        baseline_fits: of a baseline: pairs that it learns from, and its setting.
        baseline_histories: pairs of histories that a baseline was handed later.
        models: what kgrec learned.
        told: progress, in words.
    """

    fits: list[tuple[Pairs, Pairs]] = field(default_factory=list)
    refits: list[Pairs] = field(default_factory=list)
    rankings: list[tuple[AdditiveModel, Pairs, Contexts]] = field(default_factory=list)
    baseline_fits: list[tuple[Pairs, dict[str, Any]]] = field(default_factory=list)
    baseline_histories: list[Pairs] = field(default_factory=list)
    models: list[AdditiveModel] = field(default_factory=list)
    told: list[tuple[str, str, int, int | None, str]] = field(default_factory=list)

    @property
    def progress(self) -> Progress:
        """Progress that is remembered."""
        return Progress(lambda event: self.told.append((event.stage, event.step, event.done, event.total, event.note)))

    @property
    def baseline(self) -> System:
        """EASE with two ridges, observed; it tells how it is with its settings as well."""
        spies = self

        class Observed(EASE):
            def with_history(self, history: Interactions) -> Observed:
                spies.baseline_histories.append(pairs_of(history))
                return replace(self, history=history)

        def fit(train: Interactions, n_users: int, n_items: int, **setting: float) -> Observed:
            self.baseline_fits.append((pairs_of(train), setting))
            plain = EASE.fit(train, n_users, n_items, **setting)
            return Observed(plain.history, plain.n_users, plain.weights, plain.recency)

        return System(fit, grid(ridge=(1.0, 4.0)), recencies=(1.0, 0.5))


def spied(monkeypatch: pytest.MonkeyPatch) -> Spies:
    """Spies in the place of kgrec's learning, which takes no time then."""
    spies = Spies()
    over = ModelRanker.over

    def model_of(dataset: Dataset) -> AdditiveModel:
        """Item-kNN and popularity of all that the data set holds."""
        x = dataset.behaviour.matrix(len(dataset.users), len(dataset.items))
        channel = Channel("behaviour", SparseMatrix(item_knn(x, neighbours=50)))
        taken = np.asarray(x.sum(axis=0), np.float32).ravel()
        model = AdditiveModel((channel,), Gates.common(np.array([1.0]), 0.1), taken, taken == 0)
        spies.models.append(model)
        return model

    def fit(
        dataset: Dataset,
        config: TrainConfig,
        *,
        valid: Interactions,
        refit_on_all: bool = True,
        checkpoint: Path | None = None,
        progress: Progress = silent,
        executor: Executor = here,
    ) -> FitResult:
        spies.fits.append((pairs_of(dataset.behaviour), pairs_of(valid)))
        progress("choosing", 1, 1, f"{len(valid)} to validate on")
        model = model_of(dataset)
        chosen = cast(ChosenSettings, Chosen(pairs_of(valid)))
        learned = FitResult(model, cast(Any, None), chosen, {"fused": len(valid)}, [], 3)
        if not refit_on_all:
            return learned
        return refit(dataset.with_interactions(dataset.interactions.joined(valid)), learned, config, progress=progress)

    def refit(dataset: Dataset, learned: FitResult, config: TrainConfig, *, progress: Progress = silent) -> FitResult:
        spies.refits.append(pairs_of(dataset.behaviour))
        progress("learning", 1, 1)
        return replace(learned, model=model_of(dataset), train_only=learned.model)

    def observed(model: AdditiveModel, interactions: Interactions, n_users: int, asked: Asked = None) -> ModelRanker:
        spies.rankings.append((model, pairs_of(interactions), Contexts.of(asked, n_users)))
        return over(model, interactions, n_users, asked)

    monkeypatch.setattr("kgrec.learn.fit.fit", fit)
    monkeypatch.setattr("kgrec.learn.fit.refit", refit)
    monkeypatch.setattr(ModelRanker, "over", staticmethod(observed))
    return spies


@dataclass(frozen=True)
class Chosen:
    """Settings that are what they were chosen on."""

    valid: Pairs

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"chosen on": self.valid}


def arrays_of(model: AdditiveModel) -> list[Array]:
    """All that a model of :func:`spied` is."""
    return [model.prior, cast(SparseMatrix, model.channels[0].matrix).weights.toarray(), model.is_cold]
