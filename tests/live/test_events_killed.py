"""``kgrec serve`` killed at random moments under load: every acknowledged event is there exactly once."""

from __future__ import annotations

import pytest

from kgrec_benchmarks.service.kills import killed
from tests.support.shop import Shell


def kill(shell: Shell, kills: int) -> None:
    shell.learned()
    found = killed(shell.folder / "kgrec.bundle", shell.folder / "kgrec.kgl", kills, {})
    assert found["exactly_once"], found
    assert found["acknowledged"] > 3 * kills


def test_once(shell: Shell) -> None:
    kill(shell, 1)


@pytest.mark.slow
def test_fifty_times(shell: Shell) -> None:
    kill(shell, 50)
