"""The state of a training as bytes: it comes back as it was."""

from __future__ import annotations

import numpy as np
import torch

from kgrec.learn.neural.checkpoint import State
from kgrec.learn.neural.kept_state import BoardKeeper, state_of, state_to_bytes
from kgrec.parallel.board import FolderBoard
from kgrec.parallel.executor import here

STATE = State(
    {"model.a": torch.arange(6.0).reshape(2, 3).T, "adam.0.step": torch.tensor(3.0)}, [{"loss": 0.1 + 0.2}], 1
)


def test_a_state_is_the_same_after_bytes() -> None:
    back = state_of(state_to_bytes(STATE))
    assert (back.log, back.best_epoch, back.tensors.keys()) == (STATE.log, 1, STATE.tensors.keys())
    for name, tensor in STATE.tensors.items():
        np.testing.assert_array_equal(back.tensors[name], tensor)


def test_the_last_state_is_on_the_board() -> None:
    board = here.board()
    keeper = BoardKeeper(board)
    assert keeper.load() is None
    keeper.save(STATE)
    keeper.save(State(STATE.tensors, STATE.log * 2, 2))
    kept = BoardKeeper(board).load()
    assert kept is not None
    assert (len(kept.log), kept.best_epoch) == (2, 2)
    assert not keeper.mark_diverged()
    board.clear()
    assert isinstance(board, FolderBoard)
    assert not board.folder.exists()
