"""Progress: how long work tells that it lives. A callback, so that nobody below the command line draws anything."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then by long work, from its own thread.

    Args:
        stage: what is being done, a few words; a new stage ends the one before.
        done: how much of it is done, in its own unit (rows, epochs, texts).
        total: how much there is; None where that is unknown.
        note: a figure worth showing beside it ("valid ndcg@10 .171").
    """

    def __call__(self, stage: str, done: int, total: int | None = None, note: str = "") -> None: ...


def silent(stage: str, done: int, total: int | None = None, note: str = "") -> None:
    """No progress at all."""
