"""A value that many calls read, kept once: workers map the numbers of its arrays from one file, and copy nothing.

The file is a pickle of protocol 5 without the buffers of arrays, then these, each where numpy likes it (PEP 574).
"""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_ALIGNED_TO = 64
_kept: tuple[object, Any] | None = None
"""In a worker: the value that was read last and the key of it. What is worked out of it on the way is kept with it."""


def kept_value(key: object, read: Callable[[], Value]) -> Value:
    """The value of a key, read where it is not the one that was asked for last."""
    global _kept
    if _kept is None or _kept[0] != key:
        _kept = None  # the one before goes first
        _kept = key, read()
    value: Value = _kept[1]
    return value


@dataclass(frozen=True)
class SharedFile(Generic[Value]):
    """A value in a file, for the processes of one machine.

    Attributes:
        path: of the file.
        places: where each buffer begins and ends in it.
    """

    path: Path
    places: tuple[tuple[int, int], ...]

    @classmethod
    def written(cls, value: Value, path: Path) -> SharedFile[Value]:
        """The value, written to a file that is not there yet."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        places = [(0, len(head))]
        with path.open("xb") as file:
            file.write(head)
            for buffer in buffers:
                with buffer.raw() as content:
                    start = -(-file.tell() // _ALIGNED_TO) * _ALIGNED_TO
                    file.seek(start)
                    file.write(content)
                    places.append((start, start + content.nbytes))
            file.truncate(max(file.tell(), places[-1][1]))
        return cls(path, tuple(places))

    def value(self) -> Value:
        """The value, whose arrays cannot be written to; for whoever asks again in the same process, the same one."""
        return kept_value(self.path, self._read)

    def _read(self) -> Value:
        with self.path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        head, *buffers = (content[start:end] for start, end in self.places)
        value: Value = pickle.loads(head, buffers=buffers)
        return value
