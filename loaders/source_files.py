"""Where loaders read from: the files of a location, opened as bytes, with damage told as a SourceError."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from kgrec.errors import SourceError, shorten

BATCH_ROWS = 20_000
"""Rows per record batch: small enough to keep memory flat, large enough for Arrow to pay off."""


_COMPRESSED: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""How a compressed file is opened, by its last suffix."""

MOST_UNPACKED_BYTES = 2 * 2**30
"""What a compressed file that is held in memory as a whole may hold."""

_WINDOWS_1252 = re.compile(rb"[\x80-\x9f]")
"""Bytes that latin-1 keeps for control characters: text that has them is Windows'."""


def is_compressed(path: Path) -> bool:
    """Whether the file's name says that it is compressed: ``.gz``, ``.bz2`` or ``.xz``."""
    return path.suffix.lower() in _COMPRESSED


def format_of(path: Path, formats: Mapping[str, str]) -> str | None:
    """The format of a file by its suffix, that of a compression aside; None when ``formats`` has no such suffix."""
    return formats.get(Path(path.stem if is_compressed(path) else path.name).suffix.lower())


def stem_of(path: Path) -> str:
    """File name without its suffix and without that of a compression."""
    return Path(path.stem).stem if is_compressed(path) else path.stem


def located(location: str, expected: str) -> Path:
    """The path of a location.

    Raises:
        SourceError: no location, or nothing there.
    """
    if not location:
        raise SourceError(
            "the source has no location.",
            found="an empty location",
            expected=expected,
            next="name a file or folder after the loader's name",
        )
    path = Path(os.path.expanduser(location))
    if not path.exists():
        raise SourceError(
            "the source does not exist.",
            where=str(path),
            found="nothing at this path",
            expected=expected,
            next="check the path; a relative one starts at the folder the command runs in",
        )
    return path


def files_of(folder: Path) -> list[Path]:
    """Visible entries of a folder, by name."""
    return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "_")))


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, unpacking it on the way when its name ends in ``.gz``, ``.bz2`` or ``.xz``."""
    content: BinaryIO = _COMPRESSED.get(path.suffix.lower(), Path.open)(path, "rb")
    return content


def whole_content(path: Path, where: str) -> bytes:
    """All of a file, unpacked; for what cannot be read part by part.

    Raises:
        SourceError: it is compressed, and there is more in it than may be: some kilobytes can hold any number of zeros.
    """
    with open_bytes(path) as content:
        if not is_compressed(path):
            return content.read()
        whole = content.read(MOST_UNPACKED_BYTES + 1)
    if len(whole) > MOST_UNPACKED_BYTES:
        raise SourceError(
            "the compressed file holds more than may be unpacked in memory.",
            where=where,
            found=f"more than {MOST_UNPACKED_BYTES / 2**30:g} GiB in a file of {path.stat().st_size:,} bytes",
            expected=f"at most {MOST_UNPACKED_BYTES / 2**30:g} GiB, or a form that is read part by part",
            next="unpack it yourself where you trust it, or save it as .nt, .csv or .jsonl",
        )
    return whole


def empty_file(where: str, expected: str) -> SourceError:
    """The error for a file without content."""
    return SourceError(
        "the file is empty.",
        where=where,
        found="0 bytes of content",
        expected=expected,
        next="check that the export or download of this file finished",
    )


NOT_UTF8 = "the text is not UTF-8."
UTF8 = "UTF-8, with or without a byte order mark"


def not_utf8(where: str, raw: bytes) -> SourceError:
    """The error for text in another encoding, of which ``raw`` is a part that is not UTF-8."""
    return SourceError(NOT_UTF8, where=where, found=shorten(raw), expected=UTF8, next=encoding_advice(raw))


def encoding_advice(raw: bytes) -> str:
    """What to do about text in another encoding: the command for the likeliest one."""
    likely = "windows-1252" if _WINDOWS_1252.search(raw) else "latin1"
    return f"convert the file, e.g. `iconv -f {likely} -t utf-8`"


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn what the operating system or an unpacker raises while a file is read into a SourceError."""
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        if not isinstance(error, OSError) or error.errno is None:  # a failure of the system has a number
            raise SourceError(
                "the compressed file is damaged or cut short.",
                where=where,
                found=str(error),
                expected="a complete compressed file, of the kind that its name says",
                next="fetch or compress the file again",
            ) from error
        raise SourceError(
            "the file cannot be read.",
            where=where,
            found=error.strerror or str(error),
            expected="a readable file",
            next="check the file and its permissions",
        ) from error
