"""Interactions that are kept no longer, taken out of a graph some at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kgrec.data.time_units import EARLIEST
from kgrec.graph.cypher import statements as cypher
from kgrec.schema.model import GraphSchema
from kgrec.schema.retention import Expiry

AT_ONCE = 10_000
"""Interactions that go in one transaction."""

Write = Callable[[str, dict[str, Any]], tuple[list[dict[str, Any]], int]]
"""Runs a writing statement with its parameters; its rows, and how much it created."""


def delete_expired(write: Write, schema: GraphSchema, expiry: Expiry) -> int:
    """How many were removed; stopped on the way, the next call goes on."""
    asked = {"first": EARLIEST, "before": expiry.before, "kinds": list(expiry.kinds), "others": list(expiry.others)}
    removed, last = 0, AT_ONCE
    while last == AT_ONCE:
        rows, _ = write(cypher.delete_expired(schema, expiry.type), {**asked, "most": AT_ONCE})
        last = int(rows[0]["removed"]) if rows else 0
        removed += last
    return removed
