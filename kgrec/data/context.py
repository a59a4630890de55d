"""Context: the circumstances of a question, the same for Python, the command line and HTTP."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from kgrec.data.context_columns import ContextColumn, Contexts
from kgrec.data.time_units import PER_SECOND, WORDS, unit_of
from kgrec.errors import ConfigError, did_you_mean


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances in which somebody asks.

    Attributes:
        at: when they ask, unix seconds (``time.time()``): who comes back after a pause is not taken to go on with what
            they did last, and what is taken lately is so as of then. None leaves the pause unknown, as does a history
            without times, and the trend is as of the last that is counted.
        platform: of whose items the list is made, by the model of that platform where there is one. None is for a list
            of the items of all platforms.
        values: what else is known of the circumstances, by context column of the schema (``weather``: ``rain``). What
            is not given is unknown.
    """

    at: float | None = None
    platform: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, at: float | None, platform: str | None, values: Sequence[str]) -> Self:
        """The context that options say: ``weather=rain`` for each circumstance.

        Raises:
            ConfigError: a circumstance has no name, or is there twice; or as for the class itself.
        """
        pairs = [value.partition("=") for value in values]
        found = {name: value for name, _, value in pairs}
        if len(found) < len(pairs) or not all(name and sign for name, sign, _ in pairs):
            raise ConfigError(
                "a circumstance cannot be read.",
                where="context",
                found=", ".join(values),
                expected="NAME=VALUE, each name once",
                next="write it as weather=rain",
            )
        return cls(at, platform, found)

    def check_columns(self, known: Collection[str] | None) -> None:
        """Refuse circumstances that nobody knows.

        Args:
            known: context columns that there are; None where anything may be one.

        Raises:
            ConfigError: names one that is not among them.
        """
        for name in self.values:
            if known is not None and name not in known:
                raise ConfigError(
                    "there is no such context column.",
                    where="context",
                    found=f"{name}{did_you_mean(name, known)}",
                    expected=", ".join(sorted(known)) or "none: the schema declares no context",
                    next="leave it out, or declare it under `context` of the interactions' source and import again",
                )

    @property
    def contexts(self) -> Contexts:
        """The same as that of one user who asks."""
        columns = (ContextColumn.of_texts(name, [value]) for name, value in self.values.items())
        return Contexts(np.array([np.nan if self.at is None else self.at]), tuple(columns))

    def __post_init__(self) -> None:
        """Refuse what is no moment.

        Raises:
            ConfigError: it is in another unit than seconds, before 1970 or after 2100.
        """
        unit = "s" if self.at is None else unit_of(self.at)
        if unit not in ("s", "position"):
            past = self.at is not None and self.at < 0
            found = WORDS[unit] if unit else "a time before 1970" if past else "no time up to 2100 in any unit"
            raise ConfigError(
                "the time of asking is not in seconds.",
                where="at",
                found=f"{self.at:.15g}, {found}",
                expected="unix seconds, such as 1700036119",
                next=f"divide it by {PER_SECOND[unit]:,.0f}" if unit else "correct the time",
            )
