"""Where loaders read from: the files of a location, opened as bytes, with damage told as a SourceError."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from kgrec.errors import SourceError

BATCH_ROWS = 20_000
"""Rows per record batch: small enough to keep memory flat, large enough for Arrow to pay off."""


def format_of(path: Path, formats: Mapping[str, str]) -> str | None:
    """The format of a file by its suffix, ``.gz`` aside; None when ``formats`` has no such suffix."""
    return formats.get(Path(path.name.lower().removesuffix(".gz")).suffix)


def stem_of(path: Path) -> str:
    """File name without its suffix and without ``.gz``."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return Path(name).stem


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
    path = Path(location)
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
    """Open a file, unpacking it on the way when its name ends in ``.gz``."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def empty_file(where: str, expected: str) -> SourceError:
    """The error for a file without content."""
    return SourceError(
        "the file is empty.",
        where=where,
        found="0 bytes of content",
        expected=expected,
        next="check that the export or download of this file finished",
    )


def not_utf8(where: str, found: str) -> SourceError:
    """The error for text in another encoding."""
    return SourceError(
        "the text is not UTF-8.",
        where=where,
        found=found,
        expected="UTF-8, with or without a byte order mark",
        next="convert the file, e.g. `iconv -f latin1 -t utf-8`",
    )


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn what the operating system or gzip raises while a file is read into a SourceError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            "the compressed file is damaged or cut short.",
            where=where,
            found=str(error),
            expected="a complete gzip file",
            next="fetch or compress the file again",
        ) from error
    except OSError as error:
        raise SourceError(
            "the file cannot be read.",
            where=where,
            found=error.strerror or str(error),
            expected="a readable file",
            next="check the file and its permissions",
        ) from error
