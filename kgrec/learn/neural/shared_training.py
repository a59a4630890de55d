"""One training spread over workers of an executor: one of them leads it, the others help along."""

from __future__ import annotations

from dataclasses import dataclass

import torch.distributed as dist

from kgrec.learn.neural.shard_roles import DONE, LEADER, Leader, help_along
from kgrec.learn.neural.trainer import Trained
from kgrec.learn.neural.training_run import TrainingRun
from kgrec.parallel.board import Board
from kgrec.parallel.executor import Executor, Pending
from kgrec.progress import Progress, silent


@dataclass(frozen=True)
class Led:
    """The training, with others who may help along.

    Attributes:
        helpers: how many there are at most.
    """

    run: TrainingRun
    board: Board
    helpers: int

    def __call__(self, progress: Progress) -> Trained:
        """What the run gives, whoever helped; raises what it raises."""
        with Leader(self.board, self.helpers, lambda words: progress(words, 0)) as leader:
            return self.run.led(progress, leader)


@dataclass(frozen=True)
class Helped:
    """Help for a training; ``number`` is that of the helper, from 1."""

    run: TrainingRun
    board: Board
    number: int

    def __call__(self, progress: Progress) -> None:
        """Nothing comes of it here."""
        help_along(self.run.trainer(), self.board, self.number)


@dataclass(frozen=True)
class SharedTraining:
    """A training that was handed over to some workers."""

    leader: Pending[Trained]
    helpers: list[Pending[None]]
    board: Board

    def result(self, progress: Progress) -> Trained:
        """What the training gives; raises what it raises."""
        try:
            trained = self.leader.result(progress)
        except Exception:
            self.board.put(LEADER, DONE)  # where it had no chance to say so itself
            raise
        for helper in self.helpers:
            helper.result(silent)
        self.board.clear()
        return trained


def handed_over(run: TrainingRun, executor: Executor, workers: int) -> Pending[Trained]:
    """A training, in work by as many workers of an executor as it has shards, and no more than are said.

    Its numbers do not depend on them: where fewer begin, or some are lost, the others work all shards.
    """
    helpers = min(workers, run.config.user_shards) - 1
    if helpers < 1 or run.config.device != "cpu" or not (dist.is_available() and dist.is_gloo_available()):
        return executor.submit(run)
    board = executor.board()
    leader = executor.submit(Led(run, board, helpers))
    return SharedTraining(
        leader, [executor.submit(Helped(run, board, number)) for number in range(1, helpers + 1)], board
    )
