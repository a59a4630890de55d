"""System: how a ranker to compare with is fitted, and what is tried on validation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self, runtime_checkable

from kgrec.data.dataset import Interactions
from kgrec.metrics.rankers import Ranker

Setting = dict[str, Any]
"""Name of a parameter to its value."""

Fit = Callable[..., "Baseline"]
"""``fit(train, n_users, n_items, **setting)``"""


class Baseline(Ranker, Protocol):
    """A fitted ranker that can be handed another history than the one it was fitted on."""

    def with_history(self, history: Interactions) -> Self:
        """What was fitted, over other histories of the same users."""


@runtime_checkable
class Fading(Protocol):
    """A fitted ranker in whose histories what was taken long ago may count less, without fitting it again."""

    def with_recency(self, recency: float) -> Baseline:
        """What was fitted, with another factor per later item of a history, in (0, 1]."""


@runtime_checkable
class StoppedEarly(Protocol):
    """A fitted ranker whose epochs validation decided; ``epochs`` fits it again without validation."""

    epochs: int


@dataclass(frozen=True)
class System:
    """A baseline as it is measured: how it is fitted and what is tried.

    Attributes:
        fit: ``fit(train, n_users, n_items, **further, **setting)``.
        grid: settings to try on validation, the default first where they are equally good. Where the best value of a
            number is the least or the largest that was tried, the search goes on beyond it.
        recencies: factors per later item of a history to try as the setting ``recency`` where times are known; what
            ``fit`` gives is then :class:`Fading`. Empty for systems that ignore order, or know it in another way.
        at_most: largest value of a setting, by its name, where there is one.
        reads: names of further arguments of ``fit``: ``seed``, or the graph as ``facts`` and ``n_nodes``.
        stops_early: ``fit`` takes ``quality`` and ``seconds``, see
            :func:`kgrec.evaluation.baseline_tuning.tune_baseline`.
        package: what it needs of the extra ``bench``, by the name of its import; empty for nothing.
        most_items: catalogue beyond which it is refused rather than run for hours; None is no limit.
        needs_times: it learns from the order of events, and is refused where times are unknown.
        user_is_history: a history given later is scored as exactly as those of training; False for systems that have a
            vector of their own for each user of the training.
    """

    fit: Fit
    grid: tuple[Setting, ...]
    recencies: tuple[float, ...] = ()
    at_most: Mapping[str, float] = field(default_factory=dict)
    reads: tuple[Literal["seed", "facts", "n_nodes"], ...] = ()
    stops_early: bool = False
    package: str = ""
    most_items: int | None = None
    needs_times: bool = False
    user_is_history: bool = True


RECENCIES = (1.0, 0.97, 0.93, 0.87, 0.75, 0.5)
"""What is tried as ``recency`` by systems whose weights do not know order."""


def grid(**values: Sequence[Any]) -> tuple[Setting, ...]:
    """All combinations of some values, the last parameter changing fastest."""
    return tuple(dict(zip(values, row, strict=True)) for row in itertools.product(*values.values()))
