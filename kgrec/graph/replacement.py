"""What sources stated before and no longer state: found when a whole import is in, counted, and taken back.

Everything that the store holds of the same types and platforms is compared with what the import states. Nothing goes
before all of it was counted.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import IO, Any

from kgrec.data.records import Batch, EdgeRecord, Interaction, Kind, NodeRecord, Record
from kgrec.errors import KgrecError, ReplacementError
from kgrec.graph.stated_records import StatedOfType, StatedRecords
from kgrec.graph.statement_notes import ReplacementPlan, Stated, notes_in, others_state, replacement_plan
from kgrec.graph.store import GraphStore, schema_of
from kgrec.graph.store_types import StoredTable
from kgrec.schema.model import GraphSchema

_AT_ONCE = 5_000
_NO_PROPERTIES = frozenset({"uid", "aliases", "platforms", "relation", "_source", "_target"})
"""What a stored row has beside what a source says of a node or a fact."""


@dataclass
class TypeReplaced:
    """What became of the earlier statements of one type.

    Attributes:
        held: how many nodes, facts or interactions the sources' platforms state in the store, the new ones included.
        unstated: how many of them the sources no longer state.
        removed: how many went; the others are kept by what else is in the graph.
        values: how many values of nodes and facts that stay went, because they are no longer stated.
    """

    kind: Kind
    type: str
    held: int = 0
    unstated: int = 0
    removed: int = 0
    values: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        return {**vars(self), "kept": self.unstated - self.removed}


@dataclass(frozen=True)
class Replacement:
    """What an import took back.

    Attributes:
        types: of every type that was looked through, in the order of the schema.
        notes: what was decided on the way, a sentence each.
    """

    types: tuple[TypeReplaced, ...]
    notes: tuple[str, ...]


def replace_earlier(
    store: GraphStore,
    ledger: str,
    now: Mapping[Stated, Collection[str]],
    stated: StatedRecords,
    created: Mapping[str, int],
    max_removed: float,
    read_again: Callable[[str], Iterable[Batch]],
) -> Replacement:
    """What was taken back of the statements that some sources made before and no longer make.

    Args:
        ledger: name of the import, which is in the store.
        now: which of its sources state what.
        stated: every record of it.
        created: how many of them are new.
        max_removed: largest share of a type's records that may be taken back.
        read_again: everything that another source states, by its name; a KgrecError where it cannot be read.

    Raises:
        ReplacementError: it would be more, or other sources state the same; nothing was taken back then.
    """
    noted = _ledger(store)
    plan = replacement_plan(notes_in(noted), ledger, now, store.url)
    told = [*plan.told, *(f"{each} states records of the same types and was read again" for each in plan.shared)]
    try:
        for source in plan.shared:
            for batch in read_again(source):
                stated.add(batch)
    except KgrecError as error:
        raise others_state(plan.shared, store.url) from error
    types: dict[tuple[Kind, str], TypeReplaced] = {}
    with tempfile.TemporaryFile("w+", prefix="kgrec-retract-", encoding="utf-8") as spool:
        for fields in _unstated(store, plan, stated, types) if plan.what else ():
            spool.write(json.dumps(fields) + "\n")
        _check_shares(types.values(), created if plan.replaced else {}, max_removed, store.url, plan.told)
        if any(counts.unstated or counts.values for counts in types.values()):
            for name in _unfinished(noted, ledger):
                store.mark_batch(name, 0)
            # Relationships go before the nodes that they hold.
            for kind in ("interactions", "edges", "nodes"):
                spool.seek(0)
                _retract(store, kind, spool, types)
            spool.seek(0)
            _unset(store, spool)
    for name in plan.outdated:
        store.mark_batch(name, 0)
    for name in plan.pending:
        store.mark_batch(name, 1)
    return Replacement(tuple(types.values()), tuple(told))


def _ledger(store: GraphStore) -> dict[str, int]:
    """Everything that is noted of imports."""
    tables = (table for table in store.stored_tables() if table.type == "KgrecImport")
    return {row["uid"]: row["batches"] for table in islice(tables, 1) for row in table.rows}


def _unfinished(noted: Mapping[str, int], ledger: str) -> list[str]:
    """Other imports that would go on behind batches that may lack something from now on."""
    counts = [name for name in noted if not any(word in name for word in (" complete", " dangling ", " stated "))]
    return [name for name in counts if name != ledger and f"{name} complete" not in noted]


def _unstated(
    store: GraphStore, plan: ReplacementPlan, stated: StatedRecords, types: dict[tuple[Kind, str], TypeReplaced]
) -> Iterator[list[Any]]:
    """The fields of everything in the store that is to be taken back, nodes and their values first.

    A relationship of a node that nobody states any more goes with it: a fresh import would not find the node either.
    """
    schema = schema_of(store)
    gone: set[tuple[str, str]] = set()
    own = plan.what | plan.first
    looked_through = {(kind, type) for kind, type, _ in own}
    for table in store.stored_tables():
        kind = _kind(schema, table.type)
        if kind is None or (kind, table.type) not in looked_through:
            continue
        counts = types.setdefault((kind, table.type), TypeReplaced(kind, table.type))
        known = stated.of_type(kind, table.type)
        for row in table.rows:
            platforms = [row["platform"]] if kind == "interactions" else row["platforms"] or []
            records = [_record(kind, table, row, name) for name in platforms if (kind, table.type, name) in own]
            lost = [one for one in records if (kind, one.type, one.platform) in plan.what and one not in known]
            if table.ends is None:
                if lost and len(lost) == len(platforms):
                    gone.add((table.type, row["uid"]))
            elif not gone.isdisjoint(zip(table.ends, (row["_source"], row["_target"]), strict=True)):
                lost = records
            if kind != "interactions" and len(lost) < len(records) == len(platforms):
                for name in _values_unstated(row, records[0], known):
                    counts.values += 1
                    yield ["values", name, *_fields(records[0])]
            counts.held += bool(records)
            counts.unstated += bool(lost)
            yield from map(_fields, lost)


def _values_unstated(row: Mapping[str, Any], record: Record, known: StatedOfType) -> list[str]:
    """Properties of a stored node or fact that it has, and that no record gives it any more."""
    assert not isinstance(record, Interaction)
    held = [name for name, value in row.items() if value is not None and name not in _NO_PROPERTIES]
    lost = [name for name in held if not known.has_value(record, name)]
    return [name for name in lost if isinstance(record, EdgeRecord) or (name, row[name]) != ("name", record.uid)]


def _kind(schema: GraphSchema, type: str) -> Kind | None:
    """What a stored type is; None for the store's own."""
    if type in schema.nodes:
        return "nodes"
    if type in schema.edges:
        return "edges"
    return "interactions" if type in schema.interactions else None


def _record(kind: Kind, table: StoredTable, row: Mapping[str, Any], platform: str) -> Record:
    """A record with the identity of a stored row."""
    if table.ends is None:
        return NodeRecord(table.type, row["uid"], {}, platform)
    source, target = row["_source"], row["_target"]
    if kind == "edges":
        return EdgeRecord(table.type, table.ends[0], source, table.ends[1], target, row["relation"], {}, platform)
    found = Interaction(table.type, source, target, row["kind"], platform, row["time"])
    return found if found.key == row["key"] else replace(found, repeat=int(row["key"].rpartition("|")[2]))


def _fields(record: Record) -> list[Any]:
    """What :func:`_read` makes the same record of, its kind first."""
    if isinstance(record, NodeRecord):
        return ["nodes", record.type, record.uid, record.platform]
    if isinstance(record, EdgeRecord):
        ends = [record.source_type, record.source, record.target_type, record.target]
        return ["edges", record.type, *ends, record.relation, record.platform]
    ends = [record.user, record.item]
    return ["interactions", record.type, *ends, record.kind, record.platform, record.time, record.repeat]


def _read(line: str) -> Record:
    kind, *fields = json.loads(line)
    if kind == "nodes":
        type, uid, platform = fields
        return NodeRecord(type, uid, {}, platform)
    if kind == "edges":
        type, source_type, source, target_type, target, relation, platform = fields
        return EdgeRecord(type, source_type, source, target_type, target, relation, {}, platform)
    type, user, item, made, platform, time, repeat = fields
    return Interaction(type, user, item, made, platform, time, repeat=repeat)


def _retract(store: GraphStore, kind: Kind, spool: IO[str], types: Mapping[tuple[Kind, str], TypeReplaced]) -> None:
    """Take back what a spool has of a kind, and count what went."""
    records = (_read(line) for line in spool if line.startswith(f'["{kind}"'))
    for type, of_type in groupby(records, lambda record: record.type):
        while some := list(islice(of_type, _AT_ONCE)):
            types[kind, type].removed += store.retract(some)


def _unset(store: GraphStore, spool: IO[str]) -> None:
    """Take back the values that a spool has."""
    values = sorted(json.loads(line)[1:] for line in spool if line.startswith('["values"'))
    for (name, kind, type), of_property in groupby(values, lambda value: value[:3]):
        while some := [_read(json.dumps(fields)) for _, *fields in islice(of_property, _AT_ONCE)]:
            if kind == "nodes":
                store.unset(type, name, [record.uid for record in some if isinstance(record, NodeRecord)])
            else:
                store.unset_of_facts(name, [record for record in some if isinstance(record, EdgeRecord)])


def _check_shares(
    types: Collection[TypeReplaced], created: Mapping[str, int], most: float, where: str, told: Collection[str]
) -> None:
    """Make sure that not more is taken back than may be.

    Args:
        created: how many records of a kind are new; where it is said, they do not count as held.

    Raises:
        ReplacementError: it would be more.
    """
    too_many = [counts for counts in types if counts.unstated > most * counts.held]
    for kind, new in created.items():
        of_kind = [counts for counts in types if counts.kind == kind]
        if sum(counts.unstated for counts in of_kind) > most * (sum(counts.held for counts in of_kind) - new):
            too_many += [counts for counts in of_kind if counts.unstated and counts not in too_many]
    if too_many:
        raise ReplacementError(
            "the sources leave out more of what they stated before than may be removed: nothing was removed.",
            where=where,
            found="\n".join((*(f"{one.unstated:,} of {one.held:,} {one.type} would go" for one in too_many), *told)),
            expected=f"at most {most:.0%} of a type's {' and '.join(dict.fromkeys(one.kind for one in too_many))}",
            next="make sure that the sources are complete, then let more go with --max-removed",
        )
