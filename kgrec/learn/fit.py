"""From a data set to an additive model: split, choose on validation, refit on everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.funnel import hold_out_taken, kinds_named
from kgrec.data.splits import hold_out
from kgrec.errors import KgrecError, TrainingDivergedError
from kgrec.learn.encoders.joined_vectors import choose_weights, joined_vectors
from kgrec.learn.encoders.named_encoders import text_vectors
from kgrec.learn.fit_result import FitResult
from kgrec.learn.learner import Learner
from kgrec.learn.limits import LIMITS
from kgrec.learn.named_executors import open_executor
from kgrec.learn.neural.checkpoint import mark_diverged
from kgrec.learn.neural.shared_training import SharedTraining
from kgrec.learn.neural.trainer import training_device
from kgrec.learn.platforms import chosen_platforms, of_platform, others_of, platforms_to_learn, with_platforms
from kgrec.learn.processors import thread_limit, threads_limited_to
from kgrec.learn.refinding import never_met_before
from kgrec.parallel.executor import Executor, here
from kgrec.parallel.processes import Processes
from kgrec.progress import Progress, silent

_SHARES = 2.0, 8.0, 3.0
"""Of reading texts, choosing settings and learning again from everything, by the time that they take on MovieLens."""

_WORTH_PROCESSES = 20_000
"""Interactions; fewer are learned before a process has started."""


def fit(
    dataset: Dataset,
    config: TrainConfig,
    *,
    valid: Interactions | None = None,
    refit_on_all: bool = True,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    executor: Executor = here,
) -> FitResult:
    """A model learned from a data set, with settings chosen on validation.

    Args:
        dataset: graph and interactions; where ``valid`` is None, a tenth of these is held out for validation.
        valid: interactions to choose settings on, not in the data set.
        refit_on_all: learn once more from training and validation together, with the chosen settings.
        checkpoint: folder for resuming the training of the embeddings.
        executor: runs the trainings of embeddings, see :func:`executor_for`.

    Raises:
        KgrecError: too few interactions to hold anything out.
        ConfigError: the settings ask for a GPU, and there is none, or for kinds of interactions that do not occur.
        TrainingDivergedError: a loss was not finite.
    """
    training_device(config)  # before long work
    train, held = parts_of(dataset, valid, config)
    with limited_threads(dataset, config):
        return _fit(dataset, train, held, config, refit_on_all, checkpoint, progress, executor)


def _fit(
    dataset: Dataset,
    train: Interactions,
    held: Interactions,
    config: TrainConfig,
    refit_on_all: bool,
    checkpoint: Path | None,
    progress: Progress,
    executor: Executor,
) -> FitResult:
    reading, choosing, learning = progress.parts(*_SHARES) if refit_on_all else (*progress.parts(*_SHARES[:2]), silent)
    names = platforms_to_learn(dataset, held, config)
    choosing, alone = choosing.parts(1, 1 if names else 0)
    parts = text_vectors(dataset, config, reading, executor)
    weights = choose_weights([part[: len(dataset.items)] for part in parts], train, held, dataset)
    dataset_of_train = dataset.with_interactions(never_met_before(train, held), held)
    learner = Learner(
        dataset_of_train, joined_vectors(parts, weights), config, checkpoint, choosing.named("Choose"), executor
    )
    try:
        chosen = learner.choose(learner.prepare(held, train))
        chosen = replace(chosen, chosen=replace(chosen.chosen, text_weights=tuple(weights)))
        if names:
            before = dataset.with_interactions(train, held)
            chosen = _choose_platforms(before, held, chosen, config, names, checkpoint, alone, executor)
        if not refit_on_all:
            return chosen
        # What was done after a purchase that was held out is in neither part.
        whole = len(dataset.interactions) > len(train) + len(held)
        everything = dataset if whole else dataset.with_interactions(train.joined(held))
        return refit(everything, chosen, config, checkpoint=checkpoint, progress=learning, executor=executor)
    except TrainingDivergedError:
        if checkpoint is not None:
            mark_diverged(checkpoint)
        raise


@contextmanager
def executor_for(dataset: Dataset, config: TrainConfig, name: str | None = None) -> Iterator[Executor]:
    """What runs the trainings of a data set's embeddings: one process for each, where that is faster, else this one.

    The embeddings of a small catalogue are trained by one thread, so that several trainings leave no processor idle.
    Few interactions are learned before a process has started; of many items, each process needs much memory.

    Args:
        name: of another executor, which runs them in any case.

    Raises:
        ConfigError, ExecutorError: see :func:`kgrec.learn.named_executors.open_executor`.
    """
    if name is not None:
        with open_executor(name) as asked_for:
            yield asked_for
        return
    with threads_limited_to(config.num_threads):
        n = thread_limit()
    small = len(np.unique(dataset.interactions.item)) <= LIMITS.one_thread_items
    if n == 1 or not small or len(dataset.interactions) < _WORTH_PROCESSES or config.device != "cpu":
        yield here
        return
    with Processes(max(n, config.ensemble), preload=[SharedTraining.__module__]) as processes:
        yield processes


def limited_threads(dataset: Dataset, config: TrainConfig) -> AbstractContextManager[None]:
    """As many threads as the settings allow, in the linear algebra of a small catalogue one."""
    small = len(np.unique(dataset.interactions.item)) <= LIMITS.one_thread_items
    return threads_limited_to(config.num_threads, in_linear_algebra=1 if small else None)


def parts_of(dataset: Dataset, valid: Interactions | None, config: TrainConfig) -> tuple[Interactions, Interactions]:
    """The training and the validation part, see :func:`fit`.

    Raises:
        KgrecError: too few interactions to hold anything out.
        ConfigError: nothing was done in a kind that is to be predicted.
    """
    if valid is not None:
        train, held = dataset.interactions, valid
    elif kinds := kinds_named(config.predict, dataset.interactions):
        train, held = hold_out_taken(dataset.interactions, kinds, seed=config.seed)
    else:
        train, held = hold_out(dataset.interactions, seed=config.seed)
    if not np.isin(held.item, train.item).any():
        without_known = ", of items that nobody has in training" if len(held) else ""
        raise KgrecError(
            "there are too few interactions to learn from.",
            where="interactions",
            found=f"{len(train)} to train on and {len(held)} to validate on{without_known}",
            expected="users with at least a few interactions each",
            next="import more interactions, or check `kgrec inspect`",
        )
    return train, held


def refit(
    dataset: Dataset,
    learned: FitResult,
    config: TrainConfig,
    *,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    executor: Executor = here,
) -> FitResult:
    """A model learned from all interactions of a data set, with settings that validation chose before."""
    training_device(config)
    folder = None if checkpoint is None else checkpoint / "refit"
    progress = progress.named("Train")
    with limited_threads(dataset, config):
        texts = joined_vectors(text_vectors(dataset, config, progress, executor), learned.chosen.text_weights)
        learner = Learner(dataset, texts, config, folder, progress, executor)
        model, embeddings = learner.refit(learned.chosen, progress)
    alone = {
        name: refit(
            of_platform(dataset, name), one.alone, config, checkpoint=_folder(folder, number), executor=executor
        )
        for number, (name, one) in enumerate(learned.platforms.items())
    }
    model = with_platforms(
        model, dataset, {name: one.model for name, one in alone.items()}, others_of(learned.platforms)
    )
    return replace(
        learned,
        model=model,
        embeddings=embeddings,
        train_only=learned.train_only or learned.model,
        platforms={name: replace(one, alone=alone[name]) for name, one in learned.platforms.items()},
    )


def _choose_platforms(
    dataset: Dataset,
    held: Interactions,
    chosen: FitResult,
    config: TrainConfig,
    names: Sequence[str],
    checkpoint: Path | None,
    progress: Progress,
    executor: Executor,
) -> FitResult:
    """The choice for all platforms with the models that make the lists of some.

    Args:
        dataset: with the training part.
    """

    by_itself = config.model_copy(update={"platform_weights": ""})

    def learn_alone(name: str, train: Dataset, valid: Interactions, share: Progress) -> FitResult:
        folder = _folder(checkpoint, names.index(name))
        return _fit(train, train.interactions, valid, by_itself, False, folder, share, executor)

    tried = chosen_platforms(dataset, held, chosen.model, config, learn_alone, names, progress)
    fits = {name: one for name, one in tried.items() if not one.are_shared}
    alone = {name: one.alone.model for name, one in fits.items()}
    reports = {name: dict(one.report) for name, one in tried.items()}
    return replace(
        chosen,
        model=with_platforms(chosen.model, dataset, alone, others_of(fits)),
        chosen=replace(chosen.chosen, platforms=reports, alone={name: one.alone.chosen for name, one in fits.items()}),
        trials=chosen.trials + sum(one.alone.trials for one in tried.values()),
        platforms=fits,
    )


def _folder(checkpoint: Path | None, number: int) -> Path | None:
    """Where the trainings of a platform are resumed."""
    return None if checkpoint is None else checkpoint / f"platform_{number}"
