"""A text encoder without a model."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from kgrec.data.dataset import Array
from kgrec.learn.encoders.protocol import unit_rows


class HashingEncoder:
    """Signed hashing of words and letter trigrams (Weinberger et al., ICML 2009): stable, tiny, needs no model.

    Args:
        dim: width of the vectors.
    """

    def __init__(self, dim: int = 128) -> None:
        self.name = f"hashing-{dim}"
        self.dim = dim

    def encode(self, texts: Sequence[str]) -> Array:
        """See :class:`~kgrec.learn.encoders.protocol.TextEncoder`."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            words = text.lower().split()
            trigrams = [word[i : i + 3] for word in words for i in range(max(len(word) - 2, 1))]
            for token in (*words, *trigrams):
                code = zlib.crc32(token.encode())
                vectors[row, code % self.dim] += 1.0 if code >> 31 else -1.0
        return unit_rows(vectors)
