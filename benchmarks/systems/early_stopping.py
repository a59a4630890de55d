"""Training in epochs that validation ends: what was best there is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from kgrec.errors import TrainingDivergedError
from kgrec.metrics.rankers import Ranker

CHECK_EVERY, PATIENCE, MOST_EPOCHS = 5, 4, 200
R = TypeVar("R", bound=Ranker)


def trained(
    one_epoch: Callable[[int], None],
    ranker_after: Callable[[int], R],
    *,
    quality: Callable[[Ranker], float] | None,
    seconds: float,
    epochs: int | None,
) -> R:
    """The ranker after the epoch that is best on validation, or after the last one.

    Args:
        one_epoch: trains; epochs are numbered from 1.
        ranker_after: what is learned so far, in memory of its own.
        quality: validation, read every 5 epochs; training ends after 4 readings without a better one, or 200 epochs.
            None trains for exactly ``epochs``.
        seconds: with ``quality``, training also ends after the first epoch that lasts longer.
    """
    best, best_quality, best_epoch = None, -np.inf, 0
    last = epochs or MOST_EPOCHS
    started = time.perf_counter()
    for epoch in range(1, last + 1):
        one_epoch(epoch)
        late = quality is not None and time.perf_counter() - started > seconds
        if epoch == last or late or (quality is not None and epoch % CHECK_EVERY == 0):
            ranker = ranker_after(epoch)
            reached = quality(ranker) if quality is not None else 0.0
            if reached > best_quality:
                best, best_quality, best_epoch = ranker, reached, epoch
            if late or epoch - best_epoch >= CHECK_EVERY * PATIENCE:
                break
    assert best is not None  # the last epoch is always looked at
    return best


def diverged(model: object, epoch: int, loss: float, learning_rate: float) -> TrainingDivergedError:
    """The error of a loss that is not finite."""
    return TrainingDivergedError(
        "the loss is not finite.",
        where=f"{type(model).__name__}, epoch {epoch}",
        found=f"{loss}",
        expected="a finite number",
        next=f"lower its learning_rate (now {learning_rate:g})",
    )
