"""Rows to records: reading sources, mapping columns, checking data, aligning entities."""
