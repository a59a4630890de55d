"""Benchmarks are tested for what they measure and write down, on tiny worlds."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def quick_gates(one_gate_search: None, no_search_for_paths: None) -> None:
    """Gates are tested elsewhere."""
