"""Records that refer to nodes that do not exist: which ones, and whether there are more than an import may lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kgrec.data.records import EdgeRecord, Interaction, Record
from kgrec.schema.model import GraphSchema

MOST_NAMED = 3
"""Missing nodes that are named of a table."""

End = tuple[str, str]
"""Type and uid of a node."""


def missing_ends(schema: GraphSchema, has_node: Callable[[str, str], bool], records: Sequence[Record]) -> list[End]:
    """The first nodes that some records refer to and that there are not, each once; a few at most."""
    known: dict[End, bool] = {}
    missing: list[End] = []
    for end in (end for record in records for end in _ends(schema, record)):
        if end not in known:
            known[end] = has_node(*end)
            if not known[end]:
                missing.append(end)
                if len(missing) == MOST_NAMED:
                    break
    return missing


def _ends(schema: GraphSchema, record: Record) -> Iterator[End]:
    if isinstance(record, EdgeRecord):
        yield record.source_type, record.source
        yield record.target_type, record.target
    elif isinstance(record, Interaction):
        ends = schema.interactions[record.type]
        yield ends.user, record.user
        yield ends.item, record.item
