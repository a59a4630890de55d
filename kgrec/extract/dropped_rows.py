"""Rows that had to be left out: whether there are more of them than an import may lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kgrec.errors import DroppedRowsError, NothingLeftError
from kgrec.extract.mapping import schema_sources
from kgrec.extract.row_reader import Phase, Problem
from kgrec.schema.model import GraphSchema


def too_many_left_out(table: str, problems: Sequence[Problem], max_dropped: float) -> None:
    """Make sure that no more than a share of a table's rows was left out.

    Args:
        problems: of the table, from one reading of it.

    Raises:
        DroppedRowsError: more were left out, of the table itself or for one of the types it is read as.
        NothingLeftError: all were.
    """
    for about in dict.fromkeys(problem.about for problem in problems):
        own = [problem for problem in problems if problem.about == about]
        left_out, of = sum(problem.rows for problem in own), max(problem.of for problem in own)
        if left_out > max_dropped * of:
            kind = NothingLeftError if left_out == of else DroppedRowsError
            raise kind(
                f"{left_out:,} of {of:,} rows of table '{table}' do not fit.",
                where=f"{own[0].where}, {about}",
                found="\n".join(f"row {p.row}: {p.what} {p.found} ({p.rows:,} rows)" for p in own),
                expected=f"at most {max_dropped:.0%} of a table's rows left out",
                next="correct the source or the schema, or let more rows go with --max-dropped",
            )


def nothing_left(schema: GraphSchema, problems: Sequence[Problem], made: Mapping[tuple[Phase, str], int]) -> list[str]:
    """Types of a schema, in words, of which every row was left out.

    Args:
        problems: of all tables.
        made: how many records of each type there are.
    """
    found: dict[str, None] = {}
    for source in schema_sources(schema):
        about = {source.about, f"table {source.spec.table}"}
        if not made.get((source.phase, source.type)) and any(problem.about in about for problem in problems):
            found[source.about] = None
    return list(found)
