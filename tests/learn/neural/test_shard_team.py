"""A team on this machine: it adds up in the order of the shards, and ends where somebody is gone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

import psutil
import pytest
import torch
from torch import Tensor

from kgrec.learn.neural import shard_team
from kgrec.learn.neural.shard_team import Team, arithmetic, meeting_place
from tests.learn.neural.test_shard_sums import LARGE

Value = TypeVar("Value")

HOST = "127.0.0.1"


def together(size: int, act: Callable[[Team], Value]) -> list[Value]:
    """What each member of a team makes of it, by rank."""
    store = meeting_place(HOST)

    def of_member(rank: int) -> Value:
        address = HOST, store.port
        return act(Team.joined(address, HOST, rank, size) if rank else Team.met(store, HOST, 0, size))

    with ThreadPoolExecutor(size) as pool:
        members: list[Future[Value]] = [pool.submit(of_member, rank) for rank in range(size)]
        return [member.result() for member in members]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_all_members_add_up_in_the_order_of_the_shards(size: int) -> None:
    parts = torch.tensor([LARGE, 1.0, 1.0, -LARGE, 0.5])
    worked: list[int] = []

    def work(shard: int) -> list[Tensor]:
        worked.append(shard)
        return [parts[shard : shard + 1], torch.full((2, 3), float(shard))]

    for found in together(size, lambda team: team.summed(5, work)):
        assert found[0].tolist() == [0.5], "in any other order it would be 1.5 or 2.5"
        assert found[1].tolist() == [[10.0] * 3] * 2
    assert sorted(worked) == [0, 1, 2, 3, 4], "each shard is worked once"


def test_the_first_is_heard_by_all() -> None:
    assert together(3, lambda team: team.told(b"of %d" % team.rank)) == [b"of 0"] * 3


def test_somebody_who_is_gone_ends_the_team() -> None:
    def first_alone(team: Team) -> str:
        if team.rank:
            return "left"  # its connections close with it
        with pytest.raises(RuntimeError):
            team.summed(2, lambda shard: [torch.ones(1)])
        return "told"

    assert together(2, first_alone) == ["told", "left"]


def test_who_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_team, "_TIMEOUT", timedelta(seconds=1))
    with pytest.raises(RuntimeError):
        Team.met(meeting_place(HOST), HOST, 0, 2)


def test_nothing_listens_beyond_the_address_of_the_board() -> None:
    def listening(team: Team) -> set[str]:
        with suppress(psutil.AccessDenied):
            return {c.laddr.ip for c in psutil.Process().net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        pytest.skip("this system does not say what listens")

    before = listening(Team(None, 0, 1))
    assert set.union(*together(2, listening)) - before <= {HOST}


def test_the_arithmetic_of_a_machine_is_a_line_of_text() -> None:
    assert arithmetic() == arithmetic()
    assert f"torch {torch.__version__}" in arithmetic()
    assert "\n" not in arithmetic()
