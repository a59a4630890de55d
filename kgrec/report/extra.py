"""The packages of the extra ``bench``: asked for only where a system that needs them is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kgrec.errors import MissingExtraError


@contextmanager
def bench_extra(system: str, package: str) -> Iterator[None]:
    """Import inside of it.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            "a system to measure needs a package that is not installed.",
            where=f"model {system}",
            found=str(error),
            expected=package,
            next="pip install 'kgrec[bench]', or leave the model out",
        ) from error
