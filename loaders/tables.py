"""Tables: CSV, TSV, Parquet and JSON lines, each also compressed (.gz, .bz2, .xz), as one file or a folder of them.

films.csv                  one table, films
data/films.csv             a folder of tables: films, ratings
data/ratings/1.csv ...     a sub-folder is one table in parts, ratings
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kgrec.data.records import Table
from kgrec.errors import SourceError
from kgrec_loaders.delimited import read_delimited
from kgrec_loaders.import_script import run
from kgrec_loaders.jsonl import read_jsonl
from kgrec_loaders.source_files import (
    empty_file,
    files_of,
    format_of,
    is_compressed,
    located,
    open_bytes,
    reading,
    stem_of,
)

FORMATS = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""Form by file suffix."""

_EXPECTED = "a .csv, .tsv, .parquet or .jsonl file (also .gz, .bz2, .xz), or a folder of them"


class TablesLoader:
    """Reads files of rows; the table is named like the file, without suffixes.

    Args:
        location: a file, or a folder of files and of sub-folders with the parts of one table. Other files are ignored.
    """

    def __init__(self, location: str = "") -> None:
        self._location = location

    def tables(self) -> Iterator[Table]:
        """Yield one table per file or sub-folder, by name.

        Raises:
            SourceError: nothing readable at the location, two files for one table, or (while the batches are read) a
                damaged file.
        """
        path = located(self._location, _EXPECTED)
        found: dict[str, tuple[str, list[Path]]] = {}
        for entry in files_of(path) if path.is_dir() else [path]:
            parts = [p for p in files_of(entry) if format_of(p, FORMATS)] if entry.is_dir() else [entry]
            format = format_of(parts[0], FORMATS) if parts else None
            if format is None:
                continue
            other = next((p for p in parts if format_of(p, FORMATS) != format), None)
            if other:
                raise SourceError(
                    "the parts of a table have different formats.",
                    where=str(entry),
                    found=f"{parts[0].name} and {other.name}",
                    expected="a sub-folder with parts of one format",
                    next="put tables of another format beside the sub-folder",
                )
            name = entry.name if entry.is_dir() else stem_of(entry)
            if name in found:
                raise SourceError(
                    f"two sources claim the table {name!r}.",
                    where=str(path),
                    found=f"{found[name][1][0].relative_to(path)} and {parts[0].relative_to(path)}",
                    expected="one file or sub-folder per table",
                    next="rename or remove one of them",
                )
            found[name] = (format, parts)
        if not found:
            entries = [p.name for p in files_of(path)[:5]] if path.is_dir() else [path.name]
            raise SourceError(
                "the location holds no table.",
                where=str(path),
                found=", ".join(entries) or "an empty folder",
                expected=_EXPECTED,
                next="save the data in one of these formats; the suffix says which",
            )
        for name, (format, parts) in sorted(found.items()):
            source = parts[0] if len(parts) == 1 else parts[0].parent
            rows = sum(_parquet(p).metadata.num_rows for p in parts) if format == "parquet" else None
            yield Table(name, read_parts(parts, format), f"{format}:{source}", rows)


def read_parts(parts: Sequence[Path], format: str) -> Iterator[pa.RecordBatch]:
    """Read the files of one table, all of one format of ``FORMATS``.

    Raises:
        SourceError: a file is missing, empty, damaged or does not go with the others.
    """
    if format == "parquet":
        return _read_parquet(parts)
    return read_jsonl(parts) if format == "jsonl" else read_delimited(parts, format)


def _read_parquet(parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    first: list[str] | None = None
    for path in parts:
        file = _parquet(path)
        names = list(file.schema_arrow.names)
        if first is not None and names != first:
            raise SourceError(
                "the parts of a table have different columns.",
                where=f"parquet:{path}",
                found=", ".join(names),
                expected=", ".join(first) + f" (from {parts[0].name})",
                next="put tables with other columns into a file or sub-folder of their own",
            )
        first = names
        try:
            yield from (
                file.iter_batches()
                if file.metadata.num_rows
                else file.read().to_batches() or [pa.RecordBatch.from_pylist([], file.schema_arrow)]
            )
        except (pa.ArrowException, OSError) as error:
            raise _damaged_parquet(path, error) from error


def _parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file. Its table of contents is at the end, so a compressed one has to be unpacked in memory."""
    where = f"parquet:{path}"
    with reading(where):
        if path.stat().st_size == 0:
            raise empty_file(where, "a Parquet file")
        source: io.BytesIO | str = str(path)
        if is_compressed(path):
            with open_bytes(path) as content:
                source = io.BytesIO(content.read())
        try:
            return pq.ParquetFile(source, page_checksum_verification=True)
        except pa.ArrowException as error:
            raise _damaged_parquet(path, error) from error


def _damaged_parquet(path: Path, error: Exception) -> SourceError:
    return SourceError(
        "the Parquet file is damaged or cut short.",
        where=f"parquet:{path}",
        found=str(error).splitlines()[0],
        expected="a complete Parquet file",
        next="fetch or write the file again",
    )


if __name__ == "__main__":
    run("tables", default_schema="")
