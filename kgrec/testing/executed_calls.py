"""What every executor promises, as tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError
from kgrec.learn.named_executors import open_executor
from kgrec.parallel.executor import Executor
from kgrec.progress import Event, Progress, silent


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


class ExecutorContract:
    """Subclass it and give the name, as after ``--executor``."""

    name: ClassVar[str]

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
