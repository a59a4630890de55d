"""Compressed files that are held in memory as a whole: what they unpack to is bounded, in every form."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kgrec.errors import SourceError
from kgrec_loaders import source_files
from kgrec_loaders.rdf import RdfLoader
from kgrec_loaders.tables import TablesLoader


def read(loader: RdfLoader | TablesLoader) -> None:
    for table in loader.tables():
        list(table.batches)


@pytest.mark.parametrize("name", ["a.ttl.gz", "a.jsonld.gz", "a.rdf.gz", "a.trig.gz"])
def test_rdf_that_unpacks_to_more_than_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(source_files, "MOST_UNPACKED_BYTES", 2**20)
    (tmp_path / name).write_bytes(gzip.compress(b" " * 10 * 2**20))
    with pytest.raises(SourceError, match="more than may be unpacked") as refused:
        read(RdfLoader(str(tmp_path / name)))
    assert name in (refused.value.where or "")


def test_a_parquet_file_likewise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_files, "MOST_UNPACKED_BYTES", 2**20)
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(b"PAR1" + bytes(2**21)))
    with pytest.raises(SourceError, match="more than may be unpacked"):
        read(TablesLoader(str(tmp_path / "a.parquet.gz")))


def test_what_is_within_the_bound_or_not_compressed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_files, "MOST_UNPACKED_BYTES", 100)
    exact, larger = tmp_path / "a.ttl.gz", tmp_path / "b.ttl"
    exact.write_bytes(gzip.compress(b"x" * 100))
    larger.write_bytes(b"x" * 101)
    assert len(source_files.whole_content(exact, "a")) == 100
    assert len(source_files.whole_content(larger, "b")) == 101
