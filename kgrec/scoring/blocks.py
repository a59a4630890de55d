"""How many users are scored at once."""

from __future__ import annotations

_BLOCK_BYTES = 64 * 2**20


def block_size(n_items: int) -> int:
    """Number of users whose float64 scores of all items fit in 64 MiB."""
    return max(1, _BLOCK_BYTES // (8 * max(n_items, 1)))
