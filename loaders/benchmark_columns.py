"""Columns of a benchmark folder: ids, numbers, names, and the text that describes a thing."""

from __future__ import annotations

from collections.abc import Set

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.id_texts import id_texts
from kgrec.errors import SourceError, shorten

_NAMES = ("name", "title", "label")
_IDENTIFIER_NAME = r"(^|_)(id|ids|uid|uri|url|isbn|asin|freebase|wikidata|code|zip)$"
_IDENTIFIER_VALUE = r"^\S{6,}$"


def id_column(
    table: pa.Table, name: str, where: str, *, required: bool = True, unique: bool = False
) -> pa.ChunkedArray:
    """A column of ids as strings, by the rule of :mod:`kgrec.data.id_texts`.

    Args:
        required: refuse empty cells.
        unique: refuse an id that stands in two rows.

    Raises:
        SourceError: no such column, or a cell that is refused.
    """
    if name not in table.column_names:
        raise SourceError(
            f"the table has no column {name!r}.",
            where=where,
            found=", ".join(table.column_names),
            expected=name,
            next="rename the column that holds it",
        )
    chunks = [id_texts(chunk) for chunk in table[name].chunks]
    odd = next(((chunk, row) for chunk, texts in enumerate(chunks) for row in texts.faults), None)
    if odd is not None:
        fault = chunks[odd[0]].faults[odd[1]]
        raise SourceError(
            f"column {name!r} {fault.text}.",
            where=where,
            found=shorten(table[name].chunk(odd[0])[odd[1]].as_py()),
            expected=fault.expected,
            next="store the ids as whole numbers or text",
        )
    ids = pa.chunked_array([texts.array for texts in chunks], pa.string())
    empty = pc.is_null(ids)
    if required and (count := pc.sum(empty).as_py()):
        raise SourceError(
            f"column {name!r} has empty cells.",
            where=f"{where}, row {pc.index(empty, True).as_py() + 1}",
            found=f"{count} of {len(ids)} rows without {name}",
            expected=f"a value of {name!r} in every row",
            next="remove these rows",
        )
    if unique and pc.count_distinct(ids).as_py() != len(ids):
        counts = pc.value_counts(ids.combine_chunks())
        first = next(c for c in counts.to_pylist() if c["counts"] > 1)
        raise SourceError(
            f"column {name!r} repeats an id.",
            where=where,
            found=f"{shorten(first['values'])} in {first['counts']} rows",
            expected="one row per id",
            next="remove the repeated rows",
        )
    return ids


def number_column(table: pa.Table, name: str, where: str) -> pa.ChunkedArray:
    """A column of numbers as float64; an empty cell is null.

    Raises:
        SourceError: a cell that is no number.
    """
    column = table[name]
    try:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
        return column.cast(pa.float64())
    except pa.ArrowException as error:
        raise SourceError(
            f"column {name!r} holds something that is no number.",
            where=where,
            found=shorten(str(error).splitlines()[0]),
            expected="numbers; a time in unix seconds or as a position",
            next="convert the column",
        ) from error


def _text_columns(table: pa.Table) -> list[str]:
    fields = [f for f in table.schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    return [field.name for field in fields]


def first_names(table: pa.Table) -> pa.ChunkedArray:
    """What people call each row: the first of name, title, label and ``*_name``, ``*_title``, ``*_label`` that says
    something; null where none does."""
    columns = [name for name in _NAMES if name in _text_columns(table)]
    columns += [c for c in _text_columns(table) if c.endswith(tuple(f"_{name}" for name in _NAMES))]
    names = pa.chunked_array([pa.nulls(len(table), pa.string())])
    for column in columns:
        cells = table[column].cast(pa.string())
        names = pc.coalesce(names, pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells))
    return names


def described(table: pa.Table, names: pa.ChunkedArray, leave: Set[str]) -> pa.ChunkedArray:
    """One text per row: all cells of text that describe the thing, joined by line breaks; null where none does.

    Left out are cells that repeat the name, and columns of identifiers: those called so (``uri``, ``imdb_id``, ...)
    and those in which at least nine of ten values are different single words of six or more characters
    with a digit or ``://``.
    """
    chosen = [c for c in _text_columns(table) if c not in leave and not _is_identifier(table[c], c)]
    rows = zip(names.to_pylist(), *(table[column].to_pylist() for column in chosen), strict=True)
    texts = []
    for name, *cells in rows:
        parts = dict.fromkeys(cell.replace("|", ", ").strip() for cell in cells if cell and cell != name)
        texts.append("\n".join(filter(None, parts)) or None)
    return pa.chunked_array([pa.array(texts, pa.string())])


def _is_identifier(column: pa.ChunkedArray, name: str) -> bool:
    if pc.match_substring_regex(pa.scalar(name.lower()), _IDENTIFIER_NAME).as_py():
        return True
    values = column.drop_null()
    different = pc.unique(values)
    if len(different) < 0.9 * len(values) or len(values) == 0:
        return False
    alike = pc.match_substring_regex(different, _IDENTIFIER_VALUE)
    alike = pc.and_(alike, pc.match_substring_regex(different, r"\d|://"))
    return bool(pc.mean(alike).as_py() >= 0.9)
