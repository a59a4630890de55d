"""System: how a ranker to compare with is fitted, and what is tried on validation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, runtime_checkable

from scipy import sparse

from kgrec.metrics.rankers import Ranker

Setting = dict[str, Any]
"""Name of a parameter to its value."""

Fit = Callable[..., "Baseline"]
"""``fit(train, n_users, n_items, **setting)``"""


class Baseline(Ranker, Protocol):
    """A fitted ranker that can be handed another history than the one it was fitted on."""

    def with_history(self, seen: sparse.csr_matrix) -> Self:
        """The same weights over other histories, users x items."""


@runtime_checkable
class StoppedEarly(Protocol):
    """A fitted ranker whose epochs validation decided; ``epochs`` fits it again without validation."""

    epochs: int


@dataclass(frozen=True)
class System:
    """A baseline as it is measured: how it is fitted and what is tried.

    Attributes:
        fit: ``fit(train, n_users, n_items, **further, **setting)``.
        grid: settings to try on validation, the default first where they are equally good.
        reads: names of further arguments of ``fit``: ``seed``, or the graph as ``facts`` and ``n_nodes``.
        stops_early: ``fit`` takes ``quality`` and ``seconds``, see
            :func:`kgrec.evaluation.baseline_tuning.tune_baseline`.
        package: what it needs of the extra ``bench``, by the name of its import; empty for nothing.
        most_items: catalogue beyond which it is refused rather than run for hours; None is no limit.
    """

    fit: Fit
    grid: tuple[Setting, ...]
    reads: tuple[Literal["seed", "facts", "n_nodes"], ...] = ()
    stops_early: bool = False
    package: str = ""
    most_items: int | None = None


def grid(**values: Sequence[Any]) -> tuple[Setting, ...]:
    """All combinations of some values, the last parameter changing fastest."""
    return tuple(dict(zip(values, row, strict=True)) for row in itertools.product(*values.values()))
