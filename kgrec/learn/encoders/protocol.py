"""What a text encoder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from kgrec.data.dataset import Array


class TextEncoder(Protocol):
    """Texts to unit vectors; :class:`kgrec.testing.text_encoder.TextEncoderContract` tests what one promises.

    Attributes:
        name: tells encoders apart in the cache, so another model or another width has another name; part of a file's
            name.
        dim: width of the vectors.
    """

    name: str
    dim: int

    def encode(self, texts: Sequence[str]) -> Array:
        """Unit vectors of texts, float32 ``(len(texts), dim)``; the row of an empty text is zero.

        The vector of a text does not depend on the texts beside it.
        """
        ...


def unit_rows(vectors: Array) -> Array:
    """Rows divided by their Euclidean norm, ``(n, dim)``; a zero row stays zero."""
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Array = np.divide(vectors, norm, out=np.zeros_like(vectors), where=norm > 0)
    return result
