"""Records as columns: what they are made of comes back, however they are cut and put together."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.record_columns import CODED, EdgeColumns, InteractionColumns, coded, constant, texts_of
from kgrec.data.records import EdgeRecord, Interaction
from tests.support.columns import interaction_columns

NAMES = st.sampled_from(["a", "b", "日本", ""])
INTERACTIONS = st.lists(
    st.builds(
        Interaction,
        st.just("LIKED"),
        NAMES,
        NAMES,
        NAMES,
        st.just("shop"),
        st.none() | st.floats(0, 9),
        st.floats(0, 9),
    ),
    max_size=8,
)


def interactions(records: Sequence[Interaction]) -> InteractionColumns:
    return interaction_columns(records, "LIKED", "shop")


@settings(deadline=None)
@given(records=INTERACTIONS, others=INTERACTIONS, start=st.integers(0, 8), stop=st.integers(0, 8))
def test_slices_and_joins_are_those_of_the_records(
    records: list[Interaction], others: list[Interaction], start: int, stop: int
) -> None:
    columns = interactions(records)
    assert list(columns) == records
    assert list(columns[start:stop].joined(interactions(others))) == records[start:stop] + others
    assert list(columns.take(range(len(records))[::-1])) == records[::-1]


def test_texts_of_rows_that_are_gone_do_not_stay() -> None:
    waiting = interactions([Interaction("LIKED", f"u{n}", "i", "buy", "shop") for n in range(100)])[99:]
    joined = waiting.joined(interactions([Interaction("LIKED", "v", "i", "buy", "shop")]))
    assert sorted(joined.columns["user"].dictionary.to_pylist()) == ["u99", "v"]


def test_facts() -> None:
    columns = EdgeColumns.of_arrays(
        "FACT",
        "wiki",
        {
            "source_type": constant("Item", 2),
            "source": pa.array(["1", "2"]),
            "target_type": pa.array(["Entity", "Item"]),
            "target": pa.array(["red", "1"]),
            "relation": constant("is", 2),
        },
    )
    assert list(columns) == [
        EdgeRecord("FACT", "Item", "1", "Entity", "red", "is", {}, "wiki"),
        EdgeRecord("FACT", "Item", "2", "Item", "1", "is", {}, "wiki"),
    ]
    assert columns[-1] == list(columns)[1]
    assert columns.goes_with(columns[:1])
    assert not columns.goes_with(EdgeColumns("OTHER", "wiki", columns.columns))
    assert not columns.goes_with(interactions([]))


def test_another_coding_becomes_ours() -> None:
    given = pa.array(["a", "b", "a"]).cast(pa.dictionary(pa.int8(), pa.large_string()))
    assert coded(given).type == CODED
    assert texts_of(coded(given)) == ["a", "b", "a"]
