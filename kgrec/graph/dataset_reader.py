"""The store as arrays: what learning, measuring and answering start from."""

from __future__ import annotations

from typing import Any

import numpy as np

from kgrec.data.dataset import FOR, Dataset, Facts, Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph.cypher.schema_names import fact_types
from kgrec.graph.display_titles import display_title
from kgrec.graph.distinct_names import distinct_names
from kgrec.graph.polarity import with_polarity
from kgrec.graph.store import GraphExporter, schema_of
from kgrec.schema.model import GraphSchema
from kgrec.schema.naming import kind_of_names, names_in_languages


def read_dataset(store: GraphExporter) -> Dataset:
    """A whole graph as a data set.

    Items come first among the nodes, then the other node types in the schema's order, each by uid; users are no nodes
    here, and facts about users are left out. Relations are called ``EDGE_TYPE``, or ``EDGE_TYPE/finer``. A node's text
    joins its embedded properties with ``. ``, and lists with ``, ``. Titles are written as people say them,
    and items of one name get names that differ, in every language.

    Raises:
        GraphError: the store is empty.
    """
    schema = schema_of(store)
    users = Vocabulary(uid for batch in store.export_nodes(schema.user_type) for uid in batch["uid"].to_pylist())
    node_ids: list[str] = []
    names: list[str] = []
    texts: list[str] = []
    items: list[str] = []
    others = [name for name in schema.nodes if name not in (schema.item_type, schema.user_type)]
    properties = {name: list[Any]() for name in schema.nodes[schema.item_type].properties if name != "name"}
    languages = {type: names_in_languages(schema, type) for type in (schema.item_type, *others)}
    names_by_language: dict[str, list[str]] = {code: [] for found in languages.values() for code in found}
    for type in (schema.item_type, *others):
        embedded = schema.embedded_properties(type)
        for batch in store.export_nodes(type):
            columns = batch.to_pydict()
            node_ids += [f"{type}:{uid}" for uid in columns["uid"]]
            titled = kind_of_names(schema, type) == "titles"
            shown = display_title if titled else str
            names += map(shown, columns["name"])
            for code, of_language in names_by_language.items():
                own = columns.get(languages[type].get(code, ""), [None] * batch.num_rows)
                of_language += [shown(_first(name)) for name in own]
            for name in properties if type == schema.item_type else ():
                properties[name] += columns[name]
            cells = [columns[name] for name in embedded]
            texts += [_text(row) for row in zip(*cells, strict=True)] if cells else [""] * batch.num_rows
            if type == schema.item_type:
                items += columns["uid"]
    item_ids, nodes = Vocabulary(items), Vocabulary(node_ids)
    names[: len(items)] = distinct_names(names[: len(items)], items, properties)
    for of_language in names_by_language.values():
        of_items = [name or names[row] for row, name in enumerate(of_language[: len(items)])]
        distinct = distinct_names(of_items, items, properties)
        of_language[: len(items)] = [name if of_language[row] else "" for row, name in enumerate(distinct)]
    behaviour = read_interactions(store, schema, users, item_ids)
    speaks = behaviour.says == FOR
    return Dataset(
        users=users,
        items=item_ids,
        nodes=nodes,
        interactions=behaviour.select(speaks),
        facts=_facts(store, schema, nodes),
        names=tuple(names),
        texts=tuple(texts),
        against=behaviour.select(~speaks),
        weights_count=True,
        names_by_language={code: tuple(of_language) for code, of_language in names_by_language.items()},
    )


def _first(value: Any) -> str:
    """A name as it is read, of several the first one."""
    return str((value[0] if isinstance(value, list) else value) or "") if value else ""


def _text(values: tuple[Any, ...]) -> str:
    parts = (", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in values if value)
    return ". ".join(part for part in parts if part)


def read_interactions(store: GraphExporter, schema: GraphSchema, users: Vocabulary, items: Vocabulary) -> Interactions:
    """All interactions in a store that say anything of their items, each with what it says.

    The row is -1 for a user or an item that a vocabulary does not have.
    """
    columns: dict[str, list[Any]] = {n: [] for n in ("user", "item", "kind", "platform", "time", "weight")}
    types: list[int] = []
    for number, type in enumerate(schema.interactions):
        for batch in store.export_interactions(type):
            types += [number] * batch.num_rows
            for name, values in batch.to_pydict().items():
                columns[name] += values
    kinds, platforms = (tuple(sorted(set(columns[name]))) for name in ("kind", "platform"))
    everything = Interactions(
        user=users.rows(columns["user"]),
        item=items.rows(columns["item"]),
        time=np.array([np.nan if t is None else t for t in columns["time"]], np.float64),
        weight=np.array(columns["weight"], np.float32),
        kind=Vocabulary(kinds).rows(columns["kind"]),
        platform=Vocabulary(platforms).rows(columns["platform"]),
        kinds=kinds,
        platforms=platforms,
        types=tuple(schema.interactions),
        type=np.array(types, np.int64),
    )
    return with_polarity(everything, schema)


def _facts(store: GraphExporter, schema: GraphSchema, nodes: Vocabulary) -> Facts:
    heads: list[str] = []
    relations: list[str] = []
    tails: list[str] = []
    for type in fact_types(schema):
        for batch in store.export_edges(type):
            c = batch.to_pydict()
            heads += [f"{t}:{uid}" for t, uid in zip(c["source_type"], c["source"], strict=True)]
            tails += [f"{t}:{uid}" for t, uid in zip(c["target_type"], c["target"], strict=True)]
            relations += [type if relation == type else f"{type}/{relation}" for relation in c["relation"]]
    known = tuple(sorted(set(relations)))
    return Facts.unique(nodes.rows(heads), Vocabulary(known).rows(relations), nodes.rows(tails), known)
