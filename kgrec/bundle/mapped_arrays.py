"""The arrays of a safetensors file, mapped into memory: nothing is read before it is used, and processes share it.

The safetensors package copies what it reads. Its file is eight bytes of length (little-endian), so many bytes of JSON
with the type, shape and place of each array, and the numbers: https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import math
import mmap
from pathlib import Path

import numpy as np

from kgrec.data.dataset import Array

_TYPES = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "F16": np.float16,
    "U32": np.uint32,
    "I32": np.int32,
    "F32": np.float32,
    "U64": np.uint64,
    "I64": np.int64,
    "F64": np.float64,
}
_LENGTH = 8


def mapped_arrays(path: Path) -> dict[str, Array]:
    """The arrays of a file by name; they cannot be written to, and stay valid when the file is replaced.

    Raises:
        ValueError: it is no such file, or an array is of an unknown type or lies outside it.
        KeyError: what is said of an array is incomplete.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        if not 0 < length <= size - _LENGTH:
            raise ValueError(f"{path.name} has a header of {length} bytes, the file has {size}")
        header = json.loads(file.read(length))
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    numbers = content[_LENGTH + length :]
    arrays: dict[str, Array] = {}
    for name, of in header.items():
        if name == "__metadata__":
            continue
        start, end = of["data_offsets"]
        shape = tuple(of["shape"])
        if of["dtype"] not in _TYPES:
            raise ValueError(f"{name} is of type {of['dtype']}, known are {', '.join(_TYPES)}")
        dtype = np.dtype(_TYPES[of["dtype"]]).newbyteorder("<")
        if not 0 <= start <= end <= len(numbers) or end - start != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{name} does not lie where the header of {path.name} says")
        # Each has a buffer of its own: scipy copies what is a small part of another array.
        arrays[name] = np.frombuffer(numbers[start:end], dtype).reshape(shape)
    return arrays
