"""Source records: one entity as one platform describes it, ready to be compared by the matching rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kgrec.data.records import NodeRecord, Value
from kgrec.extract.identity.titles import Title, plain_words, read_title
from kgrec.schema.identity_rules import Alignment


@dataclass(frozen=True, eq=False, slots=True)
class SourceRecord:
    """One entity as one platform describes it.

    Attributes:
        uids: several where the platform holds the very same record again.
        texts: titles as written; several where one uid is described more than once.
        keys: pairs of key property and value.
        evidence: what may decide between candidates (directors, genres), as plain words.
    """

    platform: str
    uids: tuple[str, ...]
    texts: tuple[str, ...]
    titles: tuple[Title, ...]
    years: frozenset[int]
    keys: frozenset[tuple[str, str]]
    evidence: frozenset[str]

    @property
    def identity(self) -> tuple[str, ...]:
        """What to sort by."""
        return self.platform, *self.uids

    @property
    def description(self) -> str:
        """What the platform says, for people."""
        times = f", listed {len(self.uids)} times" if len(self.uids) > 1 else ""
        years = f" of {' / '.join(map(str, sorted(self.years)))}" if self.years else ""
        return f"{self.platform} has {' / '.join(map(repr, self.texts))}{years}{times}"

    def years_apart(self, other: SourceRecord) -> int | None:
        """Years between the two, None where one of them has no year."""
        return min((abs(year - its) for year in self.years for its in other.years), default=None)

    def contradicts(self, other: SourceRecord) -> bool:
        """Whether both have a key property and its values differ: then no title makes them the same."""
        own, others = dict(self.keys), dict(other.keys)
        return not self.keys & other.keys and not own.keys().isdisjoint(others)


def read_source_records(
    records: Sequence[NodeRecord], spec: Alignment, related: Mapping[tuple[str, str], frozenset[str]]
) -> dict[str, list[SourceRecord]]:
    """Source records by platform; records that repeat one another become one."""
    same_uid: dict[tuple[str, str], list[NodeRecord]] = defaultdict(list)
    for record in records:
        same_uid[record.platform, record.uid].append(record)
    groups: dict[tuple[object, ...], list[NodeRecord]] = defaultdict(list)
    for identity, described in same_uid.items():
        says = frozenset(
            (name, str(value))
            for record in described
            for name, value in record.properties.items()
            if value not in ("", [])
        )
        around = related.get(identity, frozenset())
        dated = spec.year is not None and any(_whole_number(r.properties.get(spec.year)) for r in described)
        more = bool(around) or any(name not in (spec.title, spec.year) for name, _ in says)
        # A title and a year alone, or no year, do not prove that two records of one platform are the same thing.
        groups[identity[0], says, around, None if dated and more else identity[1]] += described
    by_platform: dict[str, list[SourceRecord]] = {platform: [] for platform, _ in same_uid}
    for group in groups.values():
        merged = _source_record(group, spec, related)
        by_platform[merged.platform].append(merged)
    return by_platform


def _source_record(
    group: list[NodeRecord], spec: Alignment, related: Mapping[tuple[str, str], frozenset[str]]
) -> SourceRecord:
    platform = group[0].platform
    texts = sorted({str(record.properties.get(spec.title or "", "")) for record in group} - {""})
    titles = tuple(read_title(text) for text in texts if plain_words(text))
    years: set[int | None] = set()
    if spec.year:
        years = {_whole_number(record.properties.get(spec.year)) for record in group} - {None}
        years = years or {title.year for title in titles}
    evidence = {plain_words(name) for record in group for name in related.get((platform, record.uid), ())}
    evidence |= {
        f"{name} {plain_words(value)}" for record in group for name in spec.also for value in _values(record, name)
    }
    return SourceRecord(
        platform=platform,
        uids=tuple(sorted({record.uid for record in group})),
        texts=tuple(texts),
        titles=titles,
        years=frozenset(year for year in years if year is not None),
        keys=frozenset((name, value) for record in group for name in spec.keys for value in _values(record, name)),
        evidence=frozenset(evidence),
    )


def _values(record: NodeRecord, name: str) -> list[str]:
    """Values of a property as text; none where it is empty or absent."""
    value = record.properties.get(name, "")
    parts: Sequence[Value] = value if isinstance(value, list) else [value]
    texts = (str(int(part)) if isinstance(part, float) and part.is_integer() else str(part) for part in parts)
    return [text.strip() for text in texts if text.strip()]


def _whole_number(value: Value | None) -> int | None:
    try:
        return int(float(value)) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
