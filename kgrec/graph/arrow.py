"""Rows of a store as Arrow record batches of one agreed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from kgrec.graph.cypher import property_names
from kgrec.schema import GraphSchema

EDGE_COLUMNS = pa.schema([(n, pa.string()) for n in ("source_type", "source", "relation", "target_type", "target")])
INTERACTION_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("user", "item", "kind", "platform")]
    + [("time", pa.float64()), ("weight", pa.float64())]
)


def node_columns(schema: GraphSchema, type: str, rows: Sequence[dict[str, Any]]) -> pa.Schema:
    """Columns of a node type: text as string, numbers as int64 or float64, lists where any node has one."""
    specs = schema.nodes[type].properties
    columns = [("uid", pa.string()), ("name", pa.string())]
    for name in property_names(schema, type)[2:]:
        values = [row[name] for row in rows if row[name] is not None]
        kinds = {item.__class__ for value in values for item in (value if isinstance(value, list) else [value])}
        if specs[name].type == "embedding":
            columns.append((name, pa.list_(pa.float64())))
            continue
        kind = pa.string()
        if kinds and kinds <= {bool}:
            kind = pa.bool_()
        elif kinds and kinds <= {int}:
            kind = pa.int64()
        elif kinds <= {int, float} and (kinds or specs[name].type in ("number", "time")):
            kind = pa.float64()
        columns.append((name, pa.list_(kind) if any(isinstance(value, list) for value in values) else kind))
    return pa.schema(columns)


def record_batches(rows: Sequence[dict[str, Any]], columns: pa.Schema, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Cut rows into batches of ``batch_size``, the last one shorter; no batch where there are no rows."""
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, found {batch_size}")
    return (
        pa.RecordBatch.from_arrays(
            [
                pa.array([_fitted(row[field.name], field.type) for row in rows[start : start + batch_size]], field.type)
                for field in columns
            ],
            schema=columns,
        )
        for start in range(0, len(rows), batch_size)
    )


def _fitted(value: Any, kind: pa.DataType) -> Any:
    """A value as its column holds it: one value becomes a list of one in a list column, mixed kinds become text."""
    if value is None:
        return None
    if pa.types.is_list(kind):
        return [_fitted(item, kind.value_type) for item in (value if isinstance(value, list) else [value])]
    return str(value) if pa.types.is_string(kind) else value
