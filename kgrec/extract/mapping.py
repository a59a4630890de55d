"""Rows to records: what the columns of a table mean is read from the schema, and every cell is checked on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.context_columns import context_text
from kgrec.data.id_texts import id_texts, plain_array, rows_of, union_parts
from kgrec.data.record_columns import EdgeColumns, InteractionColumns, coded, constant
from kgrec.data.records import EdgeRecord, NodeRecord, Record, Table
from kgrec.extract.columns import with_columns
from kgrec.extract.row_filter import RowFilter
from kgrec.extract.row_reader import Phase, Problem, Reader, SchemaSource, TableFaults
from kgrec.extract.seen_nodes import SeenNodes
from kgrec.extract.times import TimeRule
from kgrec.schema.model import (
    EdgeSource,
    EdgeType,
    Endpoint,
    GraphSchema,
    InteractionSource,
    InteractionType,
    NodeSource,
    NodeType,
)

OnError = Literal["fail", "skip"]
PHASES: tuple[Phase, ...] = ("nodes", "edges", "interactions")


def schema_sources(schema: GraphSchema, phases: Collection[Phase] = PHASES) -> list[SchemaSource]:
    """Every source of a schema, in its order."""
    types: dict[Phase, Mapping[str, NodeType | EdgeType | InteractionType]] = {
        "nodes": schema.nodes,
        "edges": schema.edges,
        "interactions": schema.interactions,
    }
    listed = []
    for phase in PHASES:
        for name, spec in types[phase].items() if phase in phases else ():
            sources: Sequence[NodeSource | EdgeSource | InteractionSource] = spec.sources
            for position, source in enumerate(sources):
                listed.append(SchemaSource(schema, phase, name, (phase, name, "sources", position), source))
    return listed


def map_blocks(
    schema: GraphSchema,
    table: Table,
    *,
    phases: Collection[Phase] = PHASES,
    node_types: Collection[str] | None = None,
    on_error: OnError = "fail",
    problems: list[Problem] | None = None,
    seen: SeenNodes | None = None,
    times: dict[str, str] | None = None,
) -> Iterator[Sequence[Record]]:
    """The records of a table: those that one source of the schema makes of a batch of rows together, in their order.

    Cells that repeat (``split``, ``optional``) name the same node row after row; what only says again what the record
    before it said of its node is left out.

    Args:
        phases: which kinds of record to make.
        node_types: make nodes of these types only; None: of all.
        on_error: at a row that does not fit, raise (after counting all such rows of the table) or leave it out.
        problems: takes up what was left out.
        times: takes up what times were read as: ``times of interaction type RATED, column 'at' of table ratings`` to
            ``milliseconds``.
        seen: what the tables before this one said of their nodes; goes on with this one.

    Raises:
        SourceError: columns that the schema names are not there.
        RecordError: a row does not fit or cannot be read, and ``on_error`` is "fail".
    """
    every = [source for source in schema_sources(schema) if source.spec.table == table.name]
    sources = [
        source
        for source in every
        if source.phase in phases and (source.phase != "nodes" or node_types is None or source.type in node_types)
    ]
    seen = seen or SeenNodes()
    faults = TableFaults()
    filters = [RowFilter(source) for source in sources]
    first_row = 1
    table.log.collect()
    for batch in with_columns(table, every).batches if sources else ():
        for source, rows in zip(sources, filters, strict=True):
            reader = Reader(source, table, batch, first_row, faults)
            rows.apply(reader)
            records = _MAKERS[source.phase](reader, seen)
            if on_error == "skip" or not (faults.problems or table.log.left_out):
                yield records
        first_row += batch.num_rows
        faults.count_rows(first_row - 1)
    for rows in filters:
        rows.tell(table)
    found = [*_bad_rows(table, first_row - 1), *faults.problems]
    if found and on_error == "fail":
        raise found[0].error()
    if problems is not None:
        problems += (problem for problem in found if problem not in problems)
    if times is not None:
        times |= {f"times of {about}, {name} of table {table.name}": words for about, name, words in faults.units()}


def _bad_rows(table: Table, rows: int) -> list[Problem]:
    """Rows that the loader could not read, as problems; those that fit no type are about the table.

    Args:
        rows: how many rows could be read.
    """
    of = rows + table.log.left_out
    return [
        Problem(bad.what, bad.where, f"table {table.name}", bad.row, bad.found, bad.expected, bad.next, bad.rows, of)
        for bad in table.log.bad_rows
    ]


def _nodes(reader: Reader, seen: SeenNodes) -> Sequence[Record]:
    source, spec = reader.source, reader.source.spec
    assert isinstance(spec, NodeSource)
    if spec.type_column is not None:
        reader.keep(_rows_with(reader.names(spec.type_column, ("type_column",)), lambda name: name == source.type))
    only_names = spec.optional and spec.split is None and not (spec.columns or spec.list_columns)
    column = source.type, source.location, spec.table, spec.platform, spec.id
    if only_names:
        reader.keep(seen.fresh(column, reader.cells(spec.id)))
    ids = reader.ids(spec, spec.id, ("id",))
    describing = [row for row, uids in enumerate(ids) if uids]
    reader.keep(describing)
    ids = [ids[row] for row in describing]
    properties = reader.properties(source.schema.nodes[source.type].properties, spec.columns, spec.list_columns)
    records: list[Record] = []
    repeating = spec.split is not None or spec.optional
    own_names = spec.columns.get("name", spec.id) == spec.id
    for row in reader.good():
        for uid, part in ids[row]:
            values = properties[row] | {"name": part} if own_names and part is not None else properties[row]
            record = NodeRecord(source.type, uid, values, spec.platform)
            if not repeating and part is None:
                seen.forget(record)  # what repeats after it may say something else
            elif not seen.is_new(record):
                continue
            records.append(record)
    if only_names:
        seen.meet(column, reader.cells(spec.id).take(pa.array(reader.good(), pa.int64())))
    return records


def _rows_with(names: pa.DictionaryArray, fits: Callable[[str | None], bool]) -> list[int]:
    """Rows whose name fits; None is the name of a row without one."""
    fitting = pa.array([fits(name) for name in names.dictionary.to_pylist()], pa.bool_())
    return rows_of(pc.fill_null(fitting.take(names.indices), fits(None)))


def _edges(reader: Reader, seen: SeenNodes) -> Sequence[Record]:
    source, spec = reader.source, reader.source.spec
    assert isinstance(spec, EdgeSource)
    edge = source.schema.edges[source.type]
    if spec.relation_column is not None and (spec.skip or spec.only):
        names = reader.names(spec.relation_column, ("relation_column",))
        skip, only = frozenset(spec.skip), frozenset(spec.only)
        reader.keep(_rows_with(names, lambda name: name not in skip and (not only or name in only)))
    relations = constant(source.type, reader.batch.num_rows)
    if spec.relation_column is not None:
        relations = reader.names(spec.relation_column, ("relation_column",), "must name a relation")
    ends = {"source": spec.source, "target": spec.target}
    found = {side: reader.end_ids(end, (side, "column")) for side, end in ends.items()}
    ids = {side: one for side, one in found.items() if one is not None}
    several = [rows for _, rows in ids.values() if rows is not None]
    if spec.columns or len(ids) < 2 or len(several) > 1:
        return _single_edges(reader, spec, edge, relations)
    columns = {
        side: uids if rows is not None or not several else uids.take(pa.array(several[0]))
        for side, (uids, rows) in ids.items()
    }
    of_rows = {f"{side}_type": _end_types(reader, end, getattr(edge, side), side) for side, end in ends.items()}
    of_rows["relation"] = relations
    good = np.zeros(reader.batch.num_rows, np.bool_)
    good[reader.good()] = True
    for rows in several:
        of_rows = {name: column.take(pa.array(rows)) for name, column in of_rows.items()}
        good = good[rows]
    records = EdgeColumns.of_arrays(source.type, spec.platform, {**columns, **of_rows})
    there = pc.and_(*(records.columns[side].is_valid() for side in ends)).to_numpy(zero_copy_only=False)
    kept = np.flatnonzero(there & good)
    return records if len(kept) == len(records) else records.take(kept)


def _single_edges(
    reader: Reader, spec: EdgeSource, edge: EdgeType, relation_of: pa.DictionaryArray
) -> Sequence[Record]:
    """A record per fact: rows may state several, and facts may have properties."""
    starts = reader.ids(spec.source, spec.source.column, ("source", "column"))
    ends = reader.ids(spec.target, spec.target.column, ("target", "column"))
    start_types = _end_types(reader, spec.source, edge.source, "source").to_pylist()
    end_types = _end_types(reader, spec.target, edge.target, "target").to_pylist()
    properties, relations = reader.properties(edge.properties, spec.columns, {}), relation_of.to_pylist()
    type = reader.source.type
    if edge.role is not None and "confidence" in spec.columns:
        for row in reader.good():
            found = properties[row].get("confidence")
            if found is not None and not 0 <= cast("float", found) <= 1:
                what = f"column '{spec.columns['confidence']}' must hold the confidence of a link."
                reader.fail(row, what, found, f"a number from 0 to 1, from {reader.at(('columns', 'confidence'))}")
    return [
        EdgeRecord(type, start_types[row], start, end_types[row], end, relations[row], properties[row], spec.platform)
        for row in reader.good()
        for start, _ in starts[row]
        for end, _ in ends[row]
    ]


def _end_types(reader: Reader, end: Endpoint, allowed: tuple[str, ...], side: str) -> pa.DictionaryArray:
    if end.type_column is None:
        return constant(end.type or allowed[0], reader.batch.num_rows)
    names = reader.names(end.type_column, (side, "type_column"))
    for row in _rows_with(names, lambda name: name not in allowed):
        expected = f"one of {', '.join(allowed)}, from {reader.at((side, 'type_column'))}"
        what = f"column '{end.type_column}' must name a node type of the edge."
        reader.fail(row, what, names[row].as_py(), expected)
    return names


def _interactions(reader: Reader, seen: SeenNodes) -> Sequence[Record]:
    source, spec = reader.source, reader.source.spec
    assert isinstance(spec, InteractionSource)
    _take_baskets_apart(reader, spec.item, spec.item_split)
    size = reader.batch.num_rows
    columns = {
        "user": reader.id(spec.user, spec.user_prefix, ("user",), spec.user_binary),
        "item": reader.id(spec.item, spec.item_prefix, ("item",), spec.item_binary),
        "kind": constant(spec.kind or "", size),
        "time": pa.nulls(size, pa.float64()),
        "weight": pa.array(np.ones(size)),
        "repeat": pa.array(np.zeros(size, np.int64)),
    }
    if spec.kind_column is not None:
        columns["kind"] = reader.names(spec.kind_column, ("kind_column",), "must hold a kind")
        allowed = source.schema.interactions[source.type].kinds
        for row in _rows_with(columns["kind"], lambda kind: bool(allowed) and kind not in allowed):
            expected = f"one of {', '.join(allowed)}, from {reader.at(('kind_column',))}"
            what = f"column '{spec.kind_column}' must hold a known kind."
            reader.fail(row, what, columns["kind"][row].as_py(), expected)
    if spec.time is not None:
        rule = TimeRule(spec.time_format, spec.time_zone, spec.time_unit, is_event=True)
        columns["time"] = reader.times(spec.time, ("time",), rule)
    if spec.weight is not None:
        columns["weight"] = pc.fill_null(reader.numbers(spec.weight, ("weight",)), 1.0)
    columns["context"] = _contexts(reader, spec.context)
    records = InteractionColumns.of_arrays(source.type, spec.platform, columns)
    good = reader.good()
    return records if len(good) == size else records.take(good)


def _contexts(reader: Reader, columns: Mapping[str, str]) -> pa.DictionaryArray:
    """The circumstances of every row as one text, an empty one where nothing is known."""
    if not columns:
        return constant("", reader.batch.num_rows)
    cells = [
        pc.fill_null(reader.texts(column, ("context", name)).cast(pa.string()), "") for name, column in columns.items()
    ]
    table = pa.table(cells, names=list(columns)).group_by(list(columns), use_threads=False).aggregate([])
    texts = {tuple(row.values()): context_text(row) for row in table.to_pylist()}
    rows = zip(*(column.to_pylist() for column in cells), strict=True)
    return coded(pa.array([texts[row] for row in rows], pa.string()))


def _take_baskets_apart(reader: Reader, item: str, separator: str | None) -> None:
    """Go on with a row for every item of a list: who took the list took each. An empty one is a row without an item.

    Args:
        separator: takes a text apart that holds several.
    """
    lists = plain_array(reader.cells(item))
    if pa.types.is_union(lists.type):
        lists = _lists_of_mixed(lists, separator)
    elif separator is not None and _is_text(lists.type):
        lists = _split(lists, separator)
    if not _is_list(lists.type):
        return
    sizes = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    there = np.repeat(sizes > 0, np.maximum(sizes, 1))
    items = lists.flatten().take(pa.array(np.cumsum(there) - 1, mask=~there))
    reader.keep(np.repeat(np.arange(len(lists)), np.maximum(sizes, 1)).tolist())
    reader.batch = reader.batch.set_column(reader.batch.schema.get_field_index(item), item, items)


def _split(texts: pa.Array, separator: str) -> pa.Array:
    """Texts as lists of their parts."""
    cells = (None if text is None else text.split(separator) for text in texts.to_pylist())
    return pa.array([cell and [part for part in map(str.strip, cell) if part] for cell in cells], _TEXTS)


def _lists_of_mixed(cells: pa.UnionArray, separator: str | None) -> pa.Array:
    """A column of lists beside single values as lists of ids, read as they are alone; itself where none is a list."""
    parts = list(union_parts(cells))
    if not any(_is_list(part.type) or (separator is not None and _is_text(part.type)) for _, part in parts):
        return cells
    found: list[list[str | None] | None] = [None] * len(cells)
    for rows, part in parts:
        if separator is not None and _is_text(part.type):
            part = _split(part, separator)
        lists = _is_list(part.type)
        ids = iter(id_texts(part.flatten() if lists else part).array.to_pylist())
        sizes = pc.list_value_length(part).to_pylist() if lists else [1] * len(part)
        for row, size in zip(rows.tolist(), sizes, strict=True):
            found[row] = list(islice(ids, size or 0))
    return pa.array(found, _TEXTS)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


_TEXTS = pa.list_(pa.string())
_MAKERS = {"nodes": _nodes, "edges": _edges, "interactions": _interactions}
