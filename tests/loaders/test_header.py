"""The first row of a file: names of its columns, or data that nobody named."""

from __future__ import annotations

import pytest

from kgrec.errors import SourceError
from kgrec_loaders.header import check_header


@pytest.mark.parametrize(
    "names",
    [
        ["user", "item", "2019", "2020"],
        ["", "user", "item"],
        ["0", "1", "2"],  # as pandas counts columns that nobody named
        ["v1.5"],
    ],
)
def test_names(names: list[str]) -> None:
    assert check_header(names, "a.csv, header") is None


@pytest.mark.parametrize(
    "first",
    [
        ["196", "242", "3", "881250949"],
        ["1", "2", "3"],
        ["1", "2023-01-05"],
        ["3,5", "-1e9"],
        ["17"],
    ],
)
def test_a_first_row_of_data_is_no_header(first: list[str]) -> None:
    with pytest.raises(SourceError) as raised:
        check_header(first, "a.csv, header")
    assert raised.value.summary == "the file has no header."
    assert raised.value.found == ", ".join(map(repr, first))


@pytest.mark.parametrize("moment", ["881250949", "11/15/2019 8:55:22 AM", "2023-01-05", "31.12.23"])
def test_a_moment_among_the_names_is_told(moment: str) -> None:
    assert check_header(["U1", "N7", moment], "a.tsv, header") == (
        f"its first row is read as names of columns, and {moment!r} may be data; if so, write a line of names above it"
    )


@pytest.mark.parametrize(("names", "found"), [(["a", "b", "a"], "'a' 2 times"), (["", " "], "no name at all")])
def test_each_column_is_named_once(names: list[str], found: str) -> None:
    with pytest.raises(SourceError) as raised:
        check_header(names, "a.csv, header")
    assert (raised.value.summary, raised.value.found) == ("the header does not name every column once.", found)
