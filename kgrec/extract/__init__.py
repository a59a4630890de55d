"""Rows to records: reading sources, mapping columns, checking data, aligning entities."""

from kgrec.extract.check_counts import Check
from kgrec.extract.checks import CheckReport, check
from kgrec.extract.extraction import Extraction
from kgrec.extract.mapping import map_blocks
from kgrec.extract.sources import known_loaders, open_loader

__all__ = ["Check", "CheckReport", "Extraction", "check", "known_loaders", "map_blocks", "open_loader"]
