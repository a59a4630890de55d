"""Watching for drift: the last answers of the model beside what it was trained on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kgrec.bundle.bundle import Bundle
from kgrec.metrics.drift import BEST_SCORE, ENOUGH, HISTORY_LENGTH, SHIFTED, Distribution

_LAST = 1_000
"""Answers that are compared."""


@dataclass(frozen=True)
class Drift:
    """How far a quantity is from what it was in training.

    Attributes:
        psi: population stability index; None while there are too few answers, or nothing to compare with.
        answers: that it comes from, the last ones.
        alarm: it is above its bound.
    """

    psi: float | None
    answers: int
    alarm: bool


Answered = Mapping[str, list[float]]
"""What answers were like: values of each quantity, by its name."""


class DriftWatch:
    """Keeps what the last answers were like; a swap of models begins anew, and no id is kept."""

    def __init__(self) -> None:
        self._version = ""
        self._seen: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def note(self, bundle: Bundle, history_length: int, best_score: float | None) -> None:
        """One answer.

        Args:
            best_score: None where the list has been filtered or is empty.
        """
        with self._lock:
            if bundle.version != self._version or not self._seen:
                self._version = bundle.version
                self._seen = {name: deque(maxlen=_LAST) for name in (HISTORY_LENGTH, BEST_SCORE)}
            self._seen[HISTORY_LENGTH].append(float(history_length))
            if best_score is not None:
                self._seen[BEST_SCORE].append(best_score)

    def seen(self, version: str) -> Answered:
        """What the last answers of a model were like, by the name of each quantity."""
        with self._lock:
            return {name: list(values) for name, values in self._seen.items()} if version == self._version else {}

    def figures(self, bundle: Bundle, others: Sequence[Answered] = ()) -> dict[str, Drift]:
        """How far each quantity is from what it was when a model was trained.

        Args:
            others: what further processes of the same service answered with that model.
        """
        parts = self.seen(bundle.version), *others
        return {
            name: _drift(stored, [value for part in parts for value in part.get(name, ())])
            for name, stored in _references(bundle).items()
        }


def _references(bundle: Bundle) -> dict[str, Distribution | None]:
    stored = bundle.manifest.reference
    return {name: Distribution.read(stored[name]) if name in stored else None for name in (HISTORY_LENGTH, BEST_SCORE)}


def _drift(reference: Distribution | None, values: list[float]) -> Drift:
    if reference is None or len(values) < ENOUGH:
        return Drift(None, len(values), False)
    psi = reference.psi(values)
    return Drift(psi, len(values), psi > SHIFTED)
