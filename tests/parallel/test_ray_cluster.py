"""A cluster of Ray that does not answer; what others do is in the contract of executors."""

from __future__ import annotations

import signal

import pytest

from kgrec.errors import ExecutorError
from kgrec.learn.named_executors import open_executor


@pytest.mark.slow  # half a minute is how long it is tried
def test_a_cluster_that_does_not_answer() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ExecutorError, match="cannot be reached"):
        open_executor("ray://127.0.0.1:9")
    assert signal.getsignal(signal.SIGTERM) is before
