"""Faults on a service of a few films: what it answers meanwhile, and that it goes on afterwards."""

from __future__ import annotations

import pytest

from kgrec_benchmarks.service.faults import FAULTS, suffered
from tests.support.shop import Shell


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_answered_and_survived(shell: Shell, name: str) -> None:
    shell.learned()
    found = suffered(name, shell.folder / "kgrec.bundle", shell.folder / "kgrec.kgl", {})
    assert found["as_expected"], found
    assert (found["list_afterwards"], found["lives"]) == (200, True)
