"""Extraction: sources and a schema in, batches of checked and aligned records out."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import pyarrow as pa

from kgrec.data.record_columns import InteractionColumns
from kgrec.data.records import Batch, Loader, NodeRecord, Record, Table
from kgrec.extract.dropped_rows import nothing_left, too_many_left_out
from kgrec.extract.identity.alignment import AlignmentReport
from kgrec.extract.identity.merging import MergedNodes, aligned_types
from kgrec.extract.mapping import PHASES, OnError, map_blocks, schema_sources
from kgrec.extract.odd_texts import OddTexts
from kgrec.extract.personal_columns import PersonalColumns
from kgrec.extract.repeats import RepeatedInteractions
from kgrec.extract.row_reader import Phase, Problem
from kgrec.extract.seen_nodes import SeenNodes
from kgrec.extract.source_tables import SourceTables
from kgrec.extract.sources import open_loader, source_fingerprint, source_name
from kgrec.extract.waiting_records import WaitingRecords
from kgrec.parallel.cached_attribute import cached_property
from kgrec.schema.model import GraphSchema


class Extraction:
    """Everything the sources say, as records of the schema.

    The same files, schema and batch size give the same batches in the same order, so that an interrupted import can
    go on where it stopped. A database may answer otherwise each time: its import starts over, which changes nothing.
    Memory does not grow with the sources, but for nodes that the schema aligns: those of several platforms are compared
    as a whole.

    Args:
        schema: what the columns mean.
        sources: loaders, or specs such as ``movielens100k`` and ``tables:data/``.
        on_error: raise at a row that does not fit, or leave it out and note it in :attr:`problems`.
        max_dropped: largest share of a table's rows that may be left out; None: any.

    Attributes:
        problems: rows left out, by reason; filled while batches are read.
        rows: rows of each table that was read to its end.
        times: what the times of each column were read as, in words; filled while batches are read.
        stated: which sources state records of which kind, type and platform; filled before the records are read.
        odd_texts: nodes whose id or name was read but may stand for nothing, or for a list; likewise.

    Raises:
        ConfigError: an unknown loader, or a schema that makes pseudonyms, and no key for them.
        SourceError: a source that cannot be read, or none that has a table of the schema.
    """

    def __init__(
        self,
        schema: GraphSchema,
        sources: Sequence[str | Loader],
        *,
        on_error: OnError = "fail",
        max_dropped: float | None = None,
    ) -> None:
        self.schema = schema
        self.sources = tuple(sources)
        self.on_error = on_error
        self.max_dropped = max_dropped
        self.loaders = tuple(open_loader(source) if isinstance(source, str) else source for source in sources)
        self.problems: list[Problem] = []
        self.rows: dict[str, int] = {}
        self.times: dict[str, str] = {}
        self.odd_texts = OddTexts()
        self._personal = PersonalColumns(schema)
        self._warnings: dict[str, None] = {}
        self.stated: dict[tuple[Phase, str, str], set[str]] = defaultdict(set)
        self._made: Counter[tuple[Phase, str]] = Counter()

    def __repr__(self) -> str:
        return f"Extraction({self.schema.domain}, {len(self.sources)} sources, source_id={self.source_id[:8]})"

    @cached_property
    def source_id(self) -> str:
        """Hash of what decides the records: sources with their files' sizes and times, schema, error policy."""
        parts = [self.schema.to_json(), self.on_error, *map(source_fingerprint, self.sources)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def alignments(self) -> Mapping[str, AlignmentReport]:
        """Report per node type that occurs on several platforms and that the schema aligns."""
        return self._merged.reports

    @property
    def alignment(self) -> AlignmentReport | None:
        """The report of the item type, or of the first other type that was aligned; None where none was."""
        return self.alignments.get(self.schema.item_type, next(iter(self.alignments.values()), None))

    def batches(self, batch_size: int = 10_000) -> Iterator[Batch]:
        """All records: nodes, then edges, then interactions; a batch holds records of one table.

        Raises:
            SourceError: as :class:`Extraction`, or a table without a column that the schema names.
            RecordError: a row does not fit and ``on_error`` is "fail".
            DroppedRowsError: more rows of a table were left out than may be.
        """
        self.problems.clear()
        self.odd_texts = OddTexts()
        self._made.clear()
        for phase in PHASES:
            repeats = RepeatedInteractions(self.schema)
            waiting = WaitingRecords(phase, batch_size)
            for table, records in self.blocks(phase):
                together = repeats.put_together(records) if isinstance(records, InteractionColumns) else records
                yield from waiting.add(table, together)
            yield from waiting.rest()

    def read_again(self, source: str) -> Iterator[Batch]:
        """All records of another source, by its name in :attr:`stated`; rows that do not fit are left out.

        Raises:
            ConfigError, SourceError: it cannot be read.
        """
        return Extraction(self.schema, [source], on_error="skip").batches()

    def records(self, phase: Phase) -> Iterator[tuple[str, Record]]:
        """Each record of one kind with the name of its table, identities already merged."""
        for table, records in self.blocks(phase):
            for record in records:
                yield table, record

    def blocks(self, phase: Phase) -> Iterator[tuple[str, Sequence[Record]]]:
        """Records of one type and table at a time, with the table's name."""
        merged = self._merged
        seen = SeenNodes()
        for table, schema in self._tables([phase]):
            known = len(self.problems)
            for source in schema_sources(schema, [phase]):
                if source.spec.table == table.name:
                    self.stated[phase, source.type, source.spec.platform].add(table.source)
            for records in map_blocks(
                schema,
                table,
                phases=[phase],
                on_error=self.on_error,
                problems=self.problems,
                seen=seen,
                times=self.times,
            ):
                if not records:
                    continue
                self._made[phase, records[0].type] += len(records)
                for record in records if phase == "nodes" else ():
                    assert isinstance(record, NodeRecord)
                    self.odd_texts.note(record)
                yield table.name, self._personal.let_in(merged.rewrite_all(records))
            self._warnings.update(dict.fromkeys(table.log.notes))
            if self.max_dropped is not None:
                too_many_left_out(table.name, self.problems[known:], self.max_dropped)

    def warnings(self) -> list[str]:
        """What was read otherwise than the sources or the schema say, and what nobody read, a sentence each."""
        return list(self._warnings)

    def nothing_left(self) -> list[str]:
        """Types of which every row that was read had to be left out, in words; asked when all batches were read."""
        return nothing_left(self.schema, self.problems, self._made)

    def missing_tables(self, held: Collection[str] = ()) -> list[str]:
        """What the sources lack that an import needs, in words: users, items, or interactions of a type.

        Args:
            held: types of which the graph holds some already.
        """
        return self._listed(self._every_table()).problems(held)

    def tables_of_schema(self, phases: Collection[Phase] = PHASES) -> tuple[str, ...]:
        """Names of the tables that the schema reads."""
        return tuple(dict.fromkeys(source.spec.table for source in schema_sources(self.schema, phases)))

    def notes(self) -> list[str]:
        """What is to be said of how the sources were read, a sentence each; complete when all batches were read."""
        notes = [f"{what} are read as {words}" for what, words in self.times.items()]
        return notes + [
            f"{count:,} of {self.odd_texts.nodes:,} nodes have an id or name that reads like {what}, first {first}"
            for what, count, first in self.odd_texts.found()
            if count
        ]

    def _every_table(self) -> Iterator[Table]:
        for source, loader in zip(self.sources, self.loaders, strict=True):
            for table in loader.tables():
                yield replace(table, source=source_name(source))

    def _listed(self, tables: Iterable[Table]) -> SourceTables:
        """All tables of the sources, and what they are in the schema.

        Raises:
            SourceError: the schema reads none of them.
        """
        listed = SourceTables(self.schema, list(tables))
        listed.check()
        self._warnings.update(dict.fromkeys(listed.notes))
        return listed

    def _tables(self, phases: Collection[Phase]) -> Iterator[tuple[Table, GraphSchema]]:
        """Tables that the schema reads for these kinds, each with the schema as these sources fill it.

        Those that have the schema's own name come first and at once: some loaders must read a source to its end to know
        all of its tables.
        """
        coming: Iterable[Table] = self._every_table()
        schema = self.schema
        if any(node.from_interactions or node.from_edges for node in schema.nodes.values()):
            coming = list(coming)
            schema = self._listed(coming).schema
        wanted = {source.spec.table for source in schema_sources(schema, phases)}
        met = []
        for table in coming:
            met.append(table)
            if table.name in wanted:
                yield self._named(table.name, table), schema
        for name, table in self._listed(met).named:
            if name != table.name and name in wanted:
                yield self._named(name, table), schema

    def _named(self, name: str, table: Table) -> Table:
        return replace(table, name=name, batches=self._counted(name, table))

    def _counted(self, name: str, table: Table) -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in table.batches:
            rows += batch.num_rows
            yield batch
        self.rows[name] = rows

    @cached_property
    def _merged(self) -> MergedNodes:
        """Needs all nodes that the schema aligns, so the sources are read an extra time where there are any."""
        types = aligned_types(self.schema)
        records: dict[str, list[NodeRecord]] = defaultdict(list)
        for table, schema in self._tables(["nodes"]) if types else ():
            blocks = map_blocks(schema, table, phases=["nodes"], node_types=types, on_error=self.on_error)
            for record in chain.from_iterable(blocks):
                assert isinstance(record, NodeRecord)
                records[record.type].append(record)
        return MergedNodes(self.schema, records)
