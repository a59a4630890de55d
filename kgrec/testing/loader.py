"""What every loader promises, as tests: plain rows, the same on every reading, and errors that name their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pytest

from kgrec.data.records import Loader, Table
from kgrec.errors import SourceError
from kgrec.extract.sources import open_loader


class LoaderContract:
    """Tests of a loader; a subclass whose name starts with ``Test`` says what it reads and what it cannot read.

    .. code-block:: python

        class TestMyLoader(LoaderContract):
            name = "mine"

            @pytest.fixture
            def location(self, tmp_path: Path) -> str:
                ...

            @pytest.fixture
            def faulty(self, tmp_path: Path) -> Mapping[str, Loader]:
                return {"no.file": open_loader("mine:no.file")}

    Attributes:
        name: its entry point in the group ``kgrec.loaders``.
    """

    name = ""

    @pytest.fixture
    def location(self) -> str:
        """A location with at least one row."""
        raise NotImplementedError

    @pytest.fixture
    def loader(self, location: str) -> Loader:
        """The loader of that location."""
        return open_loader(f"{self.name}:{location}")

    @pytest.fixture
    def faulty(self) -> Mapping[str, Loader]:
        """Loaders that cannot read what they were given, by the text that names the place: a path, an address."""
        raise NotImplementedError

    @pytest.fixture
    def with_bad_rows(self) -> Mapping[str, Loader]:
        """Loaders of a source with one row that cannot be read among others that can, by the text that names the place;
        none where a source is read as a whole or not at all."""
        return {}

    def test_tables_have_names_and_places_of_their_own(self, loader: Loader) -> None:
        tables = list(loader.tables())
        assert tables
        assert all(table.name.strip() and table.where.strip() for table in tables)
        assert len({table.name for table in tables}) == len(tables)

    def test_every_batch_of_a_table_has_its_columns(self, loader: Loader) -> None:
        for table in loader.tables():
            batches = list(table.batches)
            assert batches, f"{table.name}: the columns of a table without rows are told by an empty batch"
            schema = batches[0].schema
            assert len(set(schema.names)) == len(schema.names)
            assert all(name.strip() for name in schema.names)
            assert {tuple(batch.schema.names) for batch in batches} == {tuple(schema.names)}
            assert all(batch.schema.types == schema.types for batch in batches)

    def test_rows_are_as_many_as_it_says(self, loader: Loader) -> None:
        total = 0
        for table in loader.tables():
            rows = sum(batch.num_rows for batch in table.batches)
            assert table.rows in (None, rows), f"{table.name} has {rows} rows"
            total += rows
        assert total > 0

    def test_reading_again_gives_the_same_rows_in_the_same_places(self, loader: Loader) -> None:
        for once, again in zip(_read(loader), _read(loader), strict=True):
            assert once == again

    def test_a_reading_that_stopped_disturbs_no_other(self, loader: Loader) -> None:
        stopped = next(loader.tables())
        first = next(iter(stopped.batches))
        table = next(loader.tables())
        assert table.name == stopped.name
        assert next(iter(table.batches)).equals(first)

    def test_what_cannot_be_read_is_named_with_what_to_do(self, faulty: Mapping[str, Loader]) -> None:
        assert faulty
        for place, loader in faulty.items():
            with pytest.raises(SourceError) as caught:
                list(_read(loader))
            error = caught.value
            assert place in (error.where or "")
            assert error.summary.endswith(".")
            assert error.found
            assert error.expected
            assert error.next

    def test_a_bad_row_is_refused_or_left_out_and_listed(self, with_bad_rows: Mapping[str, Loader]) -> None:
        for place, loader in with_bad_rows.items():
            with pytest.raises(SourceError) as caught:
                list(_read(loader))
            assert place in (caught.value.where or "")
            rows, bad = 0, []
            for table in loader.tables():
                table.log.collect()
                rows += sum(batch.num_rows for batch in table.batches)
                bad += table.log.bad_rows
            assert rows > 0
            assert {one.rows for one in bad} == {1}
            assert {one.row for one in bad} == {bad[0].row}
            assert place in bad[0].where
            assert (caught.value.where or "").endswith(f" {bad[0].row}")
            assert bad[0].what.endswith(".")
            assert all((bad[0].found, bad[0].expected, bad[0].next))


def _read(loader: Loader) -> Iterator[tuple[str, str, pa.Table]]:
    """Name, place and all rows of each table."""
    for table in loader.tables():
        yield table.name, table.where, _rows(table)


def _rows(table: Table) -> pa.Table:
    return pa.Table.from_batches(list(table.batches)).combine_chunks()
