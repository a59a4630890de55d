"""Good settings within a time budget: trials of the learned part, judged by the fused model on validation.

Optuna proposes (TPE: Bergstra et al., NeurIPS 2011) and keeps what was tried in a folder, so that a run that was
stopped goes on. The defaults are tried first, so what is found is never worse on validation than they are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.errors import ConfigError, TrainingDivergedError
from kgrec.learn.encoders.joined_vectors import choose_weights, joined_vectors
from kgrec.learn.encoders.named_encoders import text_vectors
from kgrec.learn.fit import parts_of
from kgrec.learn.learner import Learner, PreparedChannels
from kgrec.learn.neural.checkpoint import fingerprint
from kgrec.learn.neural.trainer import training_device
from kgrec.learn.refinding import never_met_before
from kgrec.progress import Progress, silent

_FILE, _CONFIG = "tuning.journal", "config"


@dataclass(frozen=True)
class TuningResult:
    """The best settings of a search, and what was tried.

    Attributes:
        config: the best settings.
        default, best: validation ndcg@10 of the fused model, one training, with the settings given and with the best.
        trials: number of settings tried, in this run and those that it goes on from.
        changed: the settings that differ from those given.
    """

    config: TrainConfig
    default: float
    best: float
    trials: int
    changed: dict[str, Any]


def tune(
    dataset: Dataset,
    config: TrainConfig,
    minutes: float,
    *,
    valid: Interactions | None = None,
    folder: Path | None = None,
    progress: Progress = silent,
) -> TuningResult:
    """The best settings of the learned part that a search within a time budget finds.

    The behaviour channels choose theirs once; each trial then trains one member of the ensemble and fits the gates.

    Args:
        config: what is not searched stays as it is here; tried first.
        minutes: above 0; no trial is begun after that many, those of earlier runs in the folder included.
        valid: interactions to choose on, not in the data set; None holds a tenth out.
        folder: keeps the trials; None keeps them in memory.

    Raises:
        ConfigError: no time at all, or no GPU where the settings ask for one.
        KgrecError: too few interactions to learn from.
        TrainingDivergedError: not even the settings given could be trained.
    """
    if not minutes > 0:
        raise ConfigError(
            "nothing can be tried in no time.",
            where="tune",
            found=f"{minutes:g} minutes",
            expected="a number of minutes above 0",
            next="give more, or leave it out",
        )
    started = time.perf_counter()
    training_device(config)  # before long work
    train, held = parts_of(dataset, valid, config)
    data = dataset.with_interactions(never_met_before(train, held), held)
    # The trials are a tale of minutes; what is done within each moves nothing on.
    within, progress = progress.parts(0, 1)
    parts = text_vectors(data, config, within)
    weights = choose_weights([part[: len(data.items)] for part in parts], train, held, data)
    learner = Learner(data, joined_vectors(parts, weights), config, None, within)
    study = _study(folder, _name(data, held, config), config.seed)
    earlier = sum(trial.duration.total_seconds() for trial in study.trials if trial.duration is not None)
    prepared: PreparedChannels | None = None
    while not _done(study) or earlier + time.perf_counter() - started < 60.0 * minutes:
        done = _done(study)
        spent = earlier + time.perf_counter() - started
        note = f"trial {len(done) + 1}, ndcg@10 {max(map(_value, done), default=0.0):.4f}"
        progress("better settings", round(spent / 60.0), max(1, round(minutes)), note, unit="minutes")
        prepared = prepared or learner.prepare(held)
        trial = study.ask()
        learner.config = _proposed(trial, config, texts=learner.texts is not None) if done else config
        try:
            value = learner.quality(prepared)
        except TrainingDivergedError:
            if not done:
                raise
            study.tell(trial, state=TrialState.PRUNED)
            continue
        trial.set_user_attr(_CONFIG, learner.config.model_dump(mode="json"))
        study.tell(trial, value)
    done = _done(study)
    best = max(done, key=_value)
    best_config = TrainConfig.of(best.user_attrs[_CONFIG])
    before, after = config.model_dump(), best_config.model_dump()
    changed = {name: value for name, value in after.items() if value != before[name]}
    return TuningResult(
        config=best_config, default=_value(done[0]), best=_value(best), trials=len(done), changed=changed
    )


def _proposed(trial: Trial, config: TrainConfig, texts: bool) -> TrainConfig:
    """The next settings to try."""
    change: dict[str, Any] = {
        "embedding_dim": trial.suggest_categorical("embedding_dim", (32, 64, 128)),
        "num_layers": trial.suggest_categorical("num_layers", (0, 1, 2)),
        "learning_rate": trial.suggest_float("learning_rate", 5e-4, 2e-2, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-6, 1e-3, log=True),
        "dropout": trial.suggest_float("dropout", 0.1, 0.8),
        "free_dropout": trial.suggest_float("free_dropout", 0.0, 0.5),
        "kg_weight": trial.suggest_categorical("kg_weight", (0.0, 0.1, 0.3, 1.0)),
    }
    if texts:
        change["text_weight"] = trial.suggest_categorical("text_weight", (0.0, 0.01, 0.1))
    return TrainConfig.of(config.model_dump() | change)


def _study(folder: Path | None, name: str, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(folder / _FILE)))
    study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    # What was drawn before a run went on is not drawn again.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    return study


def _name(data: Dataset, held: Interactions, config: TrainConfig) -> str:
    """Trials of other data or around other settings are another study."""
    return fingerprint(
        user=data.interactions.user,
        item=data.interactions.item,
        held_user=held.user,
        held_item=held.item,
        head=data.facts.head,
        relation=data.facts.relation,
        tail=data.facts.tail,
        settings=np.frombuffer(config.model_dump_json().encode(), np.uint8),
    )


def _done(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _value(trial: FrozenTrial) -> float:
    assert trial.value is not None  # of a trial that is done
    return trial.value
