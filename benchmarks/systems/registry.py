"""Every system that can be measured, by name: entry points of the group ``kgrec.systems``, a plug-in's among them."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError

if TYPE_CHECKING:
    from kgrec.evaluation.compared_system import System

SYSTEM_GROUP = "kgrec.systems"
"""An entry point of this group names a :class:`kgrec.evaluation.compared_system.System`."""

OURS = "kgrec"
DEFAULT = (OURS, "popularity", "itemknn", "ease", "rp3beta", "sequentialrules", "slist")
"""What is measured unless somebody says otherwise: ours, and what is quick; the last two where times are known."""


def known_systems() -> tuple[str, ...]:
    """Names of all systems that are installed, ours among them: those of :data:`DEFAULT` first, then by name."""
    return (*DEFAULT, *sorted(_entry_points().keys() - set(DEFAULT)))


def system_named(name: str) -> System:
    """The system of a name, imported now.

    Raises:
        ConfigError: there is no such system, or its entry point names something else.
    """
    from kgrec.evaluation.compared_system import System

    points = _entry_points()
    if name not in points:
        raise _unknown(name)
    system = points[name].load()
    if not isinstance(system, System):
        raise ConfigError(
            f"the entry point of the system {name} is no system.",
            where=f"{SYSTEM_GROUP}: {name} = {points[name].value}",
            found=type(system).__name__,
            expected="an instance of kgrec.evaluation.compared_system.System",
            next="correct the entry point of the package that declares it, or remove that package",
        )
    return system


def package_of(name: str) -> str:
    """The package of the extra ``bench`` that a system needs; empty for none."""
    return "" if name == OURS else system_named(name).package


def named(models: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Names of systems, each once: ``all``, a comma-separated text, a tuple, or None for :data:`DEFAULT`.

    Raises:
        ConfigError: a name that no system has, or no name at all.
    """
    if models is None:
        return DEFAULT
    given = [part.strip() for part in models.split(",")] if isinstance(models, str) else list(models)
    names = tuple(dict.fromkeys(part for part in given if part))
    known = known_systems()
    if names == ("all",):
        return known
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise _unknown(", ".join(unknown))
    return names


def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=SYSTEM_GROUP) if point.name != OURS}


def _unknown(names: str) -> ConfigError:
    return ConfigError(
        "there is no such system to measure." if names else "no system is named.",
        where="models",
        found=names or "nothing",
        expected=f"all, or some of {', '.join(known_systems())}, separated by commas",
        next="correct the names, or leave them out for the usual ones",
    )
