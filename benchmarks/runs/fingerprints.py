"""Fingerprints: short texts that change with the data, so that nobody goes on with what was made from other data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import Split


def fingerprint_of_split(split: Split) -> str:
    """Sixteen hex digits that change with any interaction or its part."""
    return fingerprint_of_arrays(array for part in (split.known, split.valid, split.test) for array in _arrays(part))


def fingerprint_of_data(dataset: Dataset) -> str:
    """Sixteen hex digits that change with any interaction, fact or text."""
    facts = dataset.facts
    texts = np.frombuffer("\0".join(dataset.texts).encode(), np.uint8)
    return fingerprint_of_arrays([*_arrays(dataset.interactions), facts.head, facts.relation, facts.tail, texts])


def _arrays(part: Interactions) -> tuple[Array, ...]:
    return part.user, part.item, part.time, part.weight, part.kind


def fingerprint_of_arrays(arrays: Iterable[Array]) -> str:
    """Sixteen hex digits that change with any number, type or shape."""
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
