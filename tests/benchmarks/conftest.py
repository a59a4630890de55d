"""Benchmarks are tested for what they measure and write down, on tiny worlds."""

from tests.support.gates import one_gate_search

__all__ = ["one_gate_search"]
