"""The tables of a benchmark folder, by name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.errors import SourceError
from kgrec_loaders.benchmark_columns import first_names, id_column
from kgrec_loaders.source_files import files_of, format_of, stem_of
from kgrec_loaders.tables import FORMATS, read_parts

EXPECTED = "interactions_train and interactions_test, or interactions_all (.parquet, .csv, .tsv or .jsonl)"


class BenchmarkTables:
    """The tables of a folder, read when they are asked for; :attr:`files` has the file of each by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_dir():
            raise self.missing("a file", f"a folder with {EXPECTED}")
        self.files = {stem_of(p): p for p in reversed(files_of(path)) if p.is_file() and format_of(p, FORMATS)}

    def read(self, name: str) -> pa.Table | None:
        """A table, None where the folder has none of this name."""
        path = self.files.get(name)
        if path is None:
            return None
        batches = list(read_parts([path], format_of(path, FORMATS) or ""))
        return pa.Table.from_batches(batches)

    def where(self, name: str) -> str:
        """A table in words, for error messages."""
        return f"benchmark:{self.files[name]}"

    def missing(self, found: str, expected: str) -> SourceError:
        """The error for a folder without a table that must be there."""
        return SourceError(
            "the folder is not a benchmark data set.",
            where=str(self.path),
            found=found,
            expected=expected,
            next="name the tables like this, or import the data with a graph schema of its own",
        )

    def names_by_id(self, name: str, column: str) -> dict[str, str]:
        """What a table calls the ids of a column, where it has a name for them; empty where there is no such table."""
        table = self.read(name)
        if table is None:
            return {}
        names = first_names(table).to_pylist()
        ids = id_column(table, column, self.where(name)).to_pylist()
        return {uid: label for uid, label in zip(ids, names, strict=True) if label}


def renamed(ids: pa.ChunkedArray, names: dict[str, str]) -> pa.ChunkedArray:
    """Every id replaced by its name; an id without one stays."""
    rows = pc.index_in(ids, pa.array(list(names), pa.string()))
    return pc.coalesce(pc.take(pa.array(list(names.values()), pa.string()), rows), ids)
