"""RecBole's atomic files: NAME.inter, .user, .item, .kg and .link of a data set, with typed headers.

recbole:data/ml-100k           a folder with the files of one data set
recbole:data/ml-100k.inter     one file
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa

from kgrec.data.records import ReadingLog, Table
from kgrec.data.row_numbers import RowNumbers
from kgrec.errors import SourceError, shorten
from kgrec_loaders.import_script import run
from kgrec_loaders.source_files import (
    BATCH_ROWS,
    empty_file,
    files_of,
    format_of,
    located,
    not_utf8,
    open_bytes,
    reading,
    stem_of,
)

FORMATS = {f".{kind}": kind for kind in ("inter", "user", "item", "kg", "link")}
"""Kind of file, which is the name of its table, by file suffix."""

_EXPECTED = "a folder with NAME.inter and what goes with it (.user, .item, .kg, .link; also .gz, .bz2, .xz)"
_FACTS = ("head_type", "head", "relation", "tail_type", "tail")
_TITLE = re.compile(r"(.*[._ ]|)(title|name)", re.IGNORECASE)
_ALWAYS = {"inter": (("rating", pa.float64()), ("timestamp", pa.float64())), "item": (("name", pa.string()),)}
"""Columns that a table has in any case, empty where the file has no such."""

_SURROGATE = re.compile("[\udc80-\udcff]")


def _floats(cell: str) -> list[float]:
    return [float(part) for part in cell.split(" ") if part]


_TYPES: dict[str, tuple[pa.DataType, Callable[[str], object]]] = {
    "token": (pa.string(), str),
    "token_seq": (pa.list_(pa.string()), lambda cell: [part for part in cell.split(" ") if part]),
    "float": (pa.float64(), float),
    "float_seq": (pa.list_(pa.float64()), _floats),
}
"""Arrow type and reader of a cell, by RecBole's type of the column."""

Column = tuple[str, str]
"""Name and RecBole's type."""


class RecBoleLoader:
    """Reads RecBole's atomic files.

    Tables: ``inter``, ``user``, ``item``, ``kg`` and ``link``, as far as there are such files, with the columns that
    their headers name. A ``token`` is text, a ``float`` a number, a ``token_seq`` or ``float_seq`` a list of them, but
    a column whose name ends in ``title`` or ``name`` is text as it is written. ``item`` has a ``name`` in any case:
    where the file has no such column, the first one that is a title, or nothing. Likewise ``inter`` has a ``rating``
    and a ``timestamp``. Parts of interactions (``NAME.train.inter``, ``NAME.valid.inter`` ...) are one table.

    Where there are a ``kg`` and a ``link`` file, ``facts`` (head_type, head, relation, tail_type, tail) says the facts
    with the ids of the items: an entity that ``link`` gives to items is these items (type ``Item``), any other one is
    of the type ``Entity``. The links are held in memory, everything else is streamed.

    Args:
        location: a folder with the files of one data set, or one file.
    """

    def __init__(self, location: str = "") -> None:
        self._location = location

    def tables(self) -> Iterator[Table]:
        """Yield the tables.

        Raises:
            SourceError: no such file, files of several data sets, or (while the batches are read) a header without
                types; a row of another length and a cell that is not of its column's type, where nobody collects them.
        """
        path = located(self._location, _EXPECTED)
        found: dict[str, list[Path]] = {}
        for file in files_of(path) if path.is_dir() else [path]:
            kind = format_of(file, FORMATS) if file.is_file() else None
            if kind is not None:
                found.setdefault(kind, []).append(file)
        names = sorted({stem_of(file).split(".")[0] for files in found.values() for file in files})
        if len(names) != 1:
            raise SourceError(
                "the location holds no RecBole data set." if not names else "the files are of several data sets.",
                where=f"recbole:{path}",
                found=", ".join(names or [file.name for file in files_of(path)[:5]] if path.is_dir() else [path.name])
                or "an empty folder",
                expected=_EXPECTED,
                next="give each data set a folder of its own" if names else "name the folder that has the .inter file",
            )
        for kind in FORMATS.values():
            if kind in found:
                log = ReadingLog()
                yield Table(
                    kind, _batches(found[kind], log, log.row_numbers), f"recbole:{_place(found[kind])}", log=log
                )
        if "kg" in found and "link" in found:
            log = ReadingLog()
            where = f"recbole:{_place(found['kg'])}, facts"
            yield Table("facts", _facts(found["kg"], found["link"], log), where, log=log, restates=("kg", "link"))


def _place(files: Sequence[Path]) -> Path:
    return files[0] if len(files) == 1 else files[0].parent


def _batches(files: Sequence[Path], log: ReadingLog, numbers: RowNumbers) -> Iterator[pa.RecordBatch]:
    first: list[Column] | None = None
    for path in files:
        columns, numbered = _open(path, log)
        rows = numbers.tell(f"recbole:{path}", numbered)
        if first is not None and columns != first:
            raise SourceError(
                "the parts of a table have different columns.",
                where=f"recbole:{path}",
                found=", ".join(map(":".join, columns)),
                expected=f"{', '.join(map(':'.join, first))} (from {files[0].name})",
                next="give them the same header, or move one of them",
            )
        empty = first is None
        first = columns
        while (some := list(islice(rows, BATCH_ROWS))) or empty:
            yield _batch(some, columns, path)
            empty = False


def _open(path: Path, log: ReadingLog) -> tuple[list[Column], Iterator[tuple[int, list[object]]]]:
    """The columns and the numbered rows of a file; a cell is whatever stands between two tabs."""
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise empty_file(f"recbole:{path}", "a header such as user_id:token<TAB>item_id:token")
    header = _cells(first, f"recbole:{path}, header")
    columns = [(name, kind) for name, _, kind in (cell.rpartition(":") for cell in header)]
    names = [name for name, _ in columns]
    wrong = next((":".join(column) for column in columns if not column[0] or column[1] not in _TYPES), None)
    if wrong is not None or len(set(names)) < len(names):
        raise SourceError(
            "the header does not name every column once, with a type." if wrong is None else "a column has no type.",
            where=f"recbole:{path}, header",
            found=shorten((wrong or " ".join(header)).lstrip(":")),
            expected=f"NAME:TYPE between tabs, TYPE one of {', '.join(_TYPES)}",
            next="correct the header, or name the file .tsv and read it with tables: if it is not RecBole's",
        )
    return columns, _rows(path, lines, columns, log)


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines that hold something; what is not UTF-8 comes through, so that its row can be named."""
    with (
        reading(f"recbole:{path}"),
        io.TextIOWrapper(open_bytes(path), "utf-8-sig", errors="surrogateescape", newline="\n") as lines,
    ):
        yield from (text for line in lines if (text := line.rstrip("\r\n")))


def _cells(line: str, where: str) -> list[str]:
    if _SURROGATE.search(line):
        raise not_utf8(where, line.encode("utf-8", "surrogateescape"))
    return line.split("\t")


def _rows(
    path: Path, lines: Iterator[str], columns: list[Column], log: ReadingLog
) -> Iterator[tuple[int, list[object]]]:
    where = f"recbole:{path}"
    for number, line in enumerate(lines, 1):
        try:
            row = _row(line, columns, f"{where}, row {number}")
        except SourceError as error:
            log.leave_out_for(error, where, number)
        else:
            yield number, row


def _row(line: str, columns: list[Column], where: str) -> list[object]:
    """The values of a line."""
    cells = _cells(line, where)
    if len(cells) != len(columns):
        raise SourceError(
            f"a row has {len(cells)} cells, the header has {len(columns)}.",
            where=where,
            found=shorten("\t".join(cells)),
            expected=f"{len(columns)} cells, separated by tabs",
            next="correct the row; a cell holds no tab and no line end",
        )
    row: list[object] = []
    for (name, kind), cell in zip(columns, cells, strict=True):
        try:
            row.append(_type_of(name, kind)[1](cell) if cell else None)
        except ValueError:
            raise SourceError(
                f"column '{name}' must hold numbers.",
                where=where,
                found=shorten(cell),
                expected=f"what the header says, {name}:{kind}",
                next="correct the cell, or the type in the header",
            ) from None
    return row


def _type_of(name: str, kind: str) -> tuple[pa.DataType, Callable[[str], object]]:
    return _TYPES["token" if _TITLE.fullmatch(name) else kind]


def _batch(rows: list[list[object]], columns: list[Column], path: Path) -> pa.RecordBatch:
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    fields = {
        name: pa.array(column, _type_of(name, kind)[0]) for (name, kind), column in zip(columns, cells, strict=True)
    }
    title = next((fields[name] for name in fields if _TITLE.fullmatch(name)), None)
    for name, arrow in _ALWAYS.get(format_of(path, FORMATS) or "", ()):
        if name not in fields:
            fields[name] = title if name == "name" and title is not None else pa.nulls(len(rows), arrow)
    return pa.RecordBatch.from_pydict(fields)


def _facts(kg: Sequence[Path], link: Sequence[Path], log: ReadingLog) -> Iterator[pa.RecordBatch]:
    items: dict[str, list[str]] = {}
    for batch in _batches(link, log, RowNumbers()):
        for item, entity in zip(
            *(_column(batch, name, link).to_pylist() for name in ("item_id", "entity_id")), strict=True
        ):
            items.setdefault(entity, []).append(item)

    def ends(entity: str) -> list[tuple[str, str]]:
        return [("Item", item) for item in items[entity]] if entity in items else [("Entity", entity)]

    for batch in _batches(kg, log, RowNumbers()):
        triples = zip(
            *(_column(batch, name, kg).to_pylist() for name in ("head_id", "relation_id", "tail_id")), strict=True
        )
        rows = [(*head, relation, *tail) for h, relation, t in triples for head in ends(h) for tail in ends(t)]
        arrays = [pa.array(column, pa.string()) for column in (zip(*rows, strict=True) if rows else [()] * len(_FACTS))]
        yield pa.RecordBatch.from_arrays(arrays, list(_FACTS))


def _column(batch: pa.RecordBatch, name: str, files: Sequence[Path]) -> pa.Array:
    if name not in batch.schema.names:
        raise SourceError(
            f"there is no column '{name}'.",
            where=f"recbole:{_place(files)}, header",
            found=", ".join(batch.schema.names),
            expected="head_id, relation_id and tail_id in .kg, item_id and entity_id in .link, as RecBole names them",
            next="name the columns so",
        )
    return batch.column(name)


if __name__ == "__main__":
    run("recbole", default_schema="recbole")
