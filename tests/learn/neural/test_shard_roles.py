"""A leader and its helpers: the sum is the same, whoever comes, goes or stays away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from kgrec.learn.neural import shard_roles, shard_team
from kgrec.learn.neural.checkpoint import State
from kgrec.learn.neural.shard_roles import DONE, LEADER, Leader, help_along
from kgrec.learn.neural.shard_sums import ShardWorkers
from kgrec.learn.neural.trainer import Trainer
from kgrec.parallel.board import Board
from kgrec.parallel.executor import here

PARTS = torch.tensor([0.1, 0.7, -0.3, 0.9])
SUM = ((PARTS[0] + PARTS[1]) + PARTS[2]) + PARTS[3]


def work(shard: int) -> list[Tensor]:
    return [PARTS[shard : shard + 1]]


def state() -> State:
    return State({"model.a": torch.tensor([1.0])}, [], 0)


@dataclass
class Stub:
    """What a helper does in place of training: one step an epoch.

    Attributes:
        leaves: the epoch in which it is gone.
        seen: epochs that it had a part in, and the state that they began with.
    """

    leaves: int | None = None
    seen: list[tuple[int, float]] = field(default_factory=list)

    def take_part(self, number: int, of: State, workers: ShardWorkers) -> None:
        self.seen.append((number, float(of.tensors["model.a"])))
        if number == self.leaves:
            raise RuntimeError("gone")
        assert workers.summed(4, work) == [SUM.reshape(1)]


@pytest.fixture
def board() -> Iterator[Board]:
    board = here.board()
    yield board
    board.clear()


@contextmanager
def helped(board: Board, *stubs: Stub) -> Iterator[Callable[[int, Stub], None]]:
    """Helpers of a training, from 1 on; another one begins when its number and stub are given."""
    with ThreadPoolExecutor(4) as pool:
        begun: list[Future[None]] = []

        def begin(number: int, stub: Stub) -> None:
            begun.append(pool.submit(help_along, cast(Trainer, stub), board, number))

        for number, stub in enumerate(stubs, 1):
            begin(number, stub)
        try:
            yield begin
        finally:
            board.put(LEADER, DONE)
        for helper in begun:
            helper.result()


def epoch(leader: Leader, number: int) -> int:
    """How many had a part in an epoch, whose sum is looked at."""
    leader.begin(number, state)
    size = leader.size
    assert leader.summed(4, work) == [SUM.reshape(1)]
    return size


def test_helpers_have_a_part_in_every_epoch(board: Board) -> None:
    told, stubs = list[str](), [Stub(), Stub()]
    with helped(board, *stubs), Leader(board, 2, told.append) as leader:
        assert [epoch(leader, number) for number in range(4)] == [3] * 4
    assert all(stub.seen == [(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0)] for stub in stubs)
    assert told == []


def test_a_helper_that_is_gone_costs_a_step_and_may_come_back(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    told, stub = list[str](), Stub(leaves=1)
    with helped(board, stub), Leader(board, 1, told.append) as leader:
        assert [epoch(leader, 0), epoch(leader, 1)] == [2, 2]
        assert leader.size == 1
        until(lambda: bool(leader._applications()))
        assert epoch(leader, 2) == 2
    assert [number for number, _ in stub.seen] == [0, 1, 2]
    assert len(told) == 1
    assert told[0].startswith("a worker that shared the training is gone, its part is worked here: ")


def test_one_that_comes_late_is_taken_from_the_next_epoch_on(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_roles, "_SECONDS_FOR_ALL", 0.5)
    told, early, late = list[str](), Stub(), Stub()
    with helped(board, early) as begin, Leader(board, 2, told.append) as leader:
        until(lambda: board.get("helper-1") is not None)
        assert epoch(leader, 0) == 2
        begin(2, late)
        until(lambda: bool(leader._applications()))
        assert [epoch(leader, 1), epoch(leader, 2)] == [3, 3]
    assert [number for number, _ in early.seen] == [0, 1, 2]
    assert [number for number, _ in late.seen] == [1, 2]
    assert told == ["1 of 2 workers with a processor as here came to share the training"]


def test_where_nobody_comes_the_leader_works_alone(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_roles, "_SECONDS_FOR_ALL", 0.1)
    told: list[str] = []
    with Leader(board, 1, told.append) as leader:
        assert [epoch(leader, number) for number in range(3)] == [1, 1, 1]
    assert told == ["0 of 1 workers with a processor as here came to share the training"]
    assert board.get(LEADER) == DONE


def applied(board: Board, leader: Leader, **changes: Any) -> None:
    """Somebody applies who never comes."""
    application = {"to": leader._life, "name": "nobody", "arithmetic": shard_team.arithmetic()}
    board.put("helper-1", json.dumps({**application, **changes}).encode())


def test_where_somebody_does_not_come_to_meet_the_leader_works_alone(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_team, "_TIMEOUT", timedelta(seconds=1))
    told: list[str] = []
    with Leader(board, 1, told.append) as leader:
        applied(board, leader)
        assert [epoch(leader, 0), epoch(leader, 1)] == [1, 1]
    assert len(told) == 1
    assert told[0].startswith("workers did not meet at 127.0.0.1, their part is worked here: ")


@pytest.mark.parametrize("changes", [{"arithmetic": "another processor"}, {"to": "another leader"}])
def test_who_has_other_last_bits_or_another_leader_is_not_taken(
    changes: dict[str, str], board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_roles, "_SECONDS_FOR_ALL", 0.1)
    monkeypatch.setattr(shard_team, "_TIMEOUT", timedelta(seconds=1))
    told: list[str] = []
    with Leader(board, 1, told.append) as leader:
        applied(board, leader, **changes)
        assert epoch(leader, 0) == 1
    assert told == ["0 of 1 workers with a processor as here came to share the training"]


def test_helpers_go_over_to_whoever_leads_next(board: Board) -> None:
    stub = Stub()
    with helped(board, stub):
        first = Leader(board, 1, lambda words: None).__enter__()
        assert epoch(first, 0) == 2
        first._team = None  # as if it were killed
        with Leader(board, 1, lambda words: None) as second:
            assert [epoch(second, 0), epoch(second, 1)] == [2, 2]
    assert [number for number, _ in stub.seen] == [0, 0, 1]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for it."""
    for _ in range(2400):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it has not come to that")
