"""Lines taken apart at once give what they give row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import ReadingLog
from kgrec_loaders import delimited

SIGNS = st.sampled_from(["a", "é", '"', ",", "\t", "\n", "\r\n", "\r", " ", "\udcff"])
TEXTS = st.lists(SIGNS, max_size=24).map("".join)
CELLS = st.sampled_from(["", "a", '"a"', '"a,b"', '""', '"a\nb"', '"a""b"', 'a"b', " a "])
WELL_FORMED = st.lists(st.tuples(CELLS, CELLS).map(",".join), max_size=5).map(
    lambda rows: "".join(f"{r}\n" for r in rows)
)


def read(path: Path, format: str) -> tuple[list[dict[str, str]], list[object], list[str]]:
    """Rows, what was left out and what was noted."""
    log = ReadingLog()
    log.collect()
    rows = [row for batch in delimited.read_delimited([path], format, log) for row in batch.to_pylist()]
    return rows, list(log.bad_rows), list(log.notes)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS | WELL_FORMED, format=st.sampled_from(["csv", "tsv"]), block=st.sampled_from([1, 2, 5, 20_000]))
def test_blocks_are_rows(text: str, format: str, block: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rows") / f"t.{format}"
    header = "x,y\n" if format == "csv" else "x\ty\n"
    path.write_bytes((header + text).encode("utf-8", "surrogateescape"))
    with pytest.MonkeyPatch.context() as patch:
        for size in ("BATCH_ROWS", "_BLOCK"):
            patch.setattr(delimited, size, block)
        at_once = read(path, format)
        patch.setattr(delimited._File, "_plain_batch", lambda *_: None)
        assert read(path, format) == at_once


def test_plain_lines_are_taken_apart_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_text('x,y\n1,"a"\n2,"b, c"\n"3",\n')
    monkeypatch.setattr(delimited._File, "_rows", lambda _: iter(()))
    rows, bad, notes = read(path, "csv")
    assert rows == [{"x": "1", "y": "a"}, {"x": "2", "y": "b, c"}, {"x": "3", "y": ""}]
    assert not bad
    assert not notes
