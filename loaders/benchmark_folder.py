"""BenchmarkFolder: a published data set with its authors' split, as Arrow tables.

The folder holds tables as Parquet (or any other form that the tables loader reads):

- ``interactions_train`` and ``interactions_test``, ``interactions_valid`` where the authors have one, or only
  ``interactions_all``: user, item[, rating, timestamp, behaviour]; any other column is a context. A test set without
  the behaviours that train has is about the last one that ``behaviours`` lists: a purchase comes after its view.
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

from kgrec.errors import SourceError
from kgrec_loaders.benchmark_columns import described, first_names, id_column, number_column
from kgrec_loaders.source_files import files_of, form_of, located, stem_of
from kgrec_loaders.tables import FORMS, read_parts

ITEM, ENTITY = "Item", "Entity"
"""Node types of the ends of facts: an item of the catalogue, and everything else."""

DEFAULT_KIND = "interaction"
"""Kind of an interaction whose behaviour the source does not say."""

_EXPECTED = "interactions_train and interactions_test, or interactions_all (.parquet, .csv, .tsv or .jsonl)"


@dataclass(frozen=True)
class BenchmarkFolder:
    """A data set as Arrow tables; ids are strings.

    Attributes:
        path: the folder.
        train, valid, test: the authors' split, or None; columns user, item, time (float64, null where unknown), weight
            (float64, the rating, 1.0 without one), kind, ``label`` (int8) for click labels, and every context column
            as ``context_NAME``.
        all: the same, for a data set that comes without a split; None beside a split.
        facts: head_type, head, relation, tail_type, tail, without repeats.
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
        """Read a folder.

        Raises:
            SourceError: no such folder, a missing table or column, an empty id, a rating or time that is no number.
        """
        source = _Source(located(str(location), f"a folder with {_EXPECTED}"))
        parts = _interactions(source)
        interacted = pa.concat_tables([part.select(["user", "item"]) for part in parts.values()])
        items, nodes = _items(source, interacted["item"])
        graph, repeated, left_out, suffixes = _graph(source, nodes)
        named = _named_entities(source, suffixes)
        return cls(
            path=source.path,
            train=parts.get("train"),
            valid=parts.get("valid"),
            test=parts.get("test"),
            all=parts.get("all"),
            facts=graph,
            users=_users(source, interacted["user"]),
            items=_with_entity_names(items, nodes, named),
            entities=_entities(graph, nodes, named),
            labels="label" in next(iter(parts.values())).column_names,
            repeated_facts=repeated,
            left_out=left_out,
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
        """How many user-item pairs stand in more than one split; anything above 0 flatters the measurement."""
        pairs = pa.concat_tables(
            [
                table.select(["user", "item"]).group_by(["user", "item"]).aggregate([])
                for table in self.splits().values()
            ]
        )
        counted = pairs.group_by(["user", "item"]).aggregate([([], "count_all")])
        return int(pc.sum(pc.greater(counted["count_all"], 1)).as_py() or 0)


class _Source:
    """The tables of a folder by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_dir():
            raise self.missing("a file", f"a folder with {_EXPECTED}")
        self.files = {stem_of(p): p for p in reversed(files_of(path)) if p.is_file() and form_of(p, FORMS)}

    def read(self, name: str) -> pa.Table | None:
        """A table, None where the folder has none of this name."""
        path = self.files.get(name)
        if path is None:
            return None
        batches = list(read_parts([path], form_of(path, FORMS) or ""))
        return pa.Table.from_batches(batches)

    def where(self, name: str) -> str:
        return f"benchmark:{self.files[name]}"

    def missing(self, found: str, expected: str) -> SourceError:
        return SourceError(
            "the folder is not a benchmark data set.",
            where=str(self.path),
            found=found,
            expected=expected,
            next="name the tables like this, or import the data with a graph schema of its own",
        )


def _interactions(source: _Source) -> dict[str, pa.Table]:
    names = ["train", "valid", "test"]
    if not {"interactions_train", "interactions_test"} <= source.files.keys():
        if "interactions_all" not in source.files:
            raise source.missing(", ".join(sorted(source.files)) or "no table", _EXPECTED)
        names = ["all"]
    kinds = _names_by_id(source, "behaviours", "behaviour")
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
        kind = _renamed(id_column(table, "behaviour", where, required=False), kinds)
    columns["kind"] = pc.fill_null(kind, usual)
    known = {"user", "item", "timestamp", "rating", "behaviour"}
    columns.update({f"context_{name}": table[name] for name in table.column_names if name not in known})
    return pa.table(columns)


def _names_by_id(source: _Source, name: str, column: str) -> dict[str, str]:
    table = source.read(name)
    if table is None:
        return {}
    names = first_names(table).to_pylist()
    ids = id_column(table, column, source.where(name)).to_pylist()
    return {uid: label for uid, label in zip(ids, names, strict=True) if label}


def _renamed(ids: pa.ChunkedArray, names: dict[str, str]) -> pa.ChunkedArray:
    """Every id replaced by its name; an id without one stays."""
    rows = pc.index_in(ids, pa.array(list(names), pa.string()))
    return pc.coalesce(pc.take(pa.array(list(names.values()), pa.string()), rows), ids)


def _with_missing(ids: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.unique(pa.chunked_array([*ids.chunks, *others.chunks], pa.string()))


def _items(source: _Source, interacted: pa.ChunkedArray) -> tuple[pa.Table, pa.Table]:
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


def _graph(source: _Source, nodes: pa.Table) -> tuple[pa.Table, int, tuple[str, ...], list[str]]:
    """Facts, number of repeats, tables left out, and the suffixes of the tables that were used."""
    tables = ["kg"] if "kg" in source.files else sorted(name for name in source.files if name.startswith("kg"))
    used, left_out = [], []
    for name in tables:
        table = source.read(name)
        triples = pa.table({c: id_column(table, c, source.where(name)) for c in ("head", "relation", "tail")})
        owned = nodes["node"].combine_chunks()
        between = pc.and_(pc.is_in(triples["head"], owned), pc.is_in(triples["tail"], owned))
        if name != "kg" and len(triples) and pc.all(between).as_py():
            left_out.append(name)
            continue
        suffix = name.removeprefix("kg")
        words = _names_by_id(source, f"relations{suffix}", "relation") or _names_by_id(source, "relations", "relation")
        numbers = pc.unique(triples["relation"]).to_pylist()
        names = {n: words.get(n) or (f"relation_{n}" if n.lstrip("-").isdigit() else n) for n in numbers}
        relation = _renamed(triples["relation"], names)
        used.append((suffix, triples.set_column(1, "relation", relation)))
    empty = pa.table({c: pa.array([], pa.string()) for c in ("head", "relation", "tail")})
    rows = pa.concat_tables([empty, *(triples for _, triples in used)])
    single = rows.group_by(["head", "relation", "tail"], use_threads=False).aggregate([])
    facts = _owned(_owned(single, "head", nodes), "tail", nodes)
    facts = facts.select(["head_type", "head", "relation", "tail_type", "tail"])
    return facts, len(rows) - len(single), tuple(left_out), [suffix for suffix, _ in used]


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


def _named_entities(source: _Source, suffixes: list[str]) -> pa.Table:
    """Entities that the source describes (entity, name), the tables of the used graphs first."""
    names = [f"entities{suffix}" for suffix in suffixes if f"entities{suffix}" in source.files]
    parts = [pa.table({"entity": pa.array([], pa.string()), "name": pa.array([], pa.string())})]
    for name in dict.fromkeys(names or ["entities"]):
        table = source.read(name)
        if table is not None:
            ids = id_column(table, "entity", source.where(name), unique=True)
            parts.append(pa.table({"entity": ids, "name": first_names(table)}))
    return pa.concat_tables(parts)


def _entities(facts: pa.Table, nodes: pa.Table, named: pa.Table) -> pa.Table:
    ends = [facts[end].filter(pc.equal(facts[f"{end}_type"], ENTITY)) for end in ("head", "tail")]
    described_ids = named["entity"].filter(pc.invert(pc.is_in(named["entity"], nodes["node"].combine_chunks())))
    ids = pc.unique(pa.chunked_array([c for part in (described_ids, *ends) for c in part.chunks], pa.string()))
    rows = pc.index_in(ids, named["entity"].combine_chunks())
    return pa.table({"entity": ids, "name": pc.take(named["name"], rows)})


def _with_entity_names(items: pa.Table, nodes: pa.Table, named: pa.Table) -> pa.Table:
    """Give an item without a name the name of its node."""
    node = pc.take(nodes["node"], pc.index_in(items["item"], nodes["owner"].combine_chunks()))
    name = pc.take(named["name"], pc.index_in(node, named["entity"].combine_chunks()))
    return items.set_column(1, "name", pc.coalesce(items["name"], name))


def _users(source: _Source, interacted: pa.ChunkedArray) -> pa.Table:
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
