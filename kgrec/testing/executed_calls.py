"""What every executor promises, as tests."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import pytest

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError
from kgrec.learn.named_executors import open_executor
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.board import Board
from kgrec.parallel.executor import Call, Executor, Pending, Shared
from kgrec.progress import Event, Progress, silent

Value = TypeVar("Value")


@dataclass(frozen=True)
class Squares:
    """A call with data of its own, which tells how far it is."""

    values: Array

    def __call__(self, progress: Progress) -> Array:
        """The squares."""
        progress("squares", 1, 2, "half", unit="numbers")
        return self.values**2


def refused(progress: Progress) -> int:
    """Nothing: an error of ours."""
    raise ConfigError("no.", where="a call", next="ask another")


@dataclass(frozen=True)
class Table:
    """What many blocks read.

    Attributes:
        mark: a file; where it is said and not there yet, who reads the third block makes it and is killed.
    """

    numbers: Array
    mark: Path | None = None


def column_sums(table: Table, rows: range) -> tuple[Array, int]:
    """Of some rows, and the process that added them up."""
    if table.mark is not None and rows.start == 20 and not table.mark.exists():
        table.mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return table.numbers[rows.start : rows.stop].sum(axis=0), os.getpid()


def sums_of_blocks(executor: Executor, table: Table, told: list[Event] | None = None) -> list[tuple[Array, int]]:
    """What an executor makes of the table, ten rows a block."""
    progress = silent if told is None else Progress(told.append)
    return list(map_blocks(executor, column_sums, table, ranges(len(table.numbers), 10), progress, "sums", "rows"))


@dataclass(frozen=True)
class Message:
    """A call that answers on a board.

    Attributes:
        to: who is spoken to, by the name of a word.
    """

    board: Board
    to: str

    def __call__(self, progress: Progress) -> str:
        """An address of the machine on which it ran."""
        heard = self.board.get("question")
        self.board.put(self.to, b"nothing" if heard is None else heard + b"!")
        return self.board.host()


@dataclass(frozen=True)
class _KilledOnce:
    """A call whose worker is killed by SIGKILL at the first try, which makes the mark."""

    call: Call[Any]
    mark: Path

    def __call__(self, progress: Progress) -> Any:
        if not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.call(progress)


@dataclass
class LosesAWorker:
    """An executor that kills the worker which has one of the calls; all else is another executor's.

    Attributes:
        executor: has processes of its own.
        mark: a file that is not there, and is as soon as a worker has been killed.
        over: number of the call, from 1.
        submitted: how many calls there were.
    """

    executor: Executor
    mark: Path
    over: int = 2
    submitted: int = 0

    def __post_init__(self) -> None:
        self.threads_of_call = self.executor.threads_of_call

    def free(self) -> int:
        """As the executor has it."""
        return self.executor.free()

    def submit(self, call: Call[Value]) -> Pending[Value]:
        """The call, handed over to the executor."""
        self.submitted += 1
        return self.executor.submit(_KilledOnce(call, self.mark) if self.submitted == self.over else call)

    def share(self, value: Value) -> AbstractContextManager[Shared[Value]]:
        """As the executor has it."""
        return self.executor.share(value)

    def board(self) -> Board:
        """As the executor has it."""
        return self.executor.board()


def wait_a_second(progress: Progress) -> None:
    """Nothing, after a second."""
    time.sleep(1)


class ExecutorContract:
    """Subclass it and give the name, as after ``--executor``.

    Attributes:
        has_processes: whether calls run in processes of their own, which may be killed.
    """

    name: ClassVar[str]
    has_processes: ClassVar[bool] = True

    @pytest.fixture(scope="class")
    @classmethod
    def executor(cls) -> Iterator[Executor]:
        """The executor that the name means."""
        with open_executor(cls.name) as opened:
            yield opened

    def test_results_come_to_whom_they_belong_in_any_order(self, executor: Executor) -> None:
        pending = [executor.submit(Squares(np.arange(n, dtype=np.float64))) for n in range(1, 5)]
        for n in (3, 0, 2, 1):
            np.testing.assert_array_equal(pending[n].result(silent), np.arange(n + 1.0) ** 2)

    def test_progress_is_told_in_the_share_of_whoever_waits(self, executor: Executor) -> None:
        told: list[Event] = []
        _, second = Progress(told.append).named("Choose").parts(1, 1)
        executor.submit(Squares(np.ones(2))).result(second)
        assert [(event.stage, event.step, event.done, event.note, event.of_run) for event in told] == [
            ("Choose", "squares", 1, "half", 0.75)
        ]

    def test_an_error_is_raised_as_it_was(self, executor: Executor) -> None:
        with pytest.raises(ConfigError) as error:
            executor.submit(refused).result(silent)
        assert (error.value.summary, error.value.where, error.value.next) == ("no.", "a call", "ask another")

    def test_it_says_with_how_many_threads_a_call_should_compute(self, executor: Executor) -> None:
        assert executor.threads_of_call >= 0

    def test_work_in_blocks_does_not_wait_for_other_calls(self, executor: Executor) -> None:
        if not self.has_processes:
            pytest.skip("its calls run in this process")
        others = [executor.submit(wait_a_second) for _ in range(executor.free())]
        assert executor.free() == 0
        assert {process for _, process in sums_of_blocks(executor, Table(np.ones((95, 7))))} == {os.getpid()}
        for other in others:
            other.result(silent)
        assert executor.free() > 0

    def test_blocks_come_in_their_order_and_to_the_last_bit(self, executor: Executor) -> None:
        table, told = Table(np.random.default_rng(0).normal(size=(95, 7))), list[Event]()
        found = sums_of_blocks(executor, table, told)
        expected = [table.numbers[start : start + 10].sum(axis=0) for start in range(0, 95, 10)]
        np.testing.assert_array_equal([sums for sums, _ in found], expected)
        assert [event.done for event in told if event.step == "sums"] == [*range(10, 100, 10), 95]
        assert {event.total for event in told if event.step == "sums"} == {95}
        assert (os.getpid() in {process for _, process in found}) is not self.has_processes

    def test_what_is_shared_does_not_travel_with_each_call(self, executor: Executor) -> None:
        table = Table(np.ones((1000, 1000)))
        with executor.share(table) as handle:
            if self.has_processes:
                assert len(pickle.dumps(handle)) < 2000
            np.testing.assert_array_equal(handle.value().numbers, table.numbers)
            assert handle.value() is handle.value()

    def test_calls_leave_word_on_a_board(self, executor: Executor) -> None:
        board = executor.board()
        assert board.get("answer") is None
        executor.submit(Message(board, "early")).result(silent)
        board.put("question", b"no")
        board.put("question", bytes(100_000))
        address = executor.submit(Message(board, "answer")).result(silent)
        assert (board.get("early"), board.get("answer")) == (b"nothing", bytes(100_000) + b"!")
        assert address == board.host()
        assert len(pickle.dumps(board)) < 2000
        assert executor.board().get("question") is None
        board.clear()

    def test_a_worker_that_is_killed_costs_its_block_and_nothing_else(self, executor: Executor, tmp_path: Path) -> None:
        if not self.has_processes:
            pytest.skip("its calls run in this process")
        table = Table(np.random.default_rng(1).normal(size=(95, 7)), tmp_path / "mark")
        found = sums_of_blocks(executor, table)
        expected = [table.numbers[start : start + 10].sum(axis=0) for start in range(0, 95, 10)]
        np.testing.assert_array_equal([sums for sums, _ in found], expected)
        assert os.getpid() not in {process for _, process in found}, "workers go on with the blocks that are left"
