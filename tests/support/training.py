"""Trainings of a small world, and whether two of them are the same."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.neural.epoch_loop import Epoch
from kgrec.learn.neural.model import Embeddings
from kgrec.learn.neural.trainer import Trained, Trainer
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import genre_world

WORLD = genre_world(np.random.default_rng(0), n_users=24, n_items=24)
TEXTS = HashingEncoder(16).encode(WORLD.texts)


def trainer(config: TrainConfig, checkpoint: Path | None = None, world: Dataset = WORLD) -> Trainer:
    n_items = len(world.items)
    history = HistoryWeights().matrix(world.interactions, len(world.users), n_items)
    return Trainer(world, TEXTS, np.linspace(-2, 0, n_items), config, history, checkpoint)


def quality(embeddings: Embeddings) -> float:
    """A made-up but repeatable validation that goes up and down."""
    return float(np.cos(50 * np.abs(embeddings.source).sum()))


def assert_same(a: Trained, b: Trained) -> None:
    """Equal to the bit, but for the clock."""
    for field in fields(Embeddings):
        np.testing.assert_array_equal(getattr(a.embeddings, field.name), getattr(b.embeddings, field.name))
    assert a.best_epoch == b.best_epoch
    assert without_clock(a.log) == without_clock(b.log)


def without_clock(log: list[Epoch]) -> list[Epoch]:
    return [{name: value for name, value in entry.items() if name != "seconds"} for entry in log]
