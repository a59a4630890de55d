"""A benchmark folder as arrays: the graph, the interactions of each part, and the split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kgrec.data.context_columns import ContextColumn
from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.data.splits import Split, hold_out, hold_out_last, random_split
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import SourceError
from kgrec_loaders.benchmark_folder import BenchmarkFolder
from kgrec_loaders.benchmark_graph import ITEM

_CONTEXT = "context_"
"""What the columns of a part begin with that say more of the circumstances."""
_PLATFORM = f"{_CONTEXT}platform"
"""The one of them that says on which platform each interaction was made."""


@dataclass(frozen=True)
class PublishedSet:
    """A published data set: a graph and interactions with the authors' split.

    Attributes:
        name: of the folder.
        dataset: the graph, with the interactions of all parts.
        parts: interactions of ``train``, ``test`` and, where the authors have one, ``valid``; or ``all`` of them.
        labels: click labels (1 clicked, 0 not) of each part, ``(n,)``; None where ratings are no labels.
        same_items: rows of items that the set states to be one product, ``(pairs, 2)``; None where it states none.
    """

    name: str
    dataset: Dataset
    parts: dict[str, Interactions]
    labels: dict[str, IntArray] | None = None
    same_items: IntArray | None = None

    @classmethod
    def read(cls, folder: str | Path) -> PublishedSet:
        """The set that lies in a folder.

        Raises:
            SourceError: the folder has no such tables, or the parts of its split share pairs.
        """
        tables = BenchmarkFolder.read(folder)
        if overlap := tables.overlap():
            raise SourceError(
                "the parts of the split share pairs.",
                where=str(folder),
                found=f"{overlap} pairs",
                expected="none",
                next="keep each in one part only",
            )
        dataset, parts = to_dataset(tables)
        labels = None
        if tables.labels:
            labels = {name: np.asarray(table["label"].to_numpy(), np.int64) for name, table in tables.splits().items()}
        return cls(tables.path.name, dataset, parts, labels, _same_items(tables.path, dataset.items))

    def with_clicks_only(self) -> Dataset:
        """The graph with all interactions or, where they are labelled, with those that are clicks."""
        if self.labels is None:
            return self.dataset
        clicked = np.concatenate(list(self.labels.values())) == 1
        return self.dataset.with_interactions(self.dataset.interactions.select(clicked))


def _same_items(folder: Path, items: Vocabulary) -> IntArray | None:
    """Pairs in ``same_items.parquet``, whose two columns are ids of items."""
    path = folder / "same_items.parquet"
    if not path.exists():
        return None
    table = pq.read_table(path)
    columns = [_rows(items, column) for column in table.columns[:2]]
    return np.column_stack(columns)


def sizes_of(dataset: Dataset, **parts: int) -> dict[str, int]:
    """Number of users, items and facts, and whatever else is given."""
    return {"users": len(dataset.users), "items": len(dataset.items), "facts": len(dataset.facts), **parts}


def to_dataset(tables: BenchmarkFolder) -> tuple[Dataset, dict[str, Interactions]]:
    """The folder as arrays: the graph with all interactions, and the interactions of each part of its split."""
    splits = tables.splits()
    users, items = Vocabulary(tables.users["user"].to_pylist()), Vocabulary(tables.items["item"].to_pylist())
    kinds = tuple(sorted({str(kind) for part in splits.values() for kind in pc.unique(part["kind"]).to_pylist()}))
    facts = tables.facts
    ends = [
        pc.binary_join_element_wise(facts[f"{end}_type"].cast(pa.string()), facts[end].cast(pa.string()), ":")
        for end in ("head", "tail")
    ]
    item_nodes = [f"{ITEM}:{uid}" for uid in items]
    known = set(item_nodes)
    entities = tables.entities.to_pydict()
    named = dict(zip(entities["entity"], entities["name"], strict=True))
    others = sorted({node for end in ends for node in pc.unique(end).to_pylist()} - known)
    nodes = Vocabulary([*item_nodes, *others])
    relations = tuple(sorted(map(str, pc.unique(facts["relation"]).to_pylist())))
    head, tail = (_rows(nodes, end) for end in ends)
    relation = _rows(Vocabulary(relations), facts["relation"])
    real = head != tail
    names = [name or uid for name, uid in zip(tables.items["name"].to_pylist(), items, strict=True)]
    texts = [text or "" for text in tables.items["text"].to_pylist()]
    other_ids = [node.partition(":")[2] for node in others]
    platforms = _platforms(splits)
    parts = {name: _interactions(part, users, items, kinds, platforms) for name, part in splits.items()}
    whole = None
    for part in parts.values():
        whole = part if whole is None else whole.joined(part)
    assert whole is not None  # BenchmarkFolder.read refuses a folder without interactions
    dataset = Dataset(
        users=users,
        items=items,
        nodes=nodes,
        interactions=whole,
        facts=Facts.unique(head[real], relation[real], tail[real], relations),
        names=(*names, *(named.get(uid) or uid for uid in other_ids)),
        texts=(*texts, *([""] * len(others))),
    )
    return dataset, parts


def _rows(vocabulary: Vocabulary, column: pa.ChunkedArray) -> IntArray:
    """Rows of a column of ids, by way of its few distinct values."""
    encoded = pc.dictionary_encode(column.cast(pa.string())).combine_chunks()
    rows: Array = vocabulary.rows(encoded.dictionary.to_pylist())[encoded.indices.to_numpy()]
    return rows


def _platforms(splits: dict[str, pa.Table]) -> tuple[str, ...]:
    """The platforms that any part names, in the order of their names; one without a name where no part names any."""
    named = [part[_PLATFORM] for part in splits.values() if _PLATFORM in part.column_names]
    found = {str(name or "") for column in named for name in pc.unique(column).to_pylist()}
    return tuple(sorted(found)) or ("",)


def _interactions(
    table: pa.Table, users: Vocabulary, items: Vocabulary, kinds: tuple[str, ...], platforms: tuple[str, ...]
) -> Interactions:
    n = table.num_rows
    platform = pa.chunked_array([pa.repeat("", n)])
    if _PLATFORM in table.column_names:
        platform = pc.fill_null(table[_PLATFORM].cast(pa.string()), "")
    others = [name for name in table.column_names if name.startswith(_CONTEXT) and name != _PLATFORM]
    time = np.asarray(table["time"].cast(pa.float64()).fill_null(float("nan")).to_numpy(), np.float64)
    weight = np.asarray(table["weight"].cast(pa.float32()).fill_null(1.0).to_numpy(), np.float32)
    return Interactions(
        user=_rows(users, table["user"]),
        item=_rows(items, table["item"]),
        time=time,
        weight=weight,
        kind=_rows(Vocabulary(kinds), table["kind"]),
        platform=_rows(Vocabulary(platforms), platform),
        kinds=kinds,
        platforms=platforms,
        context=tuple(_circumstances(name.removeprefix(_CONTEXT), table[name]) for name in others),
    )


def _circumstances(name: str, column: pa.ChunkedArray) -> ContextColumn:
    """A column of circumstances as texts, an empty one unknown."""
    return ContextColumn.of_texts(name, pc.fill_null(column.cast(pa.string()), "").to_pylist())


def split_of(parts: dict[str, Interactions], seed: int) -> Split:
    """The authors' split of a folder, as far as there is one."""
    if "train" not in parts or "test" not in parts:
        return random_split(parts["all"], valid=0.2, test=0.2, seed=seed)
    if "valid" in parts:
        return Split(parts["train"], parts["valid"], parts["test"])
    whole, test = parts["train"], parts["test"]
    kinds, wanted = whole.kinds_present, test.kinds_present
    # Where only one of several kinds is asked for, settings are chosen on that one too.
    train, valid = hold_out_last(whole, wanted, seed) if wanted < kinds else hold_out(whole, seed=seed)
    return Split(train, valid, test)
