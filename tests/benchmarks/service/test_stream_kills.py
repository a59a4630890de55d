"""A service killed while it follows a stream: every event that was sent is there exactly once."""

from __future__ import annotations

import pytest

from kgrec_benchmarks.service.stream_kills import stream_killed
from tests.support.brokers import running_kafka, running_redis
from tests.support.shop import Shell


def killed(shell: Shell, broker: str, kills: int) -> None:
    shell.learned()
    found = stream_killed(shell.folder / "kgrec.bundle", shell.folder / "kgrec.kgl", broker, kills, {})
    assert found["exactly_once"], found
    assert found["messages"] > found["events"] > 10 * kills


@pytest.mark.slow
def test_a_folder(shell: Shell) -> None:
    killed(shell, "folder", 3)


@pytest.mark.slow
def test_events_that_are_none_of_the_graph(shell: Shell) -> None:
    shell.learned()
    with pytest.raises(RuntimeError, match="--event"):
        stream_killed(shell.folder / "kgrec.bundle", shell.folder / "kgrec.kgl", "folder", 1, {"kind": "no such kind"})


@pytest.mark.slow
def test_redis(shell: Shell) -> None:
    with running_redis():  # or it is skipped
        pass
    killed(shell, "redis", 3)


@pytest.mark.slow
def test_kafka(shell: Shell) -> None:
    with running_kafka():
        pass
    killed(shell, "kafka", 3)
