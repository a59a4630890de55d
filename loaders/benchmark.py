"""Benchmark: a folder with a published data set and its split; :mod:`kgrec_loaders.benchmark_folder` has the format."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property  # noqa: TID251 - one thread asks a loader

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.records import Table
from kgrec_loaders.benchmark_folder import BenchmarkFolder
from kgrec_loaders.import_script import run
from kgrec_loaders.source_files import BATCH_ROWS


class BenchmarkLoader:
    """Reads a benchmark folder as plain rows.

    Tables: ``interactions`` (user, item, time, weight, kind, split, contexts), ``users``, ``items``, ``entities`` and
    ``facts`` as :class:`BenchmarkFolder` describes them. Where the data are click labels, ``interactions`` holds the
    clicks only, since a sampled non-click is nothing that anybody did, and ``labels`` (user, item, label, split) holds
    both.

    Args:
        location: the folder.
    """

    def __init__(self, location: str = "") -> None:
        self._location = location

    @cached_property
    def _folder(self) -> BenchmarkFolder:
        """Read once: an import asks for the tables several times, and what they are can be told from all of it only."""
        return BenchmarkFolder.read(self._location)

    def tables(self) -> Iterator[Table]:
        """Yield the tables.

        Raises:
            SourceError: the folder is not of the format.
        """
        folder = self._folder
        parts = [table.append_column("split", pa.repeat(split, len(table))) for split, table in folder.splits().items()]
        interactions = pa.concat_tables(parts, promote_options="permissive")
        tables = {"users": folder.users, "items": folder.items, "entities": folder.entities, "facts": folder.facts}
        if folder.labels:
            tables["labels"] = interactions.select(["user", "item", "label", "split"])
            interactions = interactions.filter(pc.equal(interactions["label"], 1)).drop_columns(["label"])
        for name, table in {"interactions": interactions, **tables}.items():
            yield Table(name, _batches(table), f"benchmark:{folder.path}, table {name}", len(table))


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.to_batches(max_chunksize=BATCH_ROWS) or [pa.RecordBatch.from_pylist([], table.schema)]


if __name__ == "__main__":
    run("benchmark", default_schema="triples")
