"""Dialect: how a file of delimited cells is written, as its first bytes and its header tell."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, cast

from kgrec.errors import SourceError, shorten

DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}

_EXCEL_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Byte order marks of what is no UTF-8; the longer ones first."""

_OTHER_FILES = {
    b"PK\x03\x04": ("an Excel workbook or a zip archive", "save the sheet as CSV (UTF-8), or unpack the archive"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save the sheet as CSV (UTF-8)"),
    b"\x1f\x8b": ("a gzip file", "name it .csv.gz or .tsv.gz, or unpack it"),
    b"BZh": ("a bzip2 file", "name it .csv.bz2 or .tsv.bz2, or unpack it"),
    b"PAR1": ("a Parquet file", "name it .parquet"),
    b"SQLite format 3": ("a SQLite database", "read it as sql:sqlite:///FILE#TABLE=SELECT ..."),
    b"%PDF": ("a PDF document", "export the data as CSV (UTF-8)"),
    b"<!DOCTYPE": ("a web page", "download the data itself; a page to log in on looks like this"),
    b"<html": ("a web page", "download the data itself; a page to log in on looks like this"),
}


@dataclass(frozen=True)
class Dialect:
    """How cells are kept apart.

    Attributes:
        delimiter: the sign between two cells.
        quoted: whether a cell may stand in double quotes, as RFC 4180 has it; in TSV a quote is a letter.
        note: why this is not what the file's suffix says, None where it is.
        preamble: whether the first line says how to read the file, and is no row.
    """

    delimiter: str
    quoted: bool
    note: str | None = None
    preamble: bool = False


def open_text(content: BinaryIO, where: str) -> io.TextIOWrapper:
    """The text of a file: UTF-8, or UTF-16 and UTF-32 with a byte order mark, as Excel writes them.

    Bytes that are not UTF-8 come through as lone surrogates, so that the row of the first one can be named.

    Raises:
        SourceError: it is no text, or UTF-16 without a mark.
    """
    start = bytes(cast(io.BufferedReader, content).peek(1024)[:1024])
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return io.TextIOWrapper(content, encoding, newline="")
    for magic, (found, advice) in _OTHER_FILES.items():
        if start.startswith(magic):
            raise SourceError(
                "the file holds no text.", where=where, found=found, expected="text, a row a line", next=advice
            )
    zeros = (start[0::2].count(0), start[1::2].count(0))
    if len(start) >= 4 and max(zeros) > len(start) // 4:
        encoding = "utf-16be" if zeros[0] > zeros[1] else "utf-16le"
        raise SourceError(
            "the text is UTF-16 without a byte order mark.",
            where=where,
            found=shorten(start[:20]),
            expected="UTF-8, or UTF-16 with a mark",
            next=f"convert the file: `iconv -f {encoding} -t utf-8`",
        )
    return io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")


def dialect_of(first_line: str, format: str) -> Dialect:
    """How a file is written whose suffix says ``csv`` or ``tsv``, from its first line.

    Excel may say ``sep=;`` there. Another delimiter is taken where the header has one column only by that of the
    suffix and several by the other. A TSV whose header stands in quotes, every name of it, has quoted cells.
    """
    usual = "\t" if format == "tsv" else ","
    excel = _EXCEL_LINE.fullmatch(first_line)
    if excel:
        note = None if excel[1] == usual else f"its first line says that {_named(excel[1])} separate the cells"
        return Dialect(excel[1], True, note, preamble=True)
    if format == "tsv":
        names = first_line.rstrip("\r\n").split("\t")
        if len(names) > 1:
            quoted = all(len(name) > 1 and name[0] == name[-1] == '"' for name in names)
            note = "its header stands in quotes, so quotes around a cell are no part of it" if quoted else None
            return Dialect(usual, quoted, note)
    widths = {sign: _width(first_line, sign) for sign in DELIMITERS}
    if widths[usual] == 1:
        other = max(widths, key=lambda sign: widths[sign])
        if widths[other] > 1:
            return Dialect(other, True, f"{_named(other)} separate its cells, not {DELIMITERS[usual]}")
    return Dialect(usual, format == "csv")


def _width(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter), []))


def _named(delimiter: str) -> str:
    return DELIMITERS.get(delimiter, f"the signs {delimiter!r}")
