"""Records wait until they fill a batch."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.record_columns import InteractionColumns
from kgrec.data.records import Batch, EdgeRecord, Interaction, Record
from kgrec.extract.waiting_records import WaitingRecords


def columns(type: str, start: int, size: int) -> InteractionColumns:
    numbers = range(start, start + size)
    texts = {"user": ["u"] * size, "item": [f"i{n}" for n in numbers], "kind": ["buy"] * size}
    arrays = {name: pa.array(column, pa.string()) for name, column in texts.items()}
    arrays |= {"time": pa.array(map(float, numbers), pa.float64()), "weight": pa.array([1.0] * size, pa.float64())}
    return InteractionColumns.of_arrays(
        type, "shop", {**arrays, "repeat": pa.array([0] * size, pa.int64()), "context": pa.array([""] * size)}
    )


def edge(number: int) -> EdgeRecord:
    return EdgeRecord("FACT", "Item", f"i{number}", "Entity", "red", "FACT")


TYPES = st.sampled_from(["X", "Y", "records"])


@given(
    blocks=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["X", "Y", "records"]), st.integers(1, 7)), max_size=9
    ),
    size=st.integers(1, 5),
)
def test_nothing_is_lost_and_only_the_last_of_a_kind_is_short(blocks: list[tuple[str, str, int]], size: int) -> None:
    waiting = WaitingRecords("interactions", size)
    given_records: list[tuple[str, Record]] = []
    batches: list[Batch] = []
    for start, (table, type, count) in enumerate(blocks):
        block = [edge(n) for n in range(count)] if type == "records" else columns(type, 10 * start, count)
        given_records += [(table, record) for record in block]
        batches += waiting.add(table, block)
    batches += waiting.rest()
    assert [(batch.table, record) for batch in batches for record in batch.records] == given_records
    assert all(0 < len(batch.records) <= size for batch in batches)
    for one, other in pairwise(batches):
        alike = (one.table, _kind(one.records)) == (other.table, _kind(other.records))
        assert len(one.records) == size or not alike


def _kind(records: object) -> object:
    return records.type if isinstance(records, InteractionColumns) else list


def test_a_record_of_columns_is_made_when_it_is_asked_for() -> None:
    block = columns("X", 3, 4)
    assert block[1] == Interaction("X", "u", "i4", "buy", "shop", 4.0, 1.0)
    assert block[-1] == list(block)[-1]
    assert list(block[1:3]) == list(block)[1:3]
    assert list(block[1:3]) == list(columns("X", 4, 2))
