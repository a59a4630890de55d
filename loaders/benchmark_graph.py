"""The knowledge graph of a benchmark folder: which tables it is made of, and whose facts they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from kgrec_loaders.benchmark_columns import first_names, id_column
from kgrec_loaders.benchmark_tables import BenchmarkTables, renamed

ITEM, ENTITY = "Item", "Entity"
"""Node types of the ends of facts: an item of the catalogue, and everything else."""

_TRIPLE = ("head", "relation", "tail")


@dataclass(frozen=True)
class BenchmarkGraph:
    """Facts, and the entities that they and the source speak of.

    Attributes:
        facts: head_type, head, relation, tail_type, tail, without repeats.
        described: entity, name; those that the source has a table of.
        repeated: how many rows repeated an earlier one.
        left_out: tables that were not used, because all they say is which items go together.
    """

    facts: pa.Table
    described: pa.Table
    repeated: int
    left_out: tuple[str, ...]

    @classmethod
    def read(cls, tables: BenchmarkTables, nodes: pa.Table) -> Self:
        """The graph of a folder.

        Args:
            nodes: node, owner; which item's node an entity is. An end that several items own is a fact of each.

        Raises:
            SourceError: a column is missing, or an id is.
        """
        names = ["kg"] if "kg" in tables.files else sorted(name for name in tables.files if name.startswith("kg"))
        read = {name: _triples(tables, name) for name in names}
        left_out = tuple(name for name in names if name != "kg" and _only_between_items(read[name], nodes))
        used = [name for name in names if name not in left_out]
        rows = pa.concat_tables([_empty(_TRIPLE), *(_with_relation_names(tables, name, read[name]) for name in used)])
        single = rows.group_by(list(_TRIPLE), use_threads=False).aggregate([])
        facts = _owned(_owned(single, "head", nodes), "tail", nodes)
        return cls(
            facts=facts.select(["head_type", "head", "relation", "tail_type", "tail"]),
            described=_described(tables, used),
            repeated=len(rows) - len(single),
            left_out=left_out,
        )

    def entities(self, nodes: pa.Table) -> pa.Table:
        """Every entity that is no item's node: entity, name."""
        ends = [self.facts[end].filter(pc.equal(self.facts[f"{end}_type"], ENTITY)) for end in ("head", "tail")]
        ids = self.described["entity"]
        others = ids.filter(pc.invert(pc.is_in(ids, nodes["node"].combine_chunks())))
        every = pc.unique(pa.chunked_array([c for part in (others, *ends) for c in part.chunks], pa.string()))
        return pa.table({"entity": every, "name": self.names(every)})

    def names(self, entities: pa.Array) -> pa.Array:
        """What the source calls entities; null where it has no name."""
        rows = pc.index_in(entities, self.described["entity"].combine_chunks())
        return pc.take(self.described["name"], rows)


def _empty(columns: tuple[str, ...]) -> pa.Table:
    return pa.table({column: pa.array([], pa.string()) for column in columns})


def _triples(tables: BenchmarkTables, name: str) -> pa.Table:
    table, where = tables.read(name), tables.where(name)
    return pa.table({column: id_column(table, column, where) for column in _TRIPLE})


def _only_between_items(triples: pa.Table, nodes: pa.Table) -> bool:
    owned = nodes["node"].combine_chunks()
    between = pc.and_(pc.is_in(triples["head"], owned), pc.is_in(triples["tail"], owned))
    return bool(len(triples) and pc.all(between).as_py())


def _with_relation_names(tables: BenchmarkTables, name: str, triples: pa.Table) -> pa.Table:
    """Triples whose relations are called as the source calls them; a bare number becomes ``relation_NUMBER``."""
    own = tables.names_by_id(f"relations{name.removeprefix('kg')}", "relation")
    words = own or tables.names_by_id("relations", "relation")
    ids = pc.unique(triples["relation"]).to_pylist()
    names = {uid: words.get(uid) or (f"relation_{uid}" if uid.lstrip("-").isdigit() else uid) for uid in ids}
    return triples.set_column(1, "relation", renamed(triples["relation"], names))


def _described(tables: BenchmarkTables, used: list[str]) -> pa.Table:
    """Entities that the source describes (entity, name), the tables of the used graphs first."""
    own = [f"entities{name.removeprefix('kg')}" for name in used]
    parts = [_empty(("entity", "name"))]
    for name in dict.fromkeys([name for name in own if name in tables.files] or ["entities"]):
        table = tables.read(name)
        if table is not None:
            ids = id_column(table, "entity", tables.where(name), unique=True)
            parts.append(pa.table({"entity": ids, "name": first_names(table)}))
    return pa.concat_tables(parts)


def _owned(facts: pa.Table, end: str, nodes: pa.Table) -> pa.Table:
    """Replace the entity at one end by the items whose node it is, and say the type of the end."""
    numbered = facts.append_column("row", pa.array(range(len(facts)), pa.int64()))
    joined = numbered.join(nodes, keys=end, right_keys="node", join_type="left outer").sort_by(
        [("row", "ascending"), ("owner", "ascending")]
    )
    types = pc.if_else(pc.is_valid(joined["owner"]), ITEM, ENTITY)
    ends = pc.coalesce(joined["owner"], joined[end])
    joined = joined.set_column(joined.column_names.index(end), end, ends)
    return joined.append_column(f"{end}_type", types).drop_columns(["row", "owner"])
