"""Data checks: what is odd in the sources before anything is imported. The report is data; showing it is the CLI's."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from kgrec.config import MAX_DROPPED
from kgrec.data.near_misses import near_miss
from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.errors import shorten
from kgrec.extract.behaviour_checks import BehaviourChecks, Finding, unreadable_types
from kgrec.extract.extraction import Extraction
from kgrec.extract.training_forecast import Taken, refusals
from kgrec.schema.meanings import meaning

Status = Literal["PASS", "WARN", "FAIL"]

HUB_DEGREE = 500
"""Nodes with more facts than this are hubs: paths are not looked for through them."""

_DAY = 86_400.0
_LIKELY_UNIX = 1e8
"""Times from here on (1973) are unix seconds; positions stay below."""


@dataclass(frozen=True)
class Check:
    """One question and its answer.

    Attributes:
        what: the question, as a name.
        count: how many are odd; 0 for PASS unless the count is no fault.
        of: among how many.
        first: the first offender in words, None where there is none.
    """

    what: str
    status: Status
    count: int
    of: int
    first: str | None = None


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
class _Count:
    """How many were odd among how many, and the first of them."""

    odd: int = 0
    of: int = 0
    first: str | None = None

    def note(self, is_odd: bool, *words: object) -> None:
        """Count one; ``words`` name it, put together only where it is the first odd one."""
        self.of += 1
        if is_odd:
            self.odd += 1
            self.first = self.first or " ".join(filter(None, map(str, words)))

    def check(self, what: str, odd: Status) -> Check:
        return Check(what, odd if self.odd else "PASS", self.odd, self.of, self.first)


class _PerTable:
    """The same for each table."""

    def __init__(self) -> None:
        self.counts: dict[str, _Count] = defaultdict(_Count)

    def note(self, table: str, is_odd: bool, *words: object, near: object) -> None:
        """Count one of a table; ``near`` is said behind it."""
        self.counts[table].note(is_odd, *words, "in table", table, near)

    def check(self, what: str, most: float) -> Check:
        """One check of all tables; it fails where more of any than a share were odd, as an import does."""
        every = self.counts.values()
        fails = any(count.odd > most * count.of for count in every)
        whole = _Count(
            sum(c.odd for c in every), sum(c.of for c in every), next((c.first for c in every if c.odd), None)
        )
        return whole.check(what, "FAIL" if fails else "WARN")


class _Name(NamedTuple):
    """A node in words, made only where it is shown."""

    type: str
    uid: str

    def __str__(self) -> str:
        return f"{self.type} {shorten(self.uid, 60)}"


@dataclass
class _Nodes:
    """What is remembered of the nodes: platforms of each by type and uid."""

    platforms: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    values: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))


class _Near(NamedTuple):
    """What is nearly an unknown node, in words, looked for only where it is shown."""

    unknown: list[_Name]
    nodes: _Nodes

    def __str__(self) -> str:
        type, uid = self.unknown[0]
        found = near_miss(uid, lambda other: (type, other) in self.nodes.platforms)
        return f"({found})" if found else ""


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
    missing, empty, bare = _Count(), _Count(), _Count()
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
    duplicates, collisions = _Count(), _Count()
    own_ids: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for table, record in reading.records("nodes"):
        assert isinstance(record, NodeRecord)
        node = (record.type, record.uid)
        nodes.platforms[node].add(record.platform)
        nodes.values[node].update(record.properties)
        merged = len(record.aliases) > 1
        identity = (table, *node, record.platform)
        duplicates.note(not merged and identity in described, _Name(*node), "in table", table)
        described.add(identity)
        if not merged:
            own_ids[node][record.platform] = table
    yield duplicates.check("nodes described twice in one table", "WARN")
    separate = {schema.user_type, schema.item_type} | {n for n, t in schema.nodes.items() if t.align is not None}
    for node, platforms in nodes.platforms.items():
        if node[0] in separate:
            clash = len(platforms) > 1 and bool(own_ids.get(node))
            collisions.note(clash, _Name(*node), "on", *sorted(platforms))
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
                str(_Name(*without[0])) if without else None,
            )


def _findings(findings: Iterable[Finding]) -> Iterator[Check]:
    return (Check(what, "WARN" if odd else "PASS", count, of, first) for what, odd, count, of, first in findings)


def _describes(reading: Extraction, node_type: str, property_name: str) -> bool:
    """Whether any source of a node type gives this property."""
    sources = reading.schema.nodes[node_type].sources
    return any(source.split is not None or property_name in source.columns for source in sources)


def _edge_checks(reading: Extraction, nodes: _Nodes) -> Iterator[Check]:
    duplicates, dangling = _Count(), _PerTable()
    known: set[tuple[str, ...]] = set()
    degrees: Counter[tuple[str, str]] = Counter()
    for table, record in reading.records("edges"):
        assert isinstance(record, EdgeRecord)
        ends = ((record.source_type, record.source), (record.target_type, record.target))
        fact = (record.type, record.relation, *ends[0], *ends[1])
        duplicates.note(fact in known, _Name(*ends[0]), record.relation, _Name(*ends[1]), "in table", table)
        missing = [_Name(*end) for end in ends if end not in nodes.platforms]
        dangling.note(table, bool(missing), *missing[:1], near=_Near(missing, nodes))
        if fact not in known and not missing:
            degrees.update(ends)
        known.add(fact)
    if not dangling.counts:
        return
    yield duplicates.check("facts stated twice", "WARN")
    yield dangling.check("facts about nodes that no table describes", MAX_DROPPED)
    hubs = [(node, degree) for node, degree in degrees.most_common() if degree > HUB_DEGREE]
    first = f"{_Name(*hubs[0][0])} with {hubs[0][1]} facts" if hubs else None
    what = f"hubs, nodes with more than {HUB_DEGREE} facts"
    yield Check(what, "WARN" if hubs else "PASS", len(hubs), len(degrees), first)


def _interaction_checks(reading: Extraction, nodes: _Nodes) -> Iterator[Check]:
    schema = reading.schema
    duplicates, unknown, zero, future, units = (_Count() for _ in range(5))
    dangling = _PerTable()
    known: set[tuple[str, ...]] = set()
    behaviour = BehaviourChecks(schema)
    times: dict[str, list[float | None]] = defaultdict(list)
    taken: set[str] = set()
    speaking: list[Taken] = []
    tomorrow = time.time() + _DAY
    for table, record in reading.records("interactions"):
        assert isinstance(record, Interaction)
        ends = ((schema.user_type, record.user), (schema.item_type, record.item))
        words = (_Name(*ends[0]), _Name(*ends[1]), "time", record.time, "in table", table)
        behaviour.note(record, *words)
        identity = (record.type, record.user, record.item, record.key)
        duplicates.note(identity in known, *words)
        if identity in known:
            behaviour.note_repeat(record, *words)
        known.add(identity)
        missing = [_Name(*end) for end in ends if end not in nodes.platforms]
        dangling.note(table, bool(missing), *missing[:1], near=_Near(missing, nodes))
        unknown.note(record.time is None, *words)
        zero.note(record.time == 0.0, *words)
        future.note(record.time is not None and record.time > tomorrow, *words)
        position = record.time is not None and 0 < record.time < _LIKELY_UNIX
        units.note(position, *words)
        if not missing:
            if meaning(schema, record.type, record.kind).of(record.weight) == "for":
                speaking.append((record.user, record.item, record.time))
            taken.add(record.item)
            times[record.user].append(record.time)
    yield duplicates.check("interactions stated twice", "WARN")
    yield dangling.check("interactions of users or items that no table describes", MAX_DROPPED)
    yield from _findings(behaviour.findings())
    yield unknown.check("interactions without time", "WARN")
    if 0 < zero.odd < zero.of and not units.odd:
        yield zero.check("times that are zero among unix seconds", "WARN")
    yield future.check("times in the future", "WARN")
    if 0 < units.odd < units.of - zero.odd - unknown.odd:
        yield units.check("positions among unix seconds", "FAIL")
    order = _Count()
    for user, seen in times.items():
        if len(seen) > 1:
            order.note(len(set(seen)) == 1, _Name(schema.user_type, user))
    yield order.check("users whose interactions all have the same time, so no order", "WARN")
    users, items = (
        [uid for name, uid in nodes.platforms if name == type] for type in (schema.user_type, schema.item_type)
    )
    for what, found, of in refusals(users, items, speaking):
        yield Check(f"too little for training, which needs {what}", "FAIL", found, of)
    idle, cold = _Count(), _Count()
    for node_type, uid in nodes.platforms:
        if node_type == schema.user_type:
            idle.note(uid not in times, _Name(node_type, uid))
        elif node_type == schema.item_type:
            cold.note(uid not in taken, _Name(node_type, uid))
    yield idle.check("users without any interaction", "WARN")
    yield cold.check("items without any interaction (new ones; they are recommended from facts and text)", "PASS")


def _alignment_checks(reading: Extraction) -> Iterator[Check]:
    for name, report in reading.alignments.items():
        matched = len(report.matches)
        total = sum(map(len, report.unmatched.values())) + matched
        yield Check(f"{name} found on several platforms", "PASS" if matched else "WARN", matched, total)
        first = report.ambiguous[0] if report.ambiguous else None
        words = None if first is None else f"{first.platform}:{first.uid} ({first.title}): {first.why}"
        status: Status = "WARN" if report.ambiguous else "PASS"
        yield Check(f"{name} left alone because several candidates fit", status, len(report.ambiguous), total, words)
