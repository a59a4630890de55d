"""Data checks: what is odd in the sources before anything is imported. The report is data; showing it is the CLI's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from kgrec.config import MAX_DROPPED
from kgrec.data.near_misses import near_miss
from kgrec.data.record_columns import InteractionColumns
from kgrec.data.records import EdgeRecord, NodeRecord
from kgrec.extract.behaviour_checks import Finding, unreadable_types
from kgrec.extract.check_counts import Check, Count, CountPerTable, NodeName, Status
from kgrec.extract.extraction import Extraction
from kgrec.extract.interaction_checks import InteractionChecks

HUB_DEGREE = 500
"""Nodes with more facts than this are hubs: paths are not looked for through them."""


@dataclass(frozen=True)
class CheckReport:
    """Answers in a fixed order.

    Attributes:
        rows: rows of each table that the schema reads.
    """

    checks: tuple[Check, ...]
    rows: dict[str, int]

    @property
    def status(self) -> Status:
        """The worst of all."""
        found = {check.status for check in self.checks}
        return "FAIL" if "FAIL" in found else "WARN" if "WARN" in found else "PASS"

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {"status": self.status, "rows": self.rows, "checks": [asdict(check) for check in self.checks]}


@dataclass
class _Nodes:
    """What is remembered of the nodes: platforms of each by type and uid."""

    platforms: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    values: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def near(self, unknown: NodeName) -> str:
        """What is nearly an unknown node, in words; empty where nothing is."""
        found = near_miss(unknown.uid, lambda other: (unknown.type, other) in self.platforms)
        return f"({found})" if found else ""


class _Near(NamedTuple):
    """What is nearly an unknown node, in words, looked for only where it is shown."""

    unknown: list[NodeName]
    nodes: _Nodes

    def __str__(self) -> str:
        return self.nodes.near(self.unknown[0])


def check(extraction: Extraction) -> CheckReport:
    """Report of what is odd in the sources, which are read once from start to end.

    Rows that do not fit the schema are counted, not raised, whatever the extraction's own policy is.

    Raises:
        SourceError: a source cannot be read at all.
    """
    reading = Extraction(extraction.schema, extraction.loaders, on_error="skip")
    missing = reading.missing_tables()
    nodes = _Nodes()
    node_checks = list(_node_checks(reading, nodes))
    edge_checks = list(_edge_checks(reading, nodes))
    interaction_checks = list(_interaction_checks(reading, nodes))
    checks = [
        *(Check(f"missing: {text}", "FAIL", 1, 1) for text in missing),
        *_table_checks(reading),
        *_row_checks(reading),
        *_reading_checks(reading),
        *node_checks,
        *edge_checks,
        *interaction_checks,
        *_alignment_checks(reading),
        *(Check(f"warning: {text}", "WARN", 1, 1) for text in reading.warnings()),
    ]
    return CheckReport(tuple(checks), dict(reading.rows))


def _table_checks(reading: Extraction) -> Iterator[Check]:
    schema = reading.schema
    people = [*schema.nodes[schema.user_type].sources, *schema.nodes[schema.item_type].sources]
    needed = {source.table for source in people} | set(reading.tables_of_schema(["interactions"]))
    missing, empty, bare = Count(), Count(), Count()
    for table in reading.tables_of_schema():
        missing.note(table not in reading.rows, "table", table)
        if table in reading.rows:
            (bare if table in needed else empty).note(reading.rows[table] == 0, "table", table)
    yield missing.check("tables of the schema that no source has", "WARN")
    yield bare.check("empty tables of users, items or interactions", "FAIL")
    yield empty.check("empty tables of facts and what they are about", "WARN")


def _row_checks(reading: Extraction) -> Iterator[Check]:
    total = sum(reading.rows.values())
    if not reading.problems:
        yield Check("rows that do not fit the schema", "PASS", 0, total)
    for words in reading.nothing_left():
        yield Check(f"every row does not fit: {words}", "FAIL", 1, 1)
    for problem in reading.problems:
        first = f"{problem.where}, row {problem.row}, {problem.about}: found {problem.found}"
        yield Check(f"rows that do not fit: {problem.what}", "FAIL", problem.rows, problem.of, first)


def _reading_checks(reading: Extraction) -> Iterator[Check]:
    for what, words in reading.times.items():
        yield Check(f"{what} are read as {words}", "PASS", 0, 0)
    for what, count, first in reading.odd_texts.found():
        name = f"ids or names that read like {what}"
        yield Check(name, "WARN" if count else "PASS", count, reading.odd_texts.nodes, first or None)


def _node_checks(reading: Extraction, nodes: _Nodes) -> Iterator[Check]:
    schema = reading.schema
    described: set[tuple[str, ...]] = set()
    duplicates, collisions = Count(), Count()
    own_ids: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for table, record in reading.records("nodes"):
        assert isinstance(record, NodeRecord)
        node = (record.type, record.uid)
        nodes.platforms[node].add(record.platform)
        nodes.values[node].update(record.properties)
        merged = len(record.aliases) > 1
        identity = (table, *node, record.platform)
        duplicates.note(not merged and identity in described, NodeName(*node), "in table", table)
        described.add(identity)
        if not merged:
            own_ids[node][record.platform] = table
    yield duplicates.check("nodes described twice in one table", "WARN")
    separate = {schema.user_type, schema.item_type} | {n for n, t in schema.nodes.items() if t.align is not None}
    for node, platforms in nodes.platforms.items():
        if node[0] in separate:
            clash = len(platforms) > 1 and bool(own_ids.get(node))
            collisions.note(clash, NodeName(*node), "on", *sorted(platforms))
    yield collisions.check("ids that several platforms use without being aligned", "FAIL")
    per_type: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for node in nodes.platforms:
        per_type[node[0]].append(node)
    yield from _findings(unreadable_types(schema, {name: len(of_type) for name, of_type in per_type.items()}))
    for name, node_type in schema.nodes.items():
        for property_name in node_type.properties:
            if not per_type[name] or (property_name == "name" and not _describes(reading, name, "name")):
                continue
            without = [node for node in per_type[name] if property_name not in nodes.values[node]]
            yield Check(
                f"{name} without {property_name}",
                "WARN" if len(without) * 2 > len(per_type[name]) else "PASS",
                len(without),
                len(per_type[name]),
                str(NodeName(*without[0])) if without else None,
            )


def _findings(findings: Iterable[Finding]) -> Iterator[Check]:
    return (Check(what, "WARN" if odd else "PASS", count, of, first) for what, odd, count, of, first in findings)


def _describes(reading: Extraction, node_type: str, property_name: str) -> bool:
    """Whether any source of a node type gives this property."""
    sources = reading.schema.nodes[node_type].sources
    return any(source.split is not None or property_name in source.columns for source in sources)


def _edge_checks(reading: Extraction, nodes: _Nodes) -> Iterator[Check]:
    duplicates, dangling = Count(), CountPerTable()
    known: set[tuple[str, ...]] = set()
    degrees: Counter[tuple[str, str]] = Counter()
    for table, record in reading.records("edges"):
        assert isinstance(record, EdgeRecord)
        ends = ((record.source_type, record.source), (record.target_type, record.target))
        fact = (record.type, record.relation, *ends[0], *ends[1])
        duplicates.note(fact in known, NodeName(*ends[0]), record.relation, NodeName(*ends[1]), "in table", table)
        missing = [NodeName(*end) for end in ends if end not in nodes.platforms]
        dangling.note(table, bool(missing), *missing[:1], near=_Near(missing, nodes))
        if fact not in known and not missing:
            degrees.update(ends)
        known.add(fact)
    if not dangling.counts:
        return
    yield duplicates.check("facts stated twice", "WARN")
    yield dangling.check("facts about nodes that no table describes", MAX_DROPPED)
    hubs = [(node, degree) for node, degree in degrees.most_common() if degree > HUB_DEGREE]
    first = f"{NodeName(*hubs[0][0])} with {hubs[0][1]} facts" if hubs else None
    what = f"hubs, nodes with more than {HUB_DEGREE} facts"
    yield Check(what, "WARN" if hubs else "PASS", len(hubs), len(degrees), first)


def _interaction_checks(reading: Extraction, nodes: _Nodes) -> Iterator[Check]:
    schema = reading.schema
    users, items = (
        [uid for name, uid in nodes.platforms if name == type] for type in (schema.user_type, schema.item_type)
    )
    checks = InteractionChecks(schema, (users, items), nodes.near)
    for table, block in reading.blocks("interactions"):
        assert isinstance(block, InteractionColumns)
        checks.look(table, block)
    yield from checks.checks()


def _alignment_checks(reading: Extraction) -> Iterator[Check]:
    for name, report in reading.alignments.items():
        matched = len(report.matches)
        total = sum(map(len, report.unmatched.values())) + matched
        yield Check(f"{name} found on several platforms", "PASS" if matched else "WARN", matched, total)
        first = report.ambiguous[0] if report.ambiguous else None
        words = None if first is None else f"{first.platform}:{first.uid} ({first.title}): {first.why}"
        status: Status = "WARN" if report.ambiguous else "PASS"
        yield Check(f"{name} left alone because several candidates fit", status, len(report.ambiguous), total, words)
