"""One cluster of Ray for all tests of a process that need no cluster of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kgrec.learn.named_executors import open_executor
from kgrec.parallel.executor import Executor


@pytest.fixture(scope="package")
def ray_cluster() -> Iterator[Executor]:
    """Starting it takes as long as all that is asked of it; nobody may leave anything running there."""
    with open_executor("ray") as cluster:
        yield cluster
