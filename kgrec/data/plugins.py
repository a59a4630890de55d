"""What the installed packages plug in: entry points by group, looked up anew only where a package came or went."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path


def entry_points(group: str) -> metadata.EntryPoints:
    """The entry points of a group, of all packages that are installed now.

    Python reads the files of every package for each look-up (10 ms beside 150 packages); here they are read once for
    each state of the folders that packages are in, for all groups.
    """
    return _found(group, tuple((folder, _changed(folder)) for folder in sys.path))


@lru_cache(maxsize=64)
def _found(group: str, state: tuple[tuple[str, int | None], ...]) -> metadata.EntryPoints:
    return metadata.EntryPoints(point for point in _of_all_groups(state) if point.group == group)


@lru_cache(maxsize=2)
def _of_all_groups(state: tuple[tuple[str, int | None], ...]) -> tuple[metadata.EntryPoint, ...]:
    points = metadata.entry_points()
    return tuple(point for group in points.groups for point in points.select(group=group))


def _changed(folder: str) -> int | None:
    """When a folder was last changed, None where there is none."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return None
