"""Benchmarks are tested for what they measure and write down, on tiny worlds."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def quick_gates(one_gate_search: None) -> None:
    """Gates are tested elsewhere."""
