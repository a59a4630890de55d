"""Histories in order of time as batches of sequences, of which every event but a history's first is a next item."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor

from kgrec.data.dataset import IntArray

_SORTED_TOGETHER = 16
"""Batches whose sequences are sorted by length before they are dealt out, so that little is padded."""


def windows(start: IntArray, length: int) -> tuple[IntArray, IntArray]:
    """Begin and end of the sequences that are learned from: every event but a user's first is a next item once.

    A history is cut from its end into sequences of ``length`` events and the one before them.
    """
    begins, ends = [], []
    for first, end in itertools.pairwise(start):
        while end - first >= 2:
            begins.append(max(first, end - length - 1))
            ends.append(end)
            end = end - length
    return np.array(begins, np.int64), np.array(ends, np.int64)


def batches(lengths: IntArray, size: int, rng: np.random.Generator) -> list[IntArray]:
    """Rows of sequences in random batches, those of similar length together."""
    order = rng.permutation(len(lengths))
    chunk = size * _SORTED_TOGETHER
    found: list[IntArray] = []
    for begin in range(0, len(order), chunk):
        rows = order[begin : begin + chunk]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        found += [rows[at : at + size] for at in range(0, len(rows), size)]
    return [found[place] for place in rng.permutation(len(found))]


def padded(item: IntArray, begins: IntArray, ends: IntArray, padding: int) -> tuple[Tensor, Tensor]:
    """Sequences as rows, filled up at the end, int64 ``(n, longest)``, and their lengths ``(n,)``.

    Args:
        item: items of all histories, one history after the other.
        begins, ends: of the sequences in ``item``.
        padding: the row that fills up.
    """
    lengths = ends - begins
    offsets = np.arange(int(lengths.max()))
    inside = offsets < lengths[:, None]
    rows = np.full(inside.shape, padding, np.int64)
    rows[inside] = item[(begins[:, None] + offsets)[inside]]
    return torch.from_numpy(rows), torch.from_numpy(lengths)
