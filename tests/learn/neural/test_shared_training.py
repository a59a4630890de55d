"""One training on several workers: its numbers are those of one process, also where a worker is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from kgrec.data.splits import hold_out
from kgrec.errors import TrainingDivergedError
from kgrec.learn.named_executors import open_executor
from kgrec.learn.neural.checkpoint import Keeper, State
from kgrec.learn.neural.shard_sums import ShardWorkers, WorkShard
from kgrec.learn.neural.shared_training import SharedTraining, handed_over
from kgrec.learn.neural.trainer import Trained, Trainer
from kgrec.learn.neural.training_run import TrainingRun
from kgrec.parallel.executor import Executor
from kgrec.progress import Progress, silent
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import genre_world, quick
from tests.support.training import assert_same

EPOCHS = 5
KILLED_IN = 2
"""The epoch, from 0, in whose second step a worker is killed."""


@dataclass(frozen=True)
class Watched(TrainingRun):
    """A training that writes down what it does, and kills one of its workers.

    Attributes:
        notes: a folder; in ``begun`` are the epochs that a leader has begun, one a line.
        kills: who is killed, once: the leader, the helper, or nobody.
    """

    notes: Path = Path()
    kills: str = "nobody"

    def led(self, progress: Progress, workers: ShardWorkers) -> Trained:
        return super().led(progress, Deadly(workers, self, "leader"))

    def trainer(self) -> Trainer:
        trainer = super().trainer()
        real = trainer.take_part

        def take_part(number: int, state: State, workers: ShardWorkers) -> None:
            deadly = Deadly(workers, self, "helper")
            deadly.epoch = number
            real(number, state, deadly)

        trainer.take_part = take_part  # type: ignore[method-assign]
        return trainer


class Deadly:
    """Works shards, and kills its process at a certain step of a certain epoch."""

    def __init__(self, workers: ShardWorkers, run: Watched, role: str) -> None:
        self.workers, self.run, self.role = workers, run, role
        self.epoch, self.step = -1, 0

    @property
    def keeper(self) -> Keeper | None:
        return self.workers.keeper

    @property
    def size(self) -> int:
        return self.workers.size

    def begin(self, epoch: int, state: Callable[[], State]) -> None:
        self.epoch, self.step = epoch, 0
        self.workers.begin(epoch, state)
        with (self.run.notes / "begun").open("a", encoding="utf-8") as file:
            file.write(f"{epoch}\n")

    def summed(self, shards: int, work: WorkShard) -> list[Tensor]:
        self.step += 1
        mark = self.run.notes / "killed"
        if self.run.kills == self.role and (self.epoch, self.step) == (KILLED_IN, 2) and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.workers.summed(shards, work)


def training(notes: Path, kills: str = "nobody", checkpoint: Path | None = None, **changes: object) -> Watched:
    world = genre_world(np.random.default_rng(0))
    train, held = hold_out(world.interactions)
    return Watched(
        dataset=world.with_interactions(train),
        texts=None,
        config=quick(**{"epochs": EPOCHS, "patience": EPOCHS, "user_shards": 3, **changes}),
        serving=HistoryWeights(),
        depth=1,
        checkpoint=checkpoint,
        valid=held.matrix(len(world.users), len(world.items)),
        notes=notes,
        kills=kills,
    )


def begun(notes: Path) -> list[int]:
    return [int(line) for line in (notes / "begun").read_text(encoding="utf-8").split()]


@pytest.fixture(scope="module", params=["processes:2", pytest.param("ray", marks=pytest.mark.slow)])
def workers(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda process: {0, 1})  # a cluster of two, whatever the machine
        opening = open_executor(request.param)
    with opening as opened:
        yield opened


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """What one process makes of it."""
    return training(tmp_path_factory.mktemp("alone"))(silent)


def test_two_workers_train_to_the_last_bit_as_one_process(workers: Executor, alone: Trained, tmp_path: Path) -> None:
    notes: list[str] = []
    pending = handed_over(training(tmp_path), workers, 2)
    assert_same(pending.result(Progress(lambda event: notes.append(event.note))), alone)
    assert all(note.endswith(", 2 workers") for note in notes if note), "nobody helped"
    assert len([note for note in notes if note]) == EPOCHS
    assert workers.free() == 2


@pytest.mark.parametrize("has_checkpoint", [False, True])
@pytest.mark.parametrize("kills", ["leader", "helper"])
def test_a_worker_that_is_killed_costs_the_epoch_under_way_and_nothing_else(
    kills: str, has_checkpoint: bool, workers: Executor, alone: Trained, tmp_path: Path
) -> None:
    run = training(tmp_path, kills, tmp_path / "checkpoint" if has_checkpoint else None)
    found = handed_over(run, workers, 2).result(silent)
    assert (tmp_path / "killed").exists(), "nobody was killed"
    assert_same(found, alone)
    whole, again = list(range(EPOCHS)), [0, 1, 2, 2, 3, 4]
    assert begun(tmp_path) == again if kills == "leader" else begun(tmp_path) in (whole, again)


def test_an_error_of_a_training_is_raised_as_it_is(workers: Executor, tmp_path: Path) -> None:
    with pytest.raises(TrainingDivergedError) as error:
        handed_over(training(tmp_path, learning_rate=1e30), workers, 2).result(silent)
    assert error.value.where is not None
    assert error.value.where.startswith("epoch 1")


def test_as_many_share_a_training_as_it_has_shards_and_there_are_workers(tmp_path: Path) -> None:
    counted: list[int] = []

    class Counting:
        """An executor that runs nothing."""

        def __getattr__(self, name: str) -> object:
            counted.append(1) if name == "submit" else None
            return lambda *given: None

    settings = [
        (1, 8, "cpu", 1),
        (3, 8, "cpu", 3),
        (3, 2, "cpu", 2),
        (3, 1, "cpu", 1),
        (3, 0, "cpu", 1),
        (3, 8, "cuda", 1),
    ]
    for shards, given, device, expected in settings:
        counted.clear()
        run = training(tmp_path, user_shards=shards, device=device)
        pending = handed_over(run, Counting(), given)  # type: ignore[arg-type]
        assert len(counted) == expected
        assert isinstance(pending, SharedTraining) is (expected > 1)
