"""Rows of a store as Arrow record batches of one agreed form."""

from __future__ import annotations

from builtins import type as type_
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import pyarrow as pa

from kgrec.graph.cypher import statements as cypher
from kgrec.graph.cypher.schema_names import property_names
from kgrec.schema.meanings import VALIDITY
from kgrec.schema.model import GraphSchema

EDGE_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("source_type", "source", "relation", "target_type", "target")]
    + [(name, pa.float64()) for name in VALIDITY]
)
INTERACTION_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("user", "item", "kind", "platform")]
    + [("time", pa.float64()), ("weight", pa.float64()), ("context", pa.string())]
)

Walk = Callable[[str, str], Iterable[Mapping[str, Any]]]
"""Rows of a Cypher text that goes on from every node ``n`` of a type, by uid."""


def node_batches(schema: GraphSchema, type: str, walk: Walk, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Nodes of a type, by uid; a first pass over their properties decides the types of the columns."""
    text = cypher.node_of(schema, type)
    columns = node_columns(schema, type, lambda: walk(type, text))
    rows = ([row[name] for name in columns.names] for row in walk(type, text))
    return record_batches(rows, columns, batch_size)


def edge_batches(schema: GraphSchema, type: str, walk: Walk, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Facts of a type."""
    text = cypher.edges_of(schema, type)
    rows = (
        (source_type, node["source"], *row)
        for source_type in sorted(schema.edges[type].source)
        for node in walk(source_type, text)
        for row in node["rows"]
    )
    return record_batches(rows, EDGE_COLUMNS, batch_size)


def interaction_batches(schema: GraphSchema, type: str, walk: Walk, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Interactions of a type."""
    text = cypher.interactions_of(schema, type)
    rows = ((node["user"], *row) for node in walk(schema.interactions[type].user, text) for row in node["rows"])
    return record_batches(rows, INTERACTION_COLUMNS, batch_size)


def node_columns(schema: GraphSchema, type: str, rows: Callable[[], Iterable[Mapping[str, Any]]]) -> pa.Schema:
    """Columns of a node type: text as string, numbers as int64 or float64, lists where any node has one.

    Args:
        rows: gives every node of the type; asked only where there are properties whose kinds decide.
    """
    specs = schema.nodes[type].properties
    names = property_names(schema, type)[2:]
    undecided = [name for name in names if specs[name].type != "embedding"]
    kinds: dict[str, set[type_]] = {name: set() for name in undecided}
    lists: set[str] = set()
    for row in rows() if undecided else ():
        for name in undecided:
            value = row[name]
            if isinstance(value, list):
                lists.add(name)
                kinds[name].update(item.__class__ for item in value)
            elif value is not None:
                kinds[name].add(value.__class__)
    columns = [("uid", pa.string()), ("name", pa.string())]
    for name in names:
        if specs[name].type == "embedding":
            columns.append((name, pa.list_(pa.float64())))
            continue
        kind = _column_kind(kinds[name], specs[name].type in ("number", "time"))
        columns.append((name, pa.list_(kind) if name in lists else kind))
    return pa.schema(columns)


def _column_kind(kinds: set[type_], numeric: bool) -> pa.DataType:
    if kinds and kinds <= {bool}:
        return pa.bool_()
    if kinds and kinds <= {int}:
        return pa.int64()
    return pa.float64() if kinds <= {int, float} and (kinds or numeric) else pa.string()


def record_batches(rows: Iterable[Sequence[Any]], columns: pa.Schema, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Rows in batches of ``batch_size``, the last one shorter; no batch where there are no rows.

    Args:
        rows: values in the order of the columns.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, found {batch_size}")
    return _cut(iter(rows), columns, batch_size)


def _cut(rows: Iterator[Sequence[Any]], columns: pa.Schema, batch_size: int) -> Iterator[pa.RecordBatch]:
    while batch := list(islice(rows, batch_size)):
        arrays = [_array(values, field.type) for values, field in zip(zip(*batch, strict=True), columns, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=columns)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_list(kind):  # one for which a text is a list of letters
        with suppress(pa.ArrowTypeError, pa.ArrowInvalid):  # not all are text
            return pa.array(values, kind)
    return pa.array([_fitted(value, kind) for value in values], kind)


def _fitted(value: Any, kind: pa.DataType) -> Any:
    """A value as its column holds it: one value becomes a list of one in a list column, mixed kinds become text."""
    if value is None:
        return None
    if pa.types.is_list(kind):
        return [_fitted(item, kind.value_type) for item in (value if isinstance(value, list) else [value])]
    return str(value) if pa.types.is_string(kind) else value
