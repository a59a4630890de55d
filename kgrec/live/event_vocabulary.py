"""What events may name: types, kinds, platforms and items of a model, or of a graph that none was learned from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.time_units import EARLIEST
from kgrec.graph.store import GraphStore, schema_of
from kgrec.schema.model import GraphSchema

_LOOKED_AT = 1_000


@dataclass(frozen=True)
class EventVocabulary:
    """Names that an event may have, and what it means where it leaves one out.

    Attributes:
        schema: of the graph; None where there is none.
        kinds: those of the data; where there is a schema, its own count.
        platforms: those of the data; those of the schema count besides.
        usual: kind and platform of an event that names none; None where it has to.
        cutoff: the last moment of the data: unix seconds, or a position; None where unknown.
        has_item: whether an item is known.
        pseudonym_key: what tells the key of the graph's pseudonyms from others; None where there are none, or no graph
            can be asked.
    """

    schema: GraphSchema | None
    kinds: Collection[str]
    platforms: Collection[str]
    usual: tuple[str | None, str | None]
    cutoff: float | None
    has_item: Callable[[str], bool]
    pseudonym_key: str | None = None

    @classmethod
    def of_bundle(
        cls,
        bundle: Bundle,
        has_item: Callable[[str], bool] = lambda item: False,
        pseudonym_key: str | None = None,
    ) -> EventVocabulary:
        """Names of the data that a model was learned from; the most frequent kind and platform are the usual ones.

        Args:
            has_item: whether the graph has an item that the bundle does not have.
            pseudonym_key: of the graph.
        """
        past, manifest = bundle.interactions, bundle.manifest
        return cls(
            manifest.schema,
            past.kinds,
            past.platforms,
            bundle.usual,
            manifest.data_cutoff,
            lambda item: bundle.items.row(item) is not None or has_item(item),
            pseudonym_key,
        )

    @classmethod
    def of_graph(cls, store: GraphStore) -> EventVocabulary:
        """Names of a graph; a kind or platform is usual where its schema has, or takes behaviour from, one only.

        Raises:
            GraphError: the store is empty, or cannot be asked.
        """
        schema = schema_of(store)
        kinds = {kind for one in schema.interactions.values() for kind in one.kinds}
        platforms = tuple(schema.platforms)
        sources = {source.platform for one in schema.interactions.values() for source in one.sources}
        found = set[str]()  # a server is not asked about the same item for each event

        def has_item(item: str) -> bool:
            if item not in found and store.node(schema.item_type, item) is not None:
                found.add(item)
            return item in found

        return cls(
            schema,
            kinds,
            platforms,
            (_only(kinds), _only(sources or platforms)),
            max(_times(store, schema), default=None),
            has_item,
            store.pseudonym_key,
        )


def _only(names: Collection[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None


def _times(store: GraphStore, schema: GraphSchema) -> Iterator[float]:
    """Some times of each type, which tell whether times are moments or positions."""
    for type in schema.interactions:
        batch = next(store.export_interactions(type, _LOOKED_AT), None)
        if batch is not None:
            times = batch.column("time").to_numpy(zero_copy_only=False).astype(np.float64)
            yield from times[~np.isnan(times)].tolist()


def are_moments(cutoff: float | None) -> bool | None:
    """Whether times of data with this last one are moments; they are positions otherwise. None where unknown."""
    return None if cutoff is None else cutoff >= EARLIEST
