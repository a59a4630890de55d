"""The terminal: texts, tables and JSON on stdout, notes on stderr.

Ids and names come from anywhere: they are shown as text, never as markup, and shortened where a table would break.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from kgrec.plain_text import plain, short, visible

_WIDTH_OF_FILES = 160


def print_json(payload: Any) -> None:
    """Write one JSON document to stdout; numbers that JSON does not have become null."""
    as_ascii = (sys.stdout.encoding or "ascii").lower() not in ("utf-8", "utf8")
    sys.stdout.write(json.dumps(plain(payload), ensure_ascii=as_ascii, indent=2) + "\n")


def note(text: str) -> None:
    """A line on stderr."""
    sys.stderr.write(text + "\n")


def note_degraded(reasons: Iterable[str | None]) -> None:
    """Say on stderr why answers lack something, each reason once; None stands for nothing."""
    for reason in sorted(set(filter(None, reasons))):
        note(f"note: {visible(reason)}")


def show(*parts: RenderableType) -> None:
    """Print to stdout; strings are taken as they are, and texts are not broken into lines."""
    fixed = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_FILES
    console = Console(file=sys.stdout, highlight=False, emoji=False, width=fixed)
    for part in parts:
        text = Text(part) if isinstance(part, str) else part
        console.print(text, soft_wrap=isinstance(text, Text))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table of texts and numbers; a column of numbers stands to the right."""
    cells = [list(row) for row in rows]
    result = Table()
    for position, name in enumerate(columns):
        numeric = bool(cells) and all(_is_number(row[position]) for row in cells)
        result.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        result.add_row(*[_cell(value) for value in row])
    return result


def figure(text: str) -> Text:
    """A number for a table, already formatted."""
    return Text(text, justify="right")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, bool) or value is None:
        return Text("yes" if value else "")
    if isinstance(value, int):
        return Text(f"{value:,}")
    return Text(f"{value:,.4g}" if isinstance(value, float) else short(str(value), 200))


def show_facts(facts: Mapping[str, Any], title: str | None = None) -> None:
    """Any data: a table of its values, then a table for each part that is a mapping or a list."""
    name_of = {key: f"{title}, {key}" if title else str(key) for key in facts}
    flat = {key: value for key, value in facts.items() if not isinstance(value, Mapping | list | tuple)}
    if flat:
        show(*[Text(visible(title), "bold")] if title else [], table(("", "value"), flat.items()))
    for key, value in facts.items():
        if isinstance(value, Mapping) and value:
            show_facts(value, name_of[key])
        elif isinstance(value, list | tuple) and value and all(isinstance(entry, Mapping) for entry in value):
            columns = list(dict.fromkeys(column for entry in value for column in entry))
            rows = ([entry.get(column) for column in columns] for entry in value)
            show(Text(visible(name_of[key]), "bold"), table(columns, rows))
        elif isinstance(value, list | tuple):
            show(f"{name_of[key]}: {', '.join(map(visible, map(str, value))) or 'none'}")
