"""Interactions on disk for logs that are larger than memory: sorted columns, mapped into memory a block at a time."""
