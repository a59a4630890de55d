"""Context: the circumstances of a question, the same for Python, the command line and HTTP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances in which somebody asks.

    Attributes:
        at: when they ask, unix seconds (``time.time()``): who comes back after a pause is not taken to go on with what
            they did last. None, or a history without times, leaves the pause unknown.
    """

    at: float | None = None
