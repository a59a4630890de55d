"""Files of rows: every form reads back what was written, and every damage has its message."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgrec.errors import SourceError
from kgrec_loaders.tables import TablesLoader

FILMS = "id,title\n007,Goldfinger\n008,\n"


def rows_of(location: Path) -> dict[str, list[dict[str, Any]]]:
    return {t.name: [r for b in t.batches for r in b.to_pylist()] for t in TablesLoader(str(location)).tables()}


def message(location: Path | str) -> str:
    with pytest.raises(SourceError) as caught:
        rows_of(Path(location)) if location else list(TablesLoader("").tables())
    return str(caught.value)


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("films.csv", FILMS),
        ("films.csv.gz", FILMS),
        ("films.CSV", FILMS.replace("\n", "\r\n")),
        ("films.tsv", FILMS.replace(",", "\t")),
        ("films.tsv.gz", FILMS.replace(",", "\t")),
        ("films.csv", b"\xef\xbb\xbf" + FILMS.encode()),
        ("films.tsv", "id:token\ttitle:token_seq\n007\tGoldfinger\n\n008\t\n"),
        ("films.jsonl", '{"id": "007", "title": "Goldfinger"}\n\n{"title": "", "id": "008"}'),
        ("films.ndjson.gz", '{"id": "007", "title": "Goldfinger"}\n{"title": "", "id": "008"}\n'),
    ],
)
def test_text_forms(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert rows_of(write(tmp_path / name, content)) == {
        "films": [{"id": "007", "title": "Goldfinger"}, {"id": "008", "title": ""}]
    }


@pytest.mark.parametrize("name", ["films.parquet", "films.parquet.gz"])
def test_parquet(tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": [7, 8], "genres": [["Drama"], []]}), buffer)
    path = write(tmp_path / name, buffer.getvalue())
    assert rows_of(path) == {"films": [{"id": 7, "genres": ["Drama"]}, {"id": 8, "genres": []}]}
    assert next(TablesLoader(str(path)).tables()).rows == 2


def test_quotes_and_line_breaks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,title\n1,"He said ""hi"",\nthen left"\n')
    assert rows_of(path)["a"] == [{"id": "1", "title": 'He said "hi",\nthen left'}]


def test_a_folder_of_files_and_parts(tmp_path: Path) -> None:
    write(tmp_path / "ratings-1.csv", "u,i\n1,2\n")
    write(tmp_path / "ratings-2.csv", "u,i\n3,4\n")
    write(tmp_path / "films" / "b.csv", "id\n2\n")
    write(tmp_path / "films" / "a.csv.gz", "id\n1\n")
    write(tmp_path / "README.md", "notes")
    write(tmp_path / ".hidden.csv", "")
    assert rows_of(tmp_path) == {
        "films": [{"id": "1"}, {"id": "2"}],
        "ratings-1": [{"u": "1", "i": "2"}],
        "ratings-2": [{"u": "3", "i": "4"}],
    }


def test_header_only_has_columns_and_no_rows(tmp_path: Path) -> None:
    (table,) = TablesLoader(str(write(tmp_path / "a.csv", "id,title\n"))).tables()
    (batch,) = table.batches
    assert (batch.num_rows, batch.schema.names, table.where) == (0, ["id", "title"], f"csv:{tmp_path}/a.csv")
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), tmp_path / "b.parquet")
    (table,) = TablesLoader(str(tmp_path / "b.parquet")).tables()
    assert [b.schema.names for b in table.batches] == [["id"]]


def test_json_columns_keep_one_type_over_the_whole_file(tmp_path: Path) -> None:
    lines = [{"n": 1, "x": 1, "l": ["a"], "m": 1, "o": {"k": "é"}, "big": 2**70, "b": True}] * 20_000
    lines.append({"n": 2, "x": 0.5, "l": [], "m": "two", "o": {}, "big": 1, "b": None, "late": "yes"})
    path = write(tmp_path / "a.jsonl", "\n".join(json.dumps(line) for line in lines))
    (table,) = TablesLoader(str(path)).tables()
    batches = list(table.batches)
    assert [b.num_rows for b in batches] == [20_000, 1]
    assert batches[0].schema == batches[1].schema
    assert batches[0].slice(0, 1).to_pylist() == [
        {"n": 1, "x": 1.0, "l": ["a"], "m": 1, "o": {"json": '{"k": "é"}'}, "big": str(2**70), "b": True, "late": None}
    ]
    assert batches[1].to_pylist() == [
        {"n": 2, "x": 0.5, "l": [], "m": "two", "o": {"json": "{}"}, "big": 1, "b": None, "late": "yes"}
    ]


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
plain_rows = st.lists(st.tuples(text, text), min_size=1, max_size=8)
fast = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@fast
@given(rows=plain_rows)
def test_csv_round_trip(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("a", "b"), *rows])
    assert [tuple(r.values()) for r in rows_of(path)["t"]] == [row for row in rows if row != ("", "")]


one_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=8)


@fast
@given(rows=st.lists(st.tuples(one_line, one_line), min_size=1, max_size=8))
def test_tsv_round_trip(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\n" + "".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8", newline="")
    assert [tuple(r.values()) for r in rows_of(path)["t"]] == [row for row in rows if row != ("", "")]


values = st.one_of(text, st.none())
numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none())


@fast
@given(rows=st.lists(st.fixed_dictionaries({"a": text, "b": numbers, "c": st.lists(text)}), min_size=1, max_size=8))
def test_jsonl_and_parquet_round_trip(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    (tmp_path / "j.jsonl").write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    assert rows_of(tmp_path / "j.jsonl")["j"] == rows
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    assert rows_of(tmp_path / "p.parquet")["p"] == rows


BAD_ROWS: list[tuple[str, str | bytes, str]] = [
    (
        "a.csv",
        "",
        "SourceError: the file is empty.\n  where     csv:{path}\n  found     0 bytes of content\n"
        "  expected  a header row\n  next      check that the export or download of this file finished",
    ),
    (
        "a.jsonl",
        "\n",
        "SourceError: the file is empty.\n  where     jsonl:{path}\n  found     0 bytes of content\n"
        "  expected  one JSON object per line, with at least one key\n"
        "  next      check that the export or download of this file finished",
    ),
    (
        "a.parquet",
        "",
        "SourceError: the file is empty.\n  where     parquet:{path}\n  found     0 bytes of content\n"
        "  expected  a Parquet file\n  next      check that the export or download of this file finished",
    ),
    (
        "a.csv",
        "id,id\n1,x\n",
        "SourceError: the header does not name every column once.\n  where     csv:{path}, header\n"
        "  found     'id' 2 times\n  expected  one different name per column\n"
        "  next      name the columns in the first row of the file; if that row is data, write names above it",
    ),
    (
        "a.csv",
        "id,title\n1,x\n2,y,z\n",
        "SourceError: a row has too many cells.\n  where     csv:{path}, row 2\n  found     3 cells: '2,y,z'\n"
        "  expected  2 cells as in the header, separated by commas\n"
        '  next      put cells that hold the delimiter into double quotes: "a, b"',
    ),
    (
        "a.csv",
        'id,title\n1,x\n2,"y\n',
        "SourceError: a row cannot be taken apart.\n  where     csv:{path}, row 2\n"
        "  found     unexpected end of data: '2,\"y'\n"
        "  expected  cells as RFC 4180 writes them, of at most 131,072 characters\n"
        '  next      close every double quote and write a quote inside a cell twice: "say ""hi"""',
    ),
    (
        "a.csv",
        b"id,title\n1,x\n2,Am\xe9lie\n",
        "SourceError: the text is not UTF-8.\n  where     csv:{path}, row 2\n  found     b'Am\\xe9lie'\n"
        "  expected  UTF-8, with or without a byte order mark\n"
        "  next      convert the file, e.g. `iconv -f latin1 -t utf-8`",
    ),
    (
        "a.jsonl",
        b'{"t": "x"}\n{"t": "Am\xe9lie"}\n',
        "SourceError: the text is not UTF-8.\n  where     jsonl:{path}, row 2\n"
        '  found     b\'{{"t": "Am\\xe9lie"}}\\n\'\n  expected  UTF-8, with or without a byte order mark\n'
        "  next      convert the file, e.g. `iconv -f latin1 -t utf-8`",
    ),
    (
        "a.jsonl",
        '{"t": 1}\n{"t": }\n',
        "SourceError: a line is not a JSON object.\n  where     jsonl:{path}, row 2\n"
        "  found     Expecting value: line 1 column 7 (char 6)\n"
        '  expected  one JSON object per line, like {{"id": "1", "title": "Heat"}}\n'
        "  next      correct or remove the line",
    ),
    (
        "a.jsonl",
        "[1]\n",
        "SourceError: a line is not a JSON object.\n  where     jsonl:{path}, row 1\n  found     '[1]'\n"
        '  expected  one JSON object per line, like {{"id": "1", "title": "Heat"}}\n'
        "  next      correct or remove the line",
    ),
    (
        "a.txt",
        "x",
        "SourceError: the location holds no table.\n  where     {path}\n  found     a.txt\n"
        "  expected  a .csv, .tsv, .parquet or .jsonl file (also .gz, .bz2, .xz), or a folder of them\n"
        "  next      name it .csv or .tsv, after what separates its cells",
    ),
]


@pytest.mark.parametrize(("name", "content", "expected"), BAD_ROWS)
def test_messages(tmp_path: Path, name: str, content: str | bytes, expected: str) -> None:
    path = write(tmp_path / name, content)
    assert message(path) == expected.format(path=path)


@pytest.mark.parametrize("line", ['{"t": NaN}', '{"t": "\\ud800"}'])
def test_json_that_arrow_cannot_hold_is_refused(tmp_path: Path, line: str) -> None:
    assert message(write(tmp_path / "a.jsonl", line)).startswith("SourceError: a line is not a JSON object.")


def test_nothing_there(tmp_path: Path) -> None:
    assert message(tmp_path / "no.csv") == (
        f"SourceError: the source does not exist.\n  where     {tmp_path}/no.csv\n  found     nothing at this path\n"
        "  expected  a .csv, .tsv, .parquet or .jsonl file (also .gz, .bz2, .xz), or a folder of them\n"
        "  next      check the path; a relative one starts at the folder the command runs in"
    )
    assert message("").startswith("SourceError: the source has no location.\n  found     an empty location\n")
    assert "found     an empty folder" in message(tmp_path)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize("damage", [cut, lambda content: b"no gzip at all"])
def test_damaged_gzip(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    rows = "".join(f"{i},{i * 7919 % 1013}\n" for i in range(5_000))
    path = write(tmp_path / "a.csv.gz", f"a,b\n{rows}")
    path.write_bytes(damage(path.read_bytes()))
    lines = message(path).splitlines()
    assert lines[:2] == ["SourceError: the compressed file is damaged or cut short.", f"  where     csv:{path}"]
    assert lines[3:] == [
        "  expected  a complete compressed file, of the kind that its name says",
        "  next      fetch or compress the file again",
    ]


def test_damaged_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": list(range(10_000))}), path)
    path.write_bytes(cut(path.read_bytes()))
    lines = message(path).splitlines()
    assert lines[:2] == ["SourceError: the Parquet file is damaged or cut short.", f"  where     parquet:{path}"]
    assert lines[3:] == ["  expected  a complete Parquet file", "  next      fetch or write the file again"]


def test_damaged_parquet_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [str(i * 7919) for i in range(10_000)]}), path, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[100:2000] = b"\x00" * 1900
    path.write_bytes(content)
    assert message(path).startswith("SourceError: the Parquet file is damaged or cut short.")


def test_two_files_for_one_table(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "x\n")
    write(tmp_path / "a.tsv", "x\n")
    assert message(tmp_path) == (
        f"SourceError: two sources claim the table 'a'.\n  where     {tmp_path}\n  found     a.csv and a.tsv\n"
        "  expected  one file or sub-folder per table\n  next      rename or remove one of them"
    )


def test_parts_that_do_not_go_together(tmp_path: Path) -> None:
    write(tmp_path / "t" / "1.csv", "x\n1\n")
    second = write(tmp_path / "t" / "2.csv", "y\n1\n")
    assert message(tmp_path) == (
        f"SourceError: the parts of a table have different columns.\n  where     csv:{second}\n  found     y\n"
        "  expected  x (from 1.csv)\n  next      put tables with other columns into a file or sub-folder of their own"
    )
    write(tmp_path / "t" / "3.jsonl", "{}")
    assert message(tmp_path) == (
        f"SourceError: the parts of a table have different formats.\n  where     {tmp_path}/t\n"
        "  found     1.csv and 3.jsonl\n  expected  a sub-folder with parts of one format\n"
        "  next      put tables of another format beside the sub-folder"
    )


def test_a_file_without_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.csv", FILMS)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert message(path) == (
        f"SourceError: the file cannot be read.\n  where     csv:{path}\n  found     Permission denied\n"
        "  expected  a readable file\n  next      check the file and its permissions"
    )
