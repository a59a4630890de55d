"""Every system that can be measured, by name. What one needs is imported when it is fitted, not before."""

from __future__ import annotations

from kgrec.errors import ConfigError
from kgrec.report.baselines import BASELINES, System

OURS = "kgrec"
SYSTEMS: dict[str, System] = {**BASELINES}
"""Name to baseline; :data:`OURS` stands beside them."""

DEFAULT = (OURS, *BASELINES)


def named(models: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Names of systems, each once: ``all``, a comma-separated text, a tuple, or None for :data:`DEFAULT`.

    Raises:
        ConfigError: a name that no system has, or no name at all.
    """
    if models is None:
        return DEFAULT
    given = [part.strip() for part in models.split(",")] if isinstance(models, str) else list(models)
    names = tuple(dict.fromkeys(part for part in given if part))
    known = (OURS, *SYSTEMS)
    if names == ("all",):
        return known
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ConfigError(
            "there is no such system to measure." if unknown else "no system is named.",
            where="models",
            found=", ".join(unknown) or "nothing",
            expected=f"all, or some of {', '.join(known)}, separated by commas",
            next="correct the names, or leave them out for the usual ones",
        )
    return names
