"""Rows to records: what the columns of a table mean is read from the schema, and every cell is checked on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord, Record, Table
from kgrec.extract.repeats import Repeats
from kgrec.extract.row_reader import Part, Phase, Problem, Reader
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


def parts_of(schema: GraphSchema, phases: Collection[Phase] = PHASES) -> list[Part]:
    """Every source of a schema, in its order."""
    types: dict[Phase, Mapping[str, NodeType | EdgeType | InteractionType]] = {
        "nodes": schema.nodes,
        "edges": schema.edges,
        "interactions": schema.interactions,
    }
    parts = []
    for phase in PHASES:
        for name, spec in types[phase].items() if phase in phases else ():
            sources: Sequence[NodeSource | EdgeSource | InteractionSource] = spec.sources
            for position, source in enumerate(sources):
                parts.append(Part(schema, phase, name, (phase, name, "sources", position), source))
    return parts


def map_table(
    schema: GraphSchema,
    table: Table,
    *,
    phases: Collection[Phase] = PHASES,
    node_types: Collection[str] | None = None,
    on_error: OnError = "fail",
    problems: list[Problem] | None = None,
    repeats: Repeats | None = None,
) -> Iterator[Record]:
    """Yield the records of a table, in row order within a batch, one source of the schema after the other.

    Cells that repeat (``split``, ``optional``) name the same node row after row; what only says again what the record
    before it said of its node is left out.

    Args:
        phases: which kinds of record to make.
        node_types: make nodes of these types only; None: of all.
        on_error: at a row that does not fit, raise (after counting all such rows of the table) or leave it out.
        problems: takes up what was left out.
        repeats: what the tables before this one said of their nodes; goes on with this one.

    Raises:
        SourceError: a column that the schema names is not there.
        RecordError: a row does not fit and ``on_error`` is "fail".
    """
    parts = [
        part
        for part in parts_of(schema, phases)
        if part.source.table == table.name and (part.phase != "nodes" or node_types is None or part.type in node_types)
    ]
    repeats = repeats or Repeats()
    tally: dict[tuple[str, str], Problem] = {}
    lengths: dict[tuple[str, str], int] = {}
    first_row = 1
    for batch in table.batches if parts else ():
        for part in parts:
            reader = Reader(part, table, batch, first_row, tally, lengths)
            records = _MAKERS[part.phase](reader, repeats)
            if on_error == "skip" or not tally:
                yield from records
        first_row += batch.num_rows
        for problem in tally.values():
            problem.of = first_row - 1
    if tally and on_error == "fail":
        raise next(iter(tally.values())).error()
    if problems is not None:
        problems += tally.values()


def _nodes(reader: Reader, repeats: Repeats) -> list[Record]:
    part, source = reader.part, reader.part.source
    assert isinstance(source, NodeSource)
    if source.type_column is not None:
        names = reader.column(source.type_column, "id", ("type_column",))
        reader.keep([row for row, name in enumerate(names) if name == part.type])
    ids = reader.ids(source, source.id, source.prefix, ("id",))
    properties = reader.properties(part.schema.nodes[part.type].properties, source.columns, source.list_columns)
    records: list[Record] = []
    repeating = source.split is not None or source.optional
    named = source.split is not None and "name" not in source.columns
    for row in reader.good():
        for uid, name in ids[row]:
            values = {"name": name} | properties[row] if named else properties[row]
            record = NodeRecord(part.type, uid, values, source.platform)
            if not repeating:
                repeats.forget(record)  # what repeats after it may say something else
            elif not repeats.is_new(record):
                continue
            records.append(record)
    return records


def _edges(reader: Reader, repeats: Repeats) -> list[Record]:
    part, source = reader.part, reader.part.source
    assert isinstance(source, EdgeSource)
    spec = part.schema.edges[part.type]
    if source.relation_column is not None and (source.skip or source.only):
        names = reader.column(source.relation_column, "id", ("relation_column",))
        skip, only = frozenset(source.skip), frozenset(source.only)
        reader.keep([row for row, name in enumerate(names) if name not in skip and (not only or name in only)])
    relations = [part.type] * reader.batch.num_rows
    if source.relation_column is not None:
        relations = reader.column(source.relation_column, "id", ("relation_column",), "must name a relation")
    starts = reader.ids(source.source, source.source.column, source.source.prefix, ("source", "column"))
    ends = reader.ids(source.target, source.target.column, source.target.prefix, ("target", "column"))
    start_types = _end_types(reader, source.source, spec.source, "source")
    end_types = _end_types(reader, source.target, spec.target, "target")
    properties = reader.properties(spec.properties, source.columns, {})
    return [
        EdgeRecord(
            part.type, start_types[row], start, end_types[row], end, relations[row], properties[row], source.platform
        )
        for row in reader.good()
        for start, _ in starts[row]
        for end, _ in ends[row]
    ]


def _end_types(reader: Reader, end: Endpoint, allowed: tuple[str, ...], side: str) -> list[str]:
    if end.type_column is None:
        return [end.type or allowed[0]] * reader.batch.num_rows
    names = reader.column(end.type_column, "id", (side, "type_column"))
    for row, name in enumerate(names):
        if name not in allowed:
            expected = f"one of {', '.join(allowed)}, from {reader.at((side, 'type_column'))}"
            reader.fail(row, f"column '{end.type_column}' must name a node type of the edge.", name, expected)
    return names


def _interactions(reader: Reader, repeats: Repeats) -> list[Record]:
    part, source = reader.part, reader.part.source
    assert isinstance(source, InteractionSource)
    size = reader.batch.num_rows
    users = reader.ids(None, source.user, source.user_prefix, ("user",))
    items = reader.ids(None, source.item, source.item_prefix, ("item",))
    kinds = [source.kind or ""] * size
    if source.kind_column is not None:
        kinds = reader.column(source.kind_column, "id", ("kind_column",), "must hold a kind")
        allowed = part.schema.interactions[part.type].kinds
        for row, kind in enumerate(kinds):
            if allowed and kind not in allowed:
                expected = f"one of {', '.join(allowed)}, from {reader.at(('kind_column',))}"
                reader.fail(row, f"column '{source.kind_column}' must hold a known kind.", kind, expected)
    times: list[float | None] = [None] * size if source.time is None else reader.column(source.time, "time", ("time",))
    weights: list[float | None] = [1.0] * size
    if source.weight is not None:
        weights = reader.column(source.weight, "number", ("weight",))
    return [
        Interaction(
            part.type,
            users[row][0][0],
            items[row][0][0],
            kinds[row],
            source.platform,
            times[row],
            1.0 if weight is None else float(weight),
        )
        for row in reader.good()
        for weight in (weights[row],)
    ]


_MAKERS = {"nodes": _nodes, "edges": _edges, "interactions": _interactions}
