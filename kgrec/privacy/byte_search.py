"""Searching bytes: how often a text stands in a file, in whichever spelling, packed or not.

A search that knows no format finds what was forgotten by whoever knows all formats. Frames of Zstandard are unpacked:
the embedded store packs its columns (https://www.rfc-editor.org/rfc/rfc8878, section 3.1).
"""

from __future__ import annotations

import json
import mmap
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

SHORTEST = 6
"""Bytes of the shortest text that is searched for: a number of three digits stands in any large file by chance."""

_AT_ONCE = 16 * 2**20
_UNPACKED_AT_ONCE = 64 * 2**10
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Needles:
    """Texts as the bytes by which they may stand in a file.

    Attributes:
        spellings: in UTF-8, composed and decomposed, and as JSON and CSV escape them.
        too_short: texts of fewer than six bytes, which are not searched for.
    """

    spellings: tuple[bytes, ...]
    too_short: tuple[str, ...]

    @classmethod
    def of(cls, texts: Collection[str]) -> Needles:
        """The needles of some texts.

        Example:
            >>> needles = Needles.of(["ann", "customer-17"])
            >>> needles.spellings, needles.too_short
            ((b'customer-17',), ('ann',))
        """
        long = [text for text in dict.fromkeys(texts) if len(text.encode("utf-8", "replace")) >= SHORTEST]
        found = dict.fromkeys(spelling for text in long for spelling in _spellings(text))
        return cls(tuple(found), tuple(text for text in dict.fromkeys(texts) if text not in set(long)))

    def hits(self, path: Path) -> int:
        """How often they stand in a file, or in what is packed there.

        Raises:
            OSError: it cannot be read.
        """
        if not self.spellings or not path.stat().st_size:
            return 0
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found = self._in(_parts(content))
            for frame in _frames(content):
                found += self._in(_unpacked(frame))
        return found

    def _in(self, parts: Iterable[bytes]) -> int:
        """How often they stand in parts of one text; what is on two of them counts once."""
        found, kept, overlap = 0, b"", max(map(len, self.spellings)) - 1
        for part in parts:
            both = kept + part
            found += sum(both.count(one) - kept.count(one) for one in self.spellings)
            kept = both[-overlap:]
        return found


def _spellings(text: str) -> Iterator[bytes]:
    for form in ("NFC", "NFD"):
        same = unicodedata.normalize(form, text)
        for written in (same, json.dumps(same)[1:-1], json.dumps(same, ensure_ascii=False)[1:-1]):
            yield written.encode("utf-8", "replace")
        yield same.replace('"', '""').encode("utf-8", "replace")


def _parts(content: mmap.mmap) -> Iterator[bytes]:
    for start in range(0, len(content), _AT_ONCE):
        yield content[start : start + _AT_ONCE]


def _frames(content: mmap.mmap) -> Iterator[bytes]:
    """What may be frames of Zstandard, each with whatever stands behind it."""
    start = content.find(_ZSTD)
    while start >= 0:
        end = content.find(_ZSTD, start + 1)
        yield content[start : end if end >= 0 else len(content)]
        start = end


def _unpacked(frame: bytes) -> Iterator[bytes]:
    """What a frame holds, as far as it can be read: four bytes may be those of a frame by chance."""
    stream, read = _opened(frame), 0
    try:
        while part := stream.read(_UNPACKED_AT_ONCE):
            read += len(part)
            yield part
    except (OSError, pa.ArrowException):
        # What stands behind the frame is none of it, and a part that would reach so far is not given at all.
        stream = _opened(frame)
        stream.read(read)
        with suppress(OSError, pa.ArrowException):
            while part := stream.read(1):
                yield part


def _opened(frame: bytes) -> Any:
    return pa.CompressedInputStream(pa.BufferReader(frame), "zstd")


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The files that are at some paths, or in folders there; links are not followed."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            found += sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())
        elif path.is_file():
            found.append(path)
    return list(dict.fromkeys(found))
