"""Context: the circumstances of a question, the same for Python, the command line and HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from kgrec.data.time_units import PER_SECOND, WORDS, unit_of
from kgrec.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances in which somebody asks.

    Attributes:
        at: when they ask, unix seconds (``time.time()``): who comes back after a pause is not taken to go on with what
            they did last, and what is taken lately is so as of then. None leaves the pause unknown, as does a history
            without times, and the trend is as of the last that is counted.
        platform: of whose items the list is made, by the model of that platform where there is one. None is for a list
            of the items of all platforms.
    """

    at: float | None = None
    platform: str | None = None

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
