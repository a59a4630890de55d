"""The packages of the extra ``bench``: asked for only where a system that needs them is measured."""

from __future__ import annotations

from importlib.util import find_spec

from kgrec.errors import MissingExtraError


def require_package(system: str, package: str) -> None:
    """Make sure that a package can be imported, without importing it.

    Raises:
        MissingExtraError: it is not installed.
    """
    if find_spec(package) is None:
        raise MissingExtraError(
            "a system to measure needs a package that is not installed.",
            where=f"model {system}",
            found=f"no module named {package!r}",
            expected=package,
            next="pip install 'kgrec[bench]', or leave the model out",
        )
