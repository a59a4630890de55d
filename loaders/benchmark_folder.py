"""BenchmarkFolder: a published data set with its authors' split, as Arrow tables.

The folder holds tables as Parquet (or any other form that the tables loader reads):

- ``interactions_train`` and ``interactions_test``, ``interactions_valid`` where the authors have one, or only
  ``interactions_all``: user, item[, rating, timestamp, behaviour]; any other column is a context, such as ``platform``,
  where each interaction was made. A test set without the behaviours that train has is about the last one that
  ``behaviours`` lists: a purchase comes after its view.
- ``kg``: head, relation, tail. Where it is missing, every other table whose name starts with ``kg``, except those whose
  ends are all items: such a table says which items go together, which is what interactions say, so it is left out.
- ``items``, ``users``, ``entities``, ``relations``, ``behaviours``: an id, names and text. A table ``kg_x`` uses
  ``relations_x`` and ``entities_x`` where they exist.

An item's node is the entity of the same number, unless ``items`` has a column ``entity`` that names it. Items that
share an entity share its facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kgrec_loaders.benchmark_columns import described, first_names, id_column, number_column
from kgrec_loaders.benchmark_graph import BenchmarkGraph
from kgrec_loaders.benchmark_tables import EXPECTED, BenchmarkTables, renamed
from kgrec_loaders.source_files import located

DEFAULT_KIND = "interaction"
"""Kind of an interaction whose behaviour the source does not say."""


@dataclass(frozen=True)
class BenchmarkFolder:
    """A data set as Arrow tables; ids are strings.

    Attributes:
        path: the folder.
        train, valid, test: the authors' split, or None; columns user, item, time (float64, null where unknown), weight
            (float64, the rating, 1.0 without one), kind, ``label`` (int8) for click labels, and every context column
            as ``context_NAME``.
        all: the same, for a data set that comes without a split; None beside a split.
        facts: head_type, head, relation, tail_type, tail, without repeats; see :class:`BenchmarkGraph`.
        users: user, text, and the source's own columns of text.
        items: item, name, text; every item of the catalogue and of the interactions.
        entities: entity, name; every entity that is no item.
        labels: whether the rating is a click label: 1 for a click and 0 for a sampled non-click, both present.
        repeated_facts: how many rows of the graph repeated an earlier one.
        left_out: tables of the graph that were not used, see the module.
    """

    path: Path
    train: pa.Table | None
    valid: pa.Table | None
    test: pa.Table | None
    all: pa.Table | None
    facts: pa.Table
    users: pa.Table
    items: pa.Table
    entities: pa.Table
    labels: bool
    repeated_facts: int
    left_out: tuple[str, ...]

    @classmethod
    def read(cls, location: str | Path) -> BenchmarkFolder:
        """The data set in a folder.

        Raises:
            SourceError: no such folder, a missing table or column, an empty id, a rating or time that is no number.
        """
        source = BenchmarkTables(located(str(location), f"a folder with {EXPECTED}"))
        parts = _interactions(source)
        interacted = pa.concat_tables([part.select(["user", "item"]) for part in parts.values()])
        items, nodes = _items(source, interacted["item"])
        graph = BenchmarkGraph.read(source, nodes)
        return cls(
            path=source.path,
            train=parts.get("train"),
            valid=parts.get("valid"),
            test=parts.get("test"),
            all=parts.get("all"),
            facts=graph.facts,
            users=_users(source, interacted["user"]),
            items=_with_entity_names(items, nodes, graph),
            entities=graph.entities(nodes),
            labels="label" in next(iter(parts.values())).column_names,
            repeated_facts=graph.repeated,
            left_out=graph.left_out,
        )

    def __repr__(self) -> str:
        parts = [f"{len(table):,} {split}" for split, table in self.splits().items()]
        return (
            f"BenchmarkFolder({self.path.name}: {len(self.users):,} users, {len(self.items):,} items, "
            f"{' + '.join(parts)} interactions, {len(self.facts):,} facts)"
        )

    def splits(self) -> dict[str, pa.Table]:
        """The interaction tables that there are, by split: train, valid, test, or all."""
        named = {"train": self.train, "valid": self.valid, "test": self.test, "all": self.all}
        return {split: table for split, table in named.items() if table is not None}

    def overlap(self) -> int:
        """How many user-item pairs stand in more than one split; anything above 0 flatters the measurement.

        A pair of another kind is another pair: who bought an item may have viewed it before.
        """
        pair = ["user", "item", "kind"]
        pairs = pa.concat_tables([table.select(pair).group_by(pair).aggregate([]) for table in self.splits().values()])
        counted = pairs.group_by(pair).aggregate([([], "count_all")])
        return int(pc.sum(pc.greater(counted["count_all"], 1)).as_py() or 0)


def _interactions(source: BenchmarkTables) -> dict[str, pa.Table]:
    names = ["train", "valid", "test"]
    if not {"interactions_train", "interactions_test"} <= source.files.keys():
        if "interactions_all" not in source.files:
            raise source.missing(", ".join(sorted(source.files)) or "no table", EXPECTED)
        names = ["all"]
    kinds = source.names_by_id("behaviours", "behaviour")
    # Of behaviours that lead up to one another the last one is what is to be predicted: a test set need not say so.
    goal = list(kinds.values())[-1] if kinds else DEFAULT_KIND
    parts: dict[str, pa.Table] = {}
    for split in names:
        name = f"interactions_{split}"
        table = source.read(name)
        if table is not None:
            parts[split] = _interaction_columns(table, source.where(name), kinds, goal if parts else DEFAULT_KIND)
    ratings = pc.unique(pa.chunked_array([c for t in parts.values() for c in t["weight"].chunks], pa.float64()))
    if set(ratings.to_pylist()) == {0.0, 1.0}:
        for split, part in parts.items():
            labelled = part.append_column("label", part["weight"].cast(pa.int8()))
            ones = pa.repeat(1.0, len(part))
            parts[split] = labelled.set_column(labelled.column_names.index("weight"), "weight", ones)
    return parts


def _interaction_columns(table: pa.Table, where: str, kinds: dict[str, str], usual: str) -> pa.Table:
    n = len(table)
    columns = {"user": id_column(table, "user", where), "item": id_column(table, "item", where)}
    present = set(table.column_names)
    time = number_column(table, "timestamp", where) if "timestamp" in present else pa.nulls(n, pa.float64())
    weight = number_column(table, "rating", where) if "rating" in present else pa.nulls(n, pa.float64())
    columns["time"], columns["weight"] = time, pc.fill_null(weight, 1.0)
    kind = pa.chunked_array([pa.nulls(n, pa.string())])
    if "behaviour" in present:
        kind = renamed(id_column(table, "behaviour", where, required=False), kinds)
    columns["kind"] = pc.fill_null(kind, usual)
    known = {"user", "item", "timestamp", "rating", "behaviour"}
    columns.update({f"context_{name}": table[name] for name in table.column_names if name not in known})
    return pa.table(columns)


def _with_missing(ids: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.unique(pa.chunked_array([*ids.chunks, *others.chunks], pa.string()))


def _items(source: BenchmarkTables, interacted: pa.ChunkedArray) -> tuple[pa.Table, pa.Table]:
    """Items (item, name, text), and the node of each (node, owner)."""
    table = source.read("items")
    if table is None:
        items = _with_missing(pa.chunked_array([], pa.string()), interacted)
        nothing = pa.nulls(len(items), pa.string())
        return pa.table({"item": items, "name": nothing, "text": nothing}), pa.table({"node": items, "owner": items})
    where = source.where("items")
    ids = id_column(table, "item", where, unique=True)
    items = _with_missing(ids, interacted)
    rows = pc.index_in(items, ids.combine_chunks())
    names = first_names(table)
    texts = described(table, names, leave={"item", "entity"})
    known = pa.table({"item": items, "name": pc.take(names, rows), "text": pc.take(texts, rows)})
    if "entity" not in table.column_names:
        return known, pa.table({"node": items, "owner": items})
    nodes = pa.table({"node": id_column(table, "entity", where, required=False), "owner": ids})
    return known, nodes.filter(pc.is_valid(nodes["node"]))


def _with_entity_names(items: pa.Table, nodes: pa.Table, graph: BenchmarkGraph) -> pa.Table:
    """Give an item without a name the name of its node."""
    node = pc.take(nodes["node"], pc.index_in(items["item"], nodes["owner"].combine_chunks()))
    return items.set_column(1, "name", pc.coalesce(items["name"], graph.names(node)))


def _users(source: BenchmarkTables, interacted: pa.ChunkedArray) -> pa.Table:
    table = source.read("users")
    if table is None:
        users = _with_missing(pa.chunked_array([], pa.string()), interacted)
        return pa.table({"user": users, "text": pa.nulls(len(users), pa.string())})
    ids = id_column(table, "user", source.where("users"), unique=True)
    users = _with_missing(ids, interacted)
    rows = pc.index_in(users, ids.combine_chunks())
    texts = described(table, pa.chunked_array([pa.nulls(len(table), pa.string())]), leave={"user"})
    own = {
        name: pc.take(table[name], rows)
        for name in table.column_names
        if name not in ("user", "text")
        and (pa.types.is_string(table[name].type) or pa.types.is_large_string(table[name].type))
    }
    return pa.table({"user": users, "text": pc.take(texts, rows), **own})
