"""CSV and TSV as people write them: read as meant, or told; rows that cannot be read are left out on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.data.records import ReadingLog
from kgrec.errors import SourceError
from kgrec_loaders.delimited import read_delimited

Rows = list[dict[str, str]]


def read(path: Path, content: str | bytes, *, collect: bool = False) -> tuple[Rows, ReadingLog]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    log = ReadingLog()
    if collect:
        log.collect()
    format = "tsv" if path.suffix == ".tsv" else "csv"
    return [row for batch in read_delimited([path], format, log) for row in batch.to_pylist()], log


def test_in_tsv_quotes_are_letters(tmp_path: Path) -> None:
    rows, log = read(tmp_path / "a.tsv", 'id\tname\n1\t"Quoth\n2\tsaid "no"\n3\tNevermore"\n')
    assert [row["name"] for row in rows] == ['"Quoth', 'said "no"', 'Nevermore"']
    assert log.notes == []


def test_a_cell_in_quotes_of_a_tsv_is_told(tmp_path: Path) -> None:
    rows, log = read(tmp_path / "a.tsv", 'id\tname\n1\t"Alien"\n2\t"Up"\n')
    assert rows[0]["name"] == '"Alien"'
    (note,) = log.notes
    assert "cells of column 'name' stand in quotes, which are letters in a TSV: '\"Alien\"'" in note


def test_a_tsv_whose_header_stands_in_quotes_has_quoted_cells(tmp_path: Path) -> None:
    rows, log = read(tmp_path / "a.tsv", '"id"\t"name"\n1\t"Al\tien"\n')
    assert rows == [{"id": "1", "name": "Al\tien"}]
    assert len(log.notes) == 1


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ('"one\n16,Thing\n17,Thing\nlast"', True),
        ('"one\ntwo, and three, and four\nfive"', False),
        ('"a line, and\nanother"', False),
    ],
)
def test_a_cell_that_holds_rows_is_told(tmp_path: Path, cell: str, told: bool) -> None:
    rows, log = read(tmp_path / "a.csv", f"id,name\n15,{cell}\n30,Last\n")
    assert [row["id"] for row in rows] == ["15", "30"]
    assert any("lines that look like rows" in note for note in log.notes) is told


def test_columns_without_a_name_are_passed_over(tmp_path: Path) -> None:
    rows, log = read(tmp_path / "a.csv", ",id, ,name,\n0,1,x,Alien,\n1,2,y,Up,\n")
    assert rows == [{"id": "1", "name": "Alien"}, {"id": "2", "name": "Up"}]
    assert log.notes == [f"csv:{tmp_path}/a.csv: 3 columns without a name were passed over"]


@pytest.mark.parametrize("header", [",,", "a,b,a"])
def test_a_header_without_names_or_with_one_twice_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(SourceError, match="does not name every column once"):
        read(tmp_path / "a.csv", f"{header}\n1,2,3\n")


def test_empty_rows_of_a_spreadsheet_are_no_rows(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "a.csv", "id,name\n\n1,Alien\n,\n,\n")
    assert rows == [{"id": "1", "name": "Alien"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_unicode_text_of_a_spreadsheet(tmp_path: Path, encoding: str) -> None:
    rows, log = read(tmp_path / "a.csv", "sep=\t\r\nid\tname\r\n1\tAmélie\r\n".encode(encoding))
    assert rows == [{"id": "1", "name": "Amélie"}]
    assert log.notes == [f"csv:{tmp_path}/a.csv: its first line says that tabs separate the cells"]


def test_utf16_that_is_cut_short_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not UTF-16"):
        read(tmp_path / "a.csv", "id,name\n1,Alien\n".encode("utf-16")[:-1])


@pytest.mark.parametrize(("byte", "encoding"), [(b"\xe9", "latin1"), (b"\x93", "windows-1252")])
def test_the_likeliest_encoding_is_named(tmp_path: Path, byte: bytes, encoding: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path / "a.csv", b"id,name\n1,Am" + byte + b"lie\n")
    assert caught.value.next == f"convert the file, e.g. `iconv -f {encoding} -t utf-8`"


BAD = b'id,name\n1,Alien\n2\n3,Am\xe9lie\n4,a,b\n5,"x"y\n6,Up\n7,"never closed\n8,Heat\n9\n'


def test_bad_rows_are_left_out_and_listed_where_somebody_collects_them(tmp_path: Path) -> None:
    rows, log = read(tmp_path / "a.csv", BAD, collect=True)
    assert [row["id"] for row in rows] == ["1", "6", "8"]
    assert [(bad.what, bad.row, bad.rows) for bad in log.bad_rows] == [
        ("a row has too few cells.", 2, 2),
        ("a row has too many cells.", 4, 1),
        ("a row cannot be taken apart.", 5, 2),
        ("the text is not UTF-8.", 3, 1),
    ]
    assert log.left_out == 6
    assert log.bad_rows[2].found.startswith("',' expected after '\"': '5,\"x\"y'")


@pytest.mark.parametrize(
    ("name", "row", "advice"),
    [
        ("a.csv", "1", "write a delimiter for each cell that has nothing in it"),
        ("a.csv", "1,2,3", "put cells that hold the delimiter into double quotes"),
        ("a.tsv", "1\t2\t3", "take the tabs out of the cells"),
    ],
)
def test_advice_suits_what_is_wrong(tmp_path: Path, name: str, row: str, advice: str) -> None:
    header = "id\tname" if name == "a.tsv" else "id,name"
    with pytest.raises(SourceError) as caught:
        read(tmp_path / name, f"{header}\n{row}\n")
    assert str(caught.value.next).startswith(advice)
    assert str(caught.value.where).endswith(", row 1")
