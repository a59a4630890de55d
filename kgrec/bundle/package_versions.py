"""Versions of the packages that a result was made with."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("kgrec", "numpy", "scipy", "torch", "torch-geometric", "transformers", "kglite")


def package_versions(further: Collection[str] = ()) -> dict[str, str]:
    """Versions of everything that can change a result, and of further packages; what is not installed is left out."""
    versions: dict[str, str] = {}
    for name in (*_PACKAGES, *sorted(further)):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
