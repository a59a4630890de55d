"""Records about entities of several platforms, rewritten so that each entity is one node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.record_columns import EdgeColumns, InteractionColumns
from kgrec.data.records import EdgeRecord, NodeRecord, Record, Value
from kgrec.extract.identity.alignment import AlignmentReport, align
from kgrec.schema.model import GraphSchema

Columns = TypeVar("Columns", InteractionColumns, EdgeColumns)


def aligned_types(schema: GraphSchema) -> set[str]:
    """Node types that the schema aligns and that have sources on several platforms."""
    return {
        name
        for name, node in schema.nodes.items()
        if node.align is not None and len({source.platform for source in node.sources}) > 1
    }


class MergedNodes:
    """Which records of several platforms became one node, and the records as that node has them.

    Args:
        records: all node records of the types to align, by type.

    Attributes:
        reports: of the types that have records of several platforms, by type.
    """

    def __init__(self, schema: GraphSchema, records: Mapping[str, Sequence[NodeRecord]]) -> None:
        self._schema = schema
        self.reports: dict[str, AlignmentReport] = {}
        self._properties: dict[str, Mapping[str, Mapping[str, Value]]] = {}
        rank = {platform: position for position, platform in enumerate(schema.platforms)}
        for name, node in schema.nodes.items():
            # The platform that is declared first comes first, because the first one gives the id of a merged node.
            own = sorted(records.get(name, ()), key=lambda record: rank[record.platform])
            if node.align is not None and len({record.platform for record in own}) > 1:
                report = align(own, node.align, node_type=name)
                self.reports[name] = report
                self._properties[name] = _joined_properties(own, report)

    def rewrite(self, record: Record) -> Record:
        """The record with the ids, the properties and the aliases of the merged nodes that it is about."""
        if not self.reports:
            return record
        if isinstance(record, NodeRecord):
            return self._node(record)
        if isinstance(record, EdgeRecord):
            return replace(
                record,
                source=self._uid(record.source_type, record.platform, record.source),
                target=self._uid(record.target_type, record.platform, record.target),
            )
        ends = self._schema.interactions[record.type]
        return replace(
            record,
            user=self._uid(ends.user, record.platform, record.user),
            item=self._uid(ends.item, record.platform, record.item),
        )

    def rewrite_all(self, records: Sequence[Record]) -> Sequence[Record]:
        """:meth:`rewrite` of each of some records; columns stay columns."""
        if not self.reports:
            return records
        if isinstance(records, InteractionColumns):
            types = self._schema.interactions[records.type]
            return self._with_ends(records, {"user": types.user, "item": types.item})
        if isinstance(records, EdgeColumns):
            return self._with_ends(records, {side: records.columns[f"{side}_type"] for side in ("source", "target")})
        return [self.rewrite(record) for record in records]

    def _with_ends(self, records: Columns, ends: Mapping[str, str | pa.DictionaryArray]) -> Columns:
        """The records with the ids of merged nodes in columns, given with their node type, or that of each row."""
        changed: dict[str, pa.Array] = {}
        for name, type in ends.items():
            column = records.columns[name]
            for one in [type] if isinstance(type, str) else type.dictionary.to_pylist():
                if one in self.reports:
                    uids = [self._uid(one, records.platform, uid) for uid in column.dictionary.to_pylist()]
                    there = True if isinstance(type, str) else pc.equal(type.cast(pa.string()), one)
                    merged = pa.array(uids, pa.string()).take(column.indices)
                    changed[name] = pc.if_else(there, merged, changed.get(name, column).cast(pa.string()))
        return records.with_columns(changed)

    def _uid(self, node_type: str, platform: str, uid: str) -> str:
        report = self.reports.get(node_type)
        return uid if report is None else report.canonical(platform, uid)

    def _node(self, record: NodeRecord) -> NodeRecord:
        report = self.reports.get(record.type)
        if report is None:
            return record
        uid = report.canonical(record.platform, record.uid)
        return replace(
            record,
            uid=uid,
            properties=self._properties[record.type].get(uid, record.properties),
            aliases=report.aliases(uid) or (f"{record.platform}:{record.uid}",),
        )


def _joined_properties(records: Sequence[NodeRecord], report: AlignmentReport) -> dict[str, dict[str, Value]]:
    """Properties of merged nodes by uid: what the first platform says counts, the others fill in."""
    platforms: dict[str, list[NodeRecord]] = defaultdict(list)
    for record in records:
        platforms[record.platform].append(record)
    joined: dict[str, dict[str, Value]] = defaultdict(dict)
    for platform in reversed(platforms):
        for record in platforms[platform]:
            uid = report.canonical(platform, record.uid)
            if report.aliases(uid):
                joined[uid] |= record.properties
    return dict(joined)
