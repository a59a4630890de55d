"""How a delimited file is written: what its first line and its first bytes tell."""

from __future__ import annotations

import io

import pytest

from kgrec.errors import SourceError
from kgrec_loaders.dialect import Dialect, dialect_of, open_text


@pytest.mark.parametrize(
    ("line", "format", "delimiter", "quoted", "told"),
    [
        ("a,b", "csv", ",", True, False),
        ("a", "csv", ",", True, False),
        ('"a;b",c', "csv", ",", True, False),
        ("a;b;c", "csv", ";", True, True),
        ("a\tb", "csv", "\t", True, True),
        ("a|b", "csv", "|", True, True),
        ("a\tb", "tsv", "\t", False, False),
        ("a", "tsv", "\t", False, False),
        ('"a"\t"b"', "tsv", "\t", True, True),
        ('"a\tb', "tsv", "\t", False, False),
        ("a,b", "tsv", ",", True, True),
    ],
)
def test_delimiter_and_quotes(line: str, format: str, delimiter: str, quoted: bool, told: bool) -> None:
    found = dialect_of(line + "\n", format)
    assert (found.delimiter, found.quoted, found.note is not None, found.preamble) == (delimiter, quoted, told, False)


def test_the_line_that_excel_writes_first() -> None:
    assert dialect_of("sep=,\r\n", "csv") == Dialect(",", True, None, preamble=True)
    found = dialect_of('"sep=;"\n', "csv")
    assert (found.delimiter, found.preamble) == (";", True)
    assert found.note == "its first line says that semicolons separate the cells"
    assert not dialect_of("sep=ab\n", "csv").preamble


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_with_a_mark(encoding: str) -> None:
    content = io.BufferedReader(io.BytesIO("a,b\nAmélie,雨\n".encode(encoding)))
    assert open_text(content, "csv:a.csv").read() == "a,b\nAmélie,雨\n"


@pytest.mark.parametrize(
    ("start", "found", "next"),
    [
        ("a,b\n1,2\n".encode("utf-16-le"), "b'a\\x00", "`iconv -f utf-16le -t utf-8`"),
        ("a,b\n1,2\n".encode("utf-16-be"), "b'\\x00a", "`iconv -f utf-16be -t utf-8`"),
        (b"PK\x03\x04rest", "an Excel workbook or a zip archive", "save the sheet as CSV (UTF-8)"),
        (b"\x1f\x8brest", "a gzip file", "name it .csv.gz"),
        (b"PAR1rest", "a Parquet file", "name it .parquet"),
        (b"<!DOCTYPE html>", "a web page", "download the data itself"),
    ],
)
def test_what_is_no_text_is_named(start: bytes, found: str, next: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_text(io.BufferedReader(io.BytesIO(start)), "csv:a.csv")
    assert str(caught.value.found).startswith(found)
    assert next in str(caught.value.next)
