"""Suggested items: those of two platforms that may be one product, with what speaks for it; nothing is merged by it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kgrec.data.dataset import FOR
from kgrec.data.same_items import LEAST_SHARE, taken_by_the_same
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph.dataset_reader import read_interactions
from kgrec.graph.person_links import read_persons
from kgrec.graph.store import GraphExporter, schema_of


@dataclass(frozen=True)
class SuggestedItems:
    """Two items that may be one product.

    Attributes:
        item, other: ids, in their order.
        names: of both.
        score: from 0 to 1: of the people who took either, the share that took both.
        both, either: how many people that is.
    """

    item: str
    other: str
    names: tuple[str, str]
    score: float
    both: int
    either: int

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def suggest_same_items(store: GraphExporter, most: int = 20, least: float = LEAST_SHARE) -> list[SuggestedItems]:
    """Pairs of items on different platforms that may be one product, the likeliest first.

    People are those whom links make of accounts: without links, nobody is seen on two platforms.

    Args:
        most: how many.
        least: the smallest score.
    """
    schema, persons = schema_of(store), read_persons(store)
    accounts = [uid for batch in store.export_nodes(schema.user_type) for uid in batch["uid"].to_pylist()]
    users = Vocabulary(dict.fromkeys(map(persons.person_of, accounts)))
    names: dict[str, str] = {}
    for batch in store.export_nodes(schema.item_type):
        names |= dict(zip(batch["uid"].to_pylist(), batch["name"].to_pylist(), strict=True))
    items = Vocabulary(names)
    done = read_interactions(store, schema, users, items, persons)
    done = done.select((done.says == FOR) & (done.user >= 0) & (done.item >= 0))
    pairs = taken_by_the_same(done, len(users), len(items), least_share=least).tocoo()
    taken = done.matrix(len(users), len(items)).tocsc()
    found = []
    for row, column, score in zip(pairs.row.tolist(), pairs.col.tolist(), pairs.data.tolist(), strict=True):
        item, other = items[row], items[column]
        if item < other:
            both = int(taken[:, row].multiply(taken[:, column]).nnz)
            either = int(taken[:, row].nnz + taken[:, column].nnz) - both
            found.append(SuggestedItems(item, other, (names[item], names[other]), score, both, either))
    return sorted(found, key=lambda one: (-one.score, -one.both, one.item, one.other))[:most]
