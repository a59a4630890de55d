"""Tables: CSV, TSV, Parquet and JSON lines, each also compressed (.gz, .bz2, .xz), as one file or a folder of them.

films.csv                              one table, films
data/films.csv                         a folder of tables: films, ratings
data/ratings/1.csv ...                 a sub-folder is one table in parts, ratings, however deep they lie in it
data/ratings/day=2024-01-01/1.csv      what the folders of parts are called is a column: day
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from kgrec.data.records import ReadingLog, Table
from kgrec.errors import SourceError
from kgrec_loaders.delimited import read_delimited
from kgrec_loaders.import_script import run
from kgrec_loaders.jsonl import holds_json_lines, read_jsonl
from kgrec_loaders.source_files import (
    empty_file,
    files_of,
    format_of,
    is_compressed,
    located,
    reading,
    stem_of,
    whole_content,
)

FORMATS = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""Form by file suffix."""

_EXPECTED = "a .csv, .tsv, .parquet or .jsonl file (also .gz, .bz2, .xz), or a folder of them"
_ADVICE = {
    "save each sheet as CSV (UTF-8)": (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"),
    "name it .csv or .tsv, after what separates its cells": (".txt", ".dat", ".data", ".tab", ".psv"),
    "unpack it": (".zip", ".7z", ".rar", ".tar", ".tgz", ".zst", ".lz4"),
    "write one JSON object per line, as .jsonl": (".json",),
    "read it as sql:sqlite:///FILE#TABLE=SELECT ...": (".db", ".sqlite", ".sqlite3"),
    "read it as rdf:FILE": (".ttl", ".nt", ".nq", ".trig", ".rdf", ".owl", ".jsonld"),
    "they are RecBole's atomic files: read the folder as recbole:FOLDER": (".inter", ".item", ".kg", ".link"),
    "write it as .parquet or .csv": (".feather", ".arrow", ".pkl", ".pickle", ".h5", ".hdf5", ".orc", ".avro"),
}
"""What to do about files that are no table here, by their suffixes."""

_PARTITION = re.compile(r"([^=/]+)=(.*)")
_MOST_NAMED = 10
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


class TablesLoader:
    """Reads files of rows; the table is named like the file, without suffixes.

    Args:
        location: a file, or a folder of files and of sub-folders with the parts of one table. Sub-folders that are
            partitions (``day=2024-01-01``) hold parts of tables that are called like their files, or like the folder
            where these have numbers. Other files are passed over, and named in the tables' logs.
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
        found: dict[str, _TableFiles] = {}
        passed_over: list[str] = []
        for files in _tables_at(path, passed_over):
            if files.name in found:
                first, second = found[files.name].parts[0], files.parts[0]
                raise SourceError(
                    f"two sources claim the table {files.name!r}.",
                    where=str(path),
                    found=f"{first.relative_to(path)} and {second.relative_to(path)}",
                    expected="one file or sub-folder per table",
                    next="rename or remove one of them",
                )
            found[files.name] = files
        if not found:
            raise SourceError(
                "the location holds no table.",
                where=str(path),
                found=", ".join(passed_over[:_MOST_NAMED]) or "an empty folder",
                expected=_EXPECTED,
                next=_advice_for(passed_over) or "save the data in one of these formats; the suffix says which",
            )
        for _, files in sorted(found.items()):
            log = ReadingLog(passed_over)
            if passed_over:
                log.note(f"{path}: passed over {_listed(passed_over)}")
            yield files.table(log)


def _listed(names: Sequence[str]) -> str:
    """Some names, and what to do about such files where something is known."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    advice = _advice_for(names)
    return ", ".join(names[:_MOST_NAMED]) + more + (f" ({advice})" if advice else "")


def _advice_for(names: Sequence[str]) -> str:
    """What to do about files that are no table, by their suffixes; empty where nothing is known of any."""
    suffixes = {Path(name).suffix.lower() for name in names}
    return "; ".join(advice for advice, known in _ADVICE.items() if suffixes & set(known))


@dataclass(frozen=True)
class _TableFiles:
    """The files of one table.

    Attributes:
        folder: of the parts, whose sub-folders may name partitions; None for one file.
    """

    name: str
    format: str
    parts: tuple[Path, ...]
    folder: Path | None

    @classmethod
    def of(cls, name: str, parts: Sequence[Path], folder: Path | None) -> _TableFiles:
        """The table of some files.

        Raises:
            SourceError: parts of several formats.
        """
        format = _form(parts[0]) or ""
        other = next((path for path in parts if _form(path) != format), None)
        if other:
            raise SourceError(
                "the parts of a table have different formats.",
                where=str(folder),
                found=f"{parts[0].name} and {other.name}",
                expected="a sub-folder with parts of one format",
                next="put tables of another format beside the sub-folder",
            )
        return cls(name, format, tuple(parts), folder)

    def table(self, log: ReadingLog) -> Table:
        """The table, its files unread as yet but for the row counts that Parquet keeps."""
        source = self.parts[0] if len(self.parts) == 1 else self.folder
        rows = sum(_parquet(p).metadata.num_rows for p in self.parts) if self.format == "parquet" else None
        return Table(self.name, self._batches(log), f"{self.format}:{source}", rows, log)

    def _batches(self, log: ReadingLog) -> Iterator[pa.RecordBatch]:
        """The rows; partitions are columns, unless the files have a column of the name."""
        if not any(self._partitions(path) for path in self.parts):
            yield from read_parts(self.parts, self.format, log)
            return
        names = list(self._partitions(self.parts[0]))
        for path in self.parts:
            if list(self._partitions(path)) != names:
                raise SourceError(
                    "the parts of a table are in folders of different partitions.",
                    where=str(path),
                    found=", ".join(self._partitions(path)) or "no partition",
                    expected=(", ".join(names) or "no partition")
                    + f" (from {self.parts[0].relative_to(self.folder or '.')})",
                    next="put the parts into folders of the same names, one in the other",
                )
        columns: list[str] | None = None
        for values, paths in groupby(self.parts, key=self._partitions):
            for batch in read_parts(list(paths), self.format, log):
                if columns is not None and batch.schema.names != columns:
                    raise _other_columns(f"{self.format}:{self.folder}", batch.schema.names, columns, self.parts[0])
                columns = batch.schema.names
                for name, value in values.items():
                    if name not in columns:
                        cells = pa.array([value], pa.string()).take(pa.array([0] * batch.num_rows, pa.int64()))
                        batch = batch.append_column(name, cells)
                yield batch

    def _partitions(self, path: Path) -> dict[str, str | None]:
        """Columns of a part with its value, as the folders between the table's and the part are called."""
        folders = () if self.folder is None else path.relative_to(self.folder).parts[:-1]
        named = (match for folder in folders if (match := _PARTITION.fullmatch(folder)))
        return {
            unquote(name): None if value == _NO_VALUE else unquote(value) for name, value in (m.groups() for m in named)
        }


def _tables_at(path: Path, passed_over: list[str]) -> Iterator[_TableFiles]:
    """The tables of a file or folder; takes down what is passed over."""
    partitions: list[Path] = []
    for entry in files_of(path) if path.is_dir() else [path]:
        below = list(_files_below(entry)) if entry.is_dir() else [entry]
        parts = [file for file in below if _form(file)]
        passed_over += [str(file.relative_to(entry.parent)) for file in below if file not in parts]
        if not below:
            passed_over.append(f"{entry.name}/ (an empty folder)")
        if entry.is_dir() and _PARTITION.fullmatch(entry.name):
            partitions += parts
        elif parts:
            # Spark writes films.parquet/part-0: the folder has the suffix of its parts.
            whole = not entry.is_dir() or format_of(entry, FORMATS) is not None
            yield _TableFiles.of(stem_of(entry) if whole else entry.name, parts, entry if entry.is_dir() else None)
    if any(re.search(r"\d", stem_of(part)) for part in partitions):  # part-0.parquet: a name that nobody chose
        yield _TableFiles.of(path.resolve().name, partitions, path)
    else:
        for name in sorted({stem_of(part) for part in partitions}):
            yield _TableFiles.of(name, [part for part in partitions if stem_of(part) == name], path)


def _form(path: Path) -> str | None:
    """The form of a file, by its suffix; many call JSON lines ``.json``, and only the file says whether it has them."""
    if format_of(path, {".json": "json"}):
        return "jsonl" if holds_json_lines(path) else None
    return format_of(path, FORMATS)


def _files_below(folder: Path) -> Iterator[Path]:
    """Visible files of a folder and its sub-folders, by name."""
    for entry in files_of(folder):
        if entry.is_dir():
            yield from _files_below(entry)
        else:
            yield entry


def read_parts(parts: Sequence[Path], format: str, log: ReadingLog | None = None) -> Iterator[pa.RecordBatch]:
    """Read the files of one table, all of one format of ``FORMATS``.

    Args:
        log: takes up what is odd, and the rows that cannot be read where it collects them.

    Raises:
        SourceError: a file is missing, empty, damaged or does not go with the others.
    """
    if format == "parquet":
        return _read_parquet(parts)
    return read_jsonl(parts, log) if format == "jsonl" else read_delimited(parts, format, log)


def _read_parquet(parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    first: list[str] | None = None
    for path in parts:
        file = _parquet(path)
        names = list(file.schema_arrow.names)
        if first is not None and names != first:
            raise _other_columns(f"parquet:{path}", names, first, parts[0])
        first = names
        try:
            yield from (
                file.iter_batches()
                if file.metadata.num_rows
                else file.read().to_batches() or [pa.RecordBatch.from_pylist([], file.schema_arrow)]
            )
        except (pa.ArrowException, OSError) as error:
            raise _damaged_parquet(path, error) from error


def _other_columns(where: str, found: Sequence[str], expected: Sequence[str], first: Path) -> SourceError:
    return SourceError(
        "the parts of a table have different columns.",
        where=where,
        found=", ".join(found),
        expected=", ".join(expected) + f" (from {first.name})",
        next="put tables with other columns into a file or sub-folder of their own",
    )


def _parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file. Its table of contents is at the end, so a compressed one has to be unpacked in memory."""
    where = f"parquet:{path}"
    with reading(where):
        if path.stat().st_size == 0:
            raise empty_file(where, "a Parquet file")
        source: io.BytesIO | str = str(path)
        if is_compressed(path):
            source = io.BytesIO(whole_content(path, where))
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
