"""A Markdown table of texts."""

from __future__ import annotations

from collections.abc import Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns that hold figures only, bold or not, are right-aligned."""
    figures = [all(row[n].lstrip("*-")[:1].isdigit() for row in rows if row[n]) for n in range(len(columns))]
    lines = [columns, ["---:" if right else "---" for right in figures], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
