"""A table of numbers as whole ones: a byte each, times a scale for each row.

row                  scale               as whole numbers     again
.5, -.25, .004       .5 / 127 = .0039    127, -64, 1          .5, -.252, .0039
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array, FloatArray, IntArray

LARGEST = 127
"""Of the whole numbers: there are as many below 0."""


@dataclass(frozen=True)
class Int8Table:
    """A table ``(n, d)`` that is float32 wherever it is looked at, and kept as whole numbers.

    Attributes:
        whole: int8 ``(n, d)``.
        scale: of each row, float32 ``(n,)``.

    Raises:
        ValueError: there is not a scale for each row.
    """

    whole: npt.NDArray[np.int8]
    scale: FloatArray

    def __post_init__(self) -> None:
        if self.whole.ndim != 2 or self.scale.shape != (len(self.whole),):
            raise ValueError(f"{self.scale.shape} scales for a table of {self.whole.shape}")

    @classmethod
    def of(cls, table: Array) -> Int8Table:
        """A table of any numbers, each to the nearest whole multiple of its row's scale."""
        scale = scales_of(np.abs(table).max(axis=1, initial=0.0))
        whole = np.rint(table / np.where(scale > 0, scale, 1.0)[:, None]).astype(np.int8)
        return cls(whole, scale)

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, rows: Any) -> FloatArray:
        """Some rows, taken by a slice, a mask or indices, in float32."""
        taken: FloatArray = self.whole[rows] * self.scale[rows][..., None]
        return taken

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.whole.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers that are kept."""
        return self.whole.dtype

    def part(self, rows: IntArray | slice) -> Int8Table:
        """The table of some rows, as whole numbers."""
        return Int8Table(self.whole[rows], self.scale[rows])

    def arrays(self, name: str) -> dict[str, Array]:
        """Both arrays, named after the table."""
        return {f"{name}.whole": self.whole, f"{name}.scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], name: str) -> Int8Table:
        """The table again.

        Raises:
            ValueError: they do not fit each other.
            KeyError: one is missing.
        """
        whole, scale = arrays[f"{name}.whole"], arrays[f"{name}.scale"]
        if whole.dtype != np.int8:
            raise ValueError(f"{name} has whole numbers of type {whole.dtype}, expected int8")
        return cls(whole, scale)


def scales_of(largest: Array) -> FloatArray:
    """What the largest numbers of rows are :data:`LARGEST` times of, float32 ``(n,)``."""
    scale: FloatArray = (largest / LARGEST).astype(np.float32)
    return scale
