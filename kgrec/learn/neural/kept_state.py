"""The state of a training as bytes, for the others who work on it and for whoever goes on with it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from safetensors.torch import load, save

from kgrec.learn.neural.checkpoint import State
from kgrec.parallel.board import Board

_STATE = "state"


def state_to_bytes(state: State) -> bytes:
    """A line of JSON, then safetensors."""
    head = json.dumps({"log": state.log, "best_epoch": state.best_epoch}).encode()
    tensors: bytes = save({name: tensor.contiguous() for name, tensor in state.tensors.items()})
    return b"\n".join([head, tensors])


def state_of(content: bytes) -> State:
    """The state that :func:`state_to_bytes` wrote."""
    head, _, tensors = content.partition(b"\n")
    kept = json.loads(head)
    return State(load(tensors), kept["log"], kept["best_epoch"])


@dataclass(frozen=True)
class BoardKeeper:
    """Keeps the state of a run on its board, for as long as the run: whoever leads it next goes on from there."""

    board: Board
    place: str = "the memory of this run"

    def save(self, state: State) -> None:
        """Put the state in the place of the one before."""
        self.board.put(_STATE, state_to_bytes(state))

    def load(self) -> State | None:
        """The kept state; None where there is none yet."""
        content = self.board.get(_STATE)
        return None if content is None else state_of(content)

    def mark_diverged(self) -> bool:
        """False: with other settings another run begins, which knows nothing of this one."""
        return False
