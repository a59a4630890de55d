"""Who leads a training and who helps: the leader has the state and the result, helpers come and go.

What they leave on their board: ``leader`` says who leads, each helper applies to it under its number, and ``call``
names those whom the leader takes, where they meet, and the epoch that they work. A helper that is gone costs the step
under way, which the leader does by itself; a leader that is gone, the epoch: whoever takes its place goes on with the
state that it kept. The leader waits for nobody for long, and helpers for nobody but a leader.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from torch import Tensor

from kgrec.errors import TrainingDivergedError
from kgrec.learn.neural.checkpoint import State
from kgrec.learn.neural.kept_state import BoardKeeper, state_of, state_to_bytes
from kgrec.learn.neural.shard_sums import WorkShard, added
from kgrec.learn.neural.shard_team import Team, arithmetic, meeting_place
from kgrec.learn.neural.trainer import Trainer
from kgrec.parallel.board import Board

LEADER, CALL = "leader", "call"
DONE = b"done"
"""In the place of a leader: the training is over."""
_SECONDS_FOR_ALL, _SECONDS_FOR_SOME = 30.0, 2.0
"""How long the leader waits for helpers: before its first epoch, and where one has come that was away."""
_SECONDS_BETWEEN_LOOKS = 0.05


@dataclass
class Leader:
    """Works the shards of a training with whoever helps; alone where nobody does.

    Attributes:
        board: where helpers apply.
        helpers: how many there are at most.
        tell: told in words what becomes of helpers.
        keeper: keeps the state for the next leader, on the board.
    """

    board: Board
    helpers: int
    tell: Callable[[str], None]
    keeper: BoardKeeper = field(init=False)
    _has_begun: bool = field(default=False, init=False)
    _life: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)
    _team: Team | None = field(default=None, init=False)
    _members: list[str] = field(default_factory=list, init=False)
    _had: set[str] = field(default_factory=set, init=False)
    _address: tuple[str, int] = field(default=("", 0), init=False)

    def __post_init__(self) -> None:
        self.keeper = BoardKeeper(self.board)

    def __enter__(self) -> Self:
        self.board.put(LEADER, self._life.encode())
        return self

    def __exit__(self, *error: object) -> None:
        self.board.put(LEADER, DONE)
        self._team = None

    @property
    def size(self) -> int:
        """Members of the team, the leader among them."""
        return 1 if self._team is None else self._team.size

    def begin(self, epoch: int, state: Callable[[], State]) -> None:
        """Take who applies, and give everybody the state that an epoch begins with."""
        fresh = len(self._applications())
        if not self._has_begun:
            self._has_begun = True
            self._wait(self.helpers, _SECONDS_FOR_ALL)
            self._meet(epoch)
        elif fresh:
            wanted = fresh + len(self._members)
            self._part()
            self._wait(wanted, _SECONDS_FOR_SOME)
            self._meet(epoch)
        if self._team is not None:
            self._call(epoch)
            self._try(lambda team: team.told(state_to_bytes(state())))

    def summed(self, shards: int, work: WorkShard) -> list[Tensor]:
        """The sum over the shards; where a helper is lost meanwhile, all of them are worked here."""
        own = {shard: work(shard) for shard in range(0, shards, self.size)}
        found = self._try(lambda team: team.summed(shards, own.__getitem__))
        return found or added(own.get(shard) or work(shard) for shard in range(shards))

    def _try(self, exchange: Callable[[Team], Any]) -> Any:
        """What an exchange with the team gives; None where there is no team, and where it has lost somebody."""
        try:
            return None if self._team is None else exchange(self._team)
        except RuntimeError as error:
            self.tell(f"a worker that shared the training is gone, its part is worked here: {_first_line(error)}")
            self._part()
            return None

    def _applications(self) -> list[str]:
        """New ones, of helpers whose numbers have the same last bits."""
        found = []
        for number in range(1, self.helpers + 1):
            application = json.loads(self.board.get(_place_of(number)) or b"{}")
            fresh = application.get("to") == self._life and application["name"] not in self._had
            if fresh and application["arithmetic"] == arithmetic():
                found.append(application["name"])
        return found

    def _wait(self, wanted: int, seconds: float) -> None:
        """Wait for so many applications, and no longer than that."""
        end = time.monotonic() + seconds
        while len(self._applications()) < wanted and time.monotonic() < end:
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _meet(self, epoch: int) -> None:
        """A team of who has applied; none where nobody has, or somebody does not come."""
        self._members = self._applications()
        self._had.update(self._members)
        if len(self._members) < self.helpers:
            self.tell(
                f"{len(self._members)} of {self.helpers} workers with a processor as here came to share the training"
            )
        if not self._members:
            return
        host = self.board.host()
        try:
            store = meeting_place(host)
            self._address = host, store.port
            self._call(epoch)
            self._team = Team.met(store, host, 0, 1 + len(self._members))
        except (OSError, RuntimeError) as error:
            self.tell(f"workers did not meet at {host}, their part is worked here: {_first_line(error)}")
            self._part()

    def _part(self) -> None:
        """No team any more: helpers apply anew."""
        self._team, self._members = None, []
        self._call(-1)

    def _call(self, epoch: int) -> None:
        call = {"from": self._life, "members": self._members, "address": self._address, "epoch": epoch}
        self.board.put(CALL, json.dumps(call).encode())


def help_along(trainer: Trainer, board: Board, number: int) -> None:
    """Work shards for whoever leads, until the training is over.

    Args:
        trainer: has the same data and settings as the leader's.
        number: of this helper, from 1.
    """
    while (leader := board.get(LEADER)) != DONE:
        if leader is None:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            continue
        name = uuid.uuid4().hex
        application = {"to": leader.decode(), "name": name, "arithmetic": arithmetic()}
        board.put(_place_of(number), json.dumps(application).encode())
        with suppress(RuntimeError, TrainingDivergedError):  # the leader is gone, or has parted, or says so itself
            _work_for(trainer, board, leader.decode(), name)


def _work_for(trainer: Trainer, board: Board, leader: str, name: str) -> None:
    """Work the epochs that a leader calls to under a name of this helper, until it leads or calls no more."""
    team, last = None, -1
    while board.get(LEADER) == leader.encode():
        call = json.loads(board.get(CALL) or b"{}")
        called = call.get("from") == leader and name in call["members"]
        if not called and team is not None:
            return
        if not called or call["epoch"] == last:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            continue
        if team is None:
            rank, size = call["members"].index(name) + 1, len(call["members"]) + 1
            team = Team.joined(tuple(call["address"]), board.host(), rank, size)
        last = call["epoch"]
        trainer.take_part(last, state_of(team.told()), Member(team))


@dataclass(frozen=True)
class Member:
    """Works shards in a team that another process leads."""

    team: Team
    keeper: None = None

    @property
    def size(self) -> int:
        """Members of the team."""
        return self.team.size

    def begin(self, epoch: int, state: Callable[[], State]) -> None:
        """Nothing: the leader begins."""

    def summed(self, shards: int, work: WorkShard) -> list[Tensor]:
        """The sum over the shards, as the leader has it."""
        return self.team.summed(shards, work)


def _place_of(number: int) -> str:
    return f"helper-{number}"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
