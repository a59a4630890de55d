"""Samples of tables: the first rows, and whether these are all."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from kgrec.data.records import Table
from kgrec.errors import SourceError
from kgrec.extract.draft.sampled_tables import sampled


class Fake:
    """Tables of given batches; says which batches were asked for."""

    def __init__(self, rows: int | None = None, **tables: list[dict[str, list[object]]]) -> None:
        self.given, self.rows, self.read = tables, rows, list[str]()

    def tables(self) -> Iterator[Table]:
        for name, batches in self.given.items():
            yield Table(name, self._batches(name, batches), f"fake:{name}", self.rows)

    def _batches(self, name: str, batches: list[dict[str, list[object]]]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.read.append(name)
            yield pa.RecordBatch.from_pydict(batch)


def test_no_more_is_read_than_is_looked_at() -> None:
    loader = Fake(t=[{"a": [1, 2, 3]}, {"a": [4, 5]}, {"a": [6]}])
    (table,) = sampled([loader], most=4)
    assert (table.rows.to_pydict(), table.whole, loader.read) == ({"a": [1, 2, 3, 4]}, False, ["t", "t"])
    (table,) = sampled([loader], most=100)
    assert (table.rows.num_rows, table.whole) == (6, True)


def test_a_number_of_rows_that_is_known_says_whether_these_are_all() -> None:
    assert sampled([Fake(rows=2, t=[{"a": [1, 2]}])], most=2)[0].whole
    assert not sampled([Fake(t=[{"a": [1, 2]}])], most=2)[0].whole


def test_batches_of_several_types_become_texts() -> None:
    (table,) = sampled([Fake(t=[{"a": [1, 2]}, {"a": ["x", "3"]}])])
    assert table.rows.to_pydict() == {"a": ["1", "2", "x", "3"]}


def test_one_name_is_one_kind_of_rows() -> None:
    same = sampled([Fake(t=[{"a": [1]}]), Fake(t=[{"a": [2]}])])
    assert [table.rows.to_pydict() for table in same] == [{"a": [1, 2]}]
    with pytest.raises(SourceError, match="two sources have a table 't', with different columns"):
        sampled([Fake(t=[{"a": [1]}]), Fake(t=[{"b": [2]}])])
