"""Where rows stand in their files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.row_numbers import RowNumbers

FILES = st.lists(st.sets(st.integers(1, 40), max_size=12), max_size=4)


@given(files=FILES, as_they_come=st.booleans())
def test_every_row_is_where_the_file_has_it(files: list[set[int]], as_they_come: bool) -> None:
    """Files of which some numbered rows are given on, told row by row or batch by batch."""
    numbers = RowNumbers()
    places = [(f"file {place}", number) for place, kept in enumerate(files) for number in sorted(kept)]
    for place, kept in enumerate(files):
        where = f"file {place}"
        if as_they_come:
            for row in numbers.tell(where, ((number, number) for number in sorted(kept))):
                assert numbers.place(places.index((where, row)) + 1, "table") == (where, row)
        else:
            numbers.come(where, sorted(kept))
    assert [numbers.place(row, "table") for row in range(1, len(places) + 1)] == places


def test_without_a_word_rows_are_counted() -> None:
    assert RowNumbers().place(7, "table") == ("table", 7)


def test_rows_that_are_not_told_yet_follow_on() -> None:
    numbers = RowNumbers()
    numbers.next_is("a.nt", 3)
    assert [numbers.place(row, "table") for row in (1, 2)] == [("a.nt", 3), ("a.nt", 4)]
