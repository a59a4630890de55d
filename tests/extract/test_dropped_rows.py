"""Rows left out: when there are too many of them, and of which types nothing is left."""

from __future__ import annotations

import pytest

from kgrec.errors import DroppedRowsError, NothingLeftError
from kgrec.extract.dropped_rows import nothing_left, too_many_left_out
from kgrec.extract.row_reader import Problem
from kgrec.schema.load import load_schema


def problem(rows: int, of: int = 10, what: str = "must be a number.", about: str = "node type Item") -> Problem:
    return Problem(what, "csv:items.csv", about, 3, "'x'", "a number", "correct it", rows, of)


def test_up_to_the_share_is_fine_and_more_is_not() -> None:
    too_many_left_out("items", [problem(1)], 0.1)
    with pytest.raises(DroppedRowsError) as raised:
        too_many_left_out("items", [problem(1), problem(1, what="is too long.")], 0.1)
    assert raised.value.exit_code == 3
    assert str(raised.value) == (
        "DroppedRowsError: 2 of 10 rows of table 'items' do not fit.\n"
        "  where     csv:items.csv, node type Item\n"
        "  found     row 3: must be a number. 'x' (1 rows)\n"
        "            row 3: is too long. 'x' (1 rows)\n"
        "  expected  at most 10% of a table's rows left out\n"
        "  next      correct the source or the schema, or let more rows go with --max-dropped"
    )


def test_types_are_judged_one_by_one() -> None:
    too_many_left_out("items", [problem(1), problem(1, about="edge type FACT")], 0.1)


def test_all_of_a_table_has_a_code_of_its_own() -> None:
    with pytest.raises(NothingLeftError) as raised:
        too_many_left_out("items", [problem(10)], 0.5)
    assert raised.value.exit_code == 6
    too_many_left_out("items", [problem(10)], 1.0)


def test_types_of_which_nothing_is_left() -> None:
    schema = load_schema("triples")
    problems = [problem(10), problem(1, about="table facts"), problem(1, about="interaction type INTERACTED")]
    assert nothing_left(schema, problems, {("interactions", "INTERACTED"): 1}) == ["node type Item", "edge type FACT"]
    assert nothing_left(schema, [], {}) == []
