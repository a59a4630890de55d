"""Graphs, bundles, data sets and command lines that tests share."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository."""
SHOP = ROOT / "examples/shop"
"""A small shop as CSV files."""
SHARED = ROOT.parent / "shared/data"
"""Published data sets; tests that need them carry the mark ``shared_data``."""
