"""A cluster of Ray that does not answer; what others do is in the contract of executors."""

from __future__ import annotations

import signal

import pytest
import ray

from kgrec.errors import ExecutorError
from kgrec.learn.named_executors import open_executor


def test_a_cluster_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(**_: object) -> None:
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "init", late)
    monkeypatch.setattr(ray, "shutdown", lambda: None)  # others of these tests have a cluster
    with pytest.raises(ExecutorError, match="cannot be reached") as caught:
        open_executor("ray")
    assert "timed out during startup" in str(caught.value.found)


@pytest.mark.slow  # half a minute is how long it is tried
def test_a_cluster_that_does_not_answer() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ExecutorError, match="cannot be reached"):
        open_executor("ray://127.0.0.1:9")
    assert signal.getsignal(signal.SIGTERM) is before
