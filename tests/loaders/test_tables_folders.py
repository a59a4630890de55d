"""Folders as people have them: partitions, parts in parts, compressed files, and files of other forms."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kgrec.errors import SourceError
from kgrec_loaders.tables import TablesLoader


def write(path: Path, text: str = "id\n1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(location: Path) -> dict[str, list[dict[str, Any]]]:
    return {t.name: [r for b in t.batches for r in b.to_pylist()] for t in TablesLoader(str(location)).tables()}


def test_what_folders_of_parts_are_called_is_a_column(tmp_path: Path) -> None:
    for day, user in (("2024-01-01", "u"), ("2024-01-02", "v"), ("__HIVE_DEFAULT_PARTITION__", "w")):
        folder = tmp_path / "events" / f"day={day}" / "shop=a%20b"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"user": [user]}), folder / "part-0.parquet")
    write(tmp_path / "events" / "_SUCCESS", "")
    expected = [
        {"user": "u", "day": "2024-01-01", "shop": "a b"},
        {"user": "v", "day": "2024-01-02", "shop": "a b"},
        {"user": "w", "day": None, "shop": "a b"},
    ]
    assert rows_of(tmp_path) == {"events": expected}
    assert rows_of(tmp_path / "events") == {"events": expected}  # the folder itself is the table, too


def test_partitions_beside_tables_are_called_like_their_files(tmp_path: Path) -> None:
    write(tmp_path / "items.csv")
    for day in ("1", "2"):
        write(tmp_path / f"day={day}" / "views.csv", "user\nu\n")
        write(tmp_path / f"day={day}" / "buys.csv", "user,day\nu,9\n")
    assert rows_of(tmp_path) == {
        "items": [{"id": "1"}],
        "views": [{"user": "u", "day": "1"}, {"user": "u", "day": "2"}],
        "buys": [{"user": "u", "day": "9"}, {"user": "u", "day": "9"}],  # the file's own column counts
    }


def test_parts_in_folders_of_different_partitions_do_not_go_together(tmp_path: Path) -> None:
    write(tmp_path / "views" / "day=1" / "a.csv")
    write(tmp_path / "views" / "b.csv")
    with pytest.raises(SourceError) as caught:
        rows_of(tmp_path)
    assert (caught.value.found, caught.value.expected) == ("day", "no partition (from b.csv)")


def test_parts_may_lie_deep_and_their_folder_may_have_their_suffix(tmp_path: Path) -> None:
    write(tmp_path / "views" / "2024" / "01" / "a.csv")
    write(tmp_path / "views" / "2024" / "02" / "a.csv", "id\n2\n")
    (tmp_path / "items.parquet").mkdir()
    pq.write_table(pa.table({"id": [1]}), tmp_path / "items.parquet" / "part-00000.snappy.parquet")
    assert rows_of(tmp_path) == {"views": [{"id": "1"}, {"id": "2"}], "items": [{"id": 1}]}


def test_compressed_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv.bz2").write_bytes(bz2.compress(b"id\n1\n"))
    (tmp_path / "b.CSV.XZ").write_bytes(lzma.compress(b"id\n2\n"))
    assert rows_of(tmp_path) == {"a": [{"id": "1"}], "b": [{"id": "2"}]}
    for name in ("a.csv.bz2", "b.CSV.XZ"):
        (tmp_path / name).write_bytes(b"no such thing")
        with pytest.raises(SourceError, match="damaged or cut short"):
            rows_of(tmp_path / name)


def test_files_of_other_forms_are_named_with_what_to_do(tmp_path: Path) -> None:
    write(tmp_path / "items.csv")
    for name in ("users.xlsx", "events.dat", "old/notes.md", ".hidden.xlsx", "_SUCCESS"):
        write(tmp_path / name)
    (tmp_path / "bare").mkdir()
    (table,) = TablesLoader(str(tmp_path)).tables()
    assert sorted(table.log.passed_over) == ["bare/ (an empty folder)", "events.dat", "old/notes.md", "users.xlsx"]
    (note,) = table.log.notes
    assert note.startswith(f"{tmp_path}: passed over ")
    assert "save each sheet as CSV (UTF-8); name it .csv or .tsv, after what separates its cells" in note
    with pytest.raises(SourceError) as caught:
        rows_of(tmp_path / "users.xlsx")
    assert caught.value.next == "save each sheet as CSV (UTF-8)"


def test_json_lines_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    write(tmp_path / "review.json", '\ufeff{"id": 1}\n\n{"id": 2, "stars": 4}\n')
    (tmp_path / "user.json.gz").write_bytes(gzip.compress(b'{"id": "a"}\n{"id": "b"}\n'))
    write(tmp_path / "parts" / "0.json", '{"id": 5}\n{"id": 6}\n')
    write(tmp_path / "parts" / "1.jsonl", '{"id": 7}\n')
    documents = {"list.json": '[{"id": 1},\n{"id": 2}]', "pretty.json": '{\n"id": 1\n}\n', "one.json": '{"id": 1}'}
    for name, text in documents.items():
        write(tmp_path / name, text)
    assert rows_of(tmp_path) == {
        "parts": [{"id": 5}, {"id": 6}, {"id": 7}],
        "review": [{"id": 1, "stars": None}, {"id": 2, "stars": 4}],
        "user": [{"id": "a"}, {"id": "b"}],
    }
    (table, *_) = TablesLoader(str(tmp_path)).tables()
    assert table.log.notes == [
        f"{tmp_path}: passed over list.json, one.json, pretty.json (write one JSON object per line, as .jsonl)"
    ]
