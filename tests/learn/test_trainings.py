"""Which trainings are handed over, and to how many workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from kgrec.learn.neural.shared_training import Helped, Led
from kgrec.learn.neural.training_run import TrainingRun
from kgrec.learn.trainings import Trainings
from kgrec.parallel.board import Board, FolderBoard
from kgrec.parallel.executor import here
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import quick
from tests.support.training import WORLD


@dataclass
class Recorded:
    """An executor that runs nothing and writes down what it is given.

    Attributes:
        workers: that have nothing to do.
    """

    workers: int
    calls: list[Any] = field(default_factory=list)
    threads_of_call: int = 1

    def free(self) -> int:
        return self.workers - len(self.calls)

    def submit(self, call: Any) -> Any:
        self.calls.append(call)
        return None

    def share(self, value: Any) -> Any:
        return here.share(value)

    def board(self) -> Board:
        board = here.board()
        board.clear()
        return board

    def sizes(self) -> list[int]:
        """How many workers each training has, in the order in which they were handed over."""
        whole = [1 for call in self.calls if isinstance(call, TrainingRun)]
        return whole + [1 + call.helpers for call in self.calls if isinstance(call, Led)]


def trainings(executor: Recorded, **settings: object) -> Trainings:
    return Trainings(WORLD, None, quick(**settings), None, executor)


@pytest.mark.parametrize(
    ("workers", "shards", "expected"),
    [(4, 1, [1, 1]), (1, 3, [1, 1]), (2, 3, [1, 1]), (3, 3, [1, 1]), (4, 3, [2, 2]), (7, 3, [3, 3]), (9, 3, [3, 3])],
)
def test_trainings_that_are_handed_over_together_share_the_free_workers(
    workers: int, shards: int, expected: list[int]
) -> None:
    executor = Recorded(workers)
    trainings(executor, user_shards=shards).depths((1, 0), HistoryWeights(), sparse.csr_matrix((24, 24)))
    assert executor.sizes() == expected
    helped = [call for call in executor.calls if isinstance(call, Helped)]
    assert len(helped) == sum(expected) - len(expected)
    assert all(isinstance(call.board, FolderBoard) for call in helped)


def test_members_train_for_as_many_epochs_from_seeds_of_their_own() -> None:
    executor = Recorded(4)
    trainings(executor, ensemble=3).members(1, HistoryWeights(), 7, first=1)
    assert [(call.member, call.epochs, call.depth, call.valid) for call in executor.calls] == [
        (1, 7, 1, None),
        (2, 7, 1, None),
    ]
    assert {call.config.num_threads for call in executor.calls} == {1}


def test_one_training_that_is_left_has_all_workers() -> None:
    executor = Recorded(2)
    trainings(executor, user_shards=2, ensemble=1).members(1, HistoryWeights(), 3)
    assert executor.sizes() == [2]
    assert np.all([call.run.epochs == 3 for call in executor.calls])
