"""One training: what it says while it runs, and that it is the same wherever it runs."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.splits import hold_out
from kgrec.learn.named_executors import open_executor
from kgrec.learn.neural.trainer import Trained
from kgrec.learn.neural.training_run import TrainingRun
from kgrec.progress import Progress, silent
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import genre_world, quick


def run(**changes: object) -> TrainingRun:
    world = genre_world(np.random.default_rng(0))
    train, held = hold_out(world.interactions)
    known = {"dataset": world.with_interactions(train), "texts": None, "config": quick(epochs=3, num_threads=1)}
    wanted = held.matrix(len(world.users), len(world.items))
    return TrainingRun(**{**known, "serving": HistoryWeights(), "depth": 1, "valid": wanted, **changes})


def equal(one: Trained, other: Trained) -> bool:
    return bool(np.array_equal(one.embeddings.source, other.embeddings.source))


def test_epochs_are_told_with_what_validation_says() -> None:
    told: list[tuple[str, int, int | None, bool]] = []
    progress = Progress(lambda event: told.append((event.step, event.done, event.total, "ndcg@10" in event.note)))
    run()(progress)
    run(valid=None, epochs=2, member=1, depth=0)(progress)
    assert told == [
        *(("embeddings, 1 hops", epoch, 3, True) for epoch in (1, 2, 3)),
        *(("embeddings, part 2", epoch, 2, False) for epoch in (1, 2)),
    ]


def test_members_differ_and_a_run_does_not() -> None:
    first = run(valid=None, epochs=1)(silent)
    assert equal(first, run(valid=None, epochs=1)(silent))
    assert not equal(first, run(valid=None, epochs=1, member=1)(silent))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["processes:1", "ray"])
def test_a_training_in_another_process_is_the_same(name: str) -> None:
    with open_executor(name) as executor:
        elsewhere = executor.submit(run()).result(silent)
    assert equal(elsewhere, run()(silent))
