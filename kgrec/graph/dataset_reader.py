"""The store as arrays: what learning, measuring and answering start from."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.context_columns import columns_of
from kgrec.data.dataset import FOR, Dataset, IntArray, Interactions
from kgrec.data.persons import Persons
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph.cypher.schema_names import fact_types
from kgrec.graph.display_titles import display_title
from kgrec.graph.distinct_names import distinct_names
from kgrec.graph.person_links import read_persons
from kgrec.graph.polarity import with_polarity
from kgrec.graph.store import GraphExporter, schema_of
from kgrec.graph.stores.arrow_export import EDGE_COLUMNS, INTERACTION_COLUMNS
from kgrec.schema.meanings import VALIDITY
from kgrec.schema.model import GraphSchema
from kgrec.schema.naming import kind_of_names, names_in_languages


def read_dataset(store: GraphExporter, *, every_fact: bool = False) -> Dataset:
    """A whole graph as a data set, with the facts that hold.

    Items come first among the nodes, then the other node types in the schema's order, each by uid; users are no nodes
    here, and facts about users are left out. A user of the data set is a person with all their accounts. Relations are
    called ``EDGE_TYPE``, or ``EDGE_TYPE/finer``. A node's text joins its embedded properties with ``. ``, and lists
    with ``, ``. Titles are written as people say them, and items of one name get names that differ, in every language.

    Args:
        every_fact: those that do not hold now as well, for who asks as of another moment.

    Raises:
        GraphError: the store is empty.
    """
    schema = schema_of(store)
    persons = read_persons(store)
    accounts = (uid for batch in store.export_nodes(schema.user_type) for uid in batch["uid"].to_pylist())
    users = Vocabulary(persons.among(accounts))
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
    facts = _facts(store, schema, nodes)
    behaviour = read_interactions(store, schema, users, item_ids, persons)
    speaks = behaviour.says == FOR
    return Dataset(
        users=users,
        items=item_ids,
        nodes=nodes,
        interactions=behaviour.select(speaks),
        facts=facts if every_fact else facts.holding(time.time()),
        names=tuple(names),
        texts=tuple(texts),
        against=behaviour.select(~speaks),
        weights_count=True,
        names_by_language={code: tuple(of_language) for code, of_language in names_by_language.items()},
        persons=persons,
    )


def _first(value: Any) -> str:
    """A name as it is read, of several the first one."""
    return str((value[0] if isinstance(value, list) else value) or "") if value else ""


def _text(values: tuple[Any, ...]) -> str:
    parts = (", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in values if value)
    return ". ".join(part for part in parts if part)


def read_interactions(
    store: GraphExporter, schema: GraphSchema, users: Vocabulary, items: Vocabulary, persons: Persons
) -> Interactions:
    """All interactions in a store that say anything of their items, each with what it says.

    The row is -1 for a user or an item that a vocabulary does not have; ``users`` are persons, who did what their
    accounts did.
    """
    batches, types = [INTERACTION_COLUMNS.empty_table()], [np.zeros(0, np.int64)]
    for number, type in enumerate(schema.interactions):
        for batch in store.export_interactions(type):
            batches.append(pa.table(batch))
            types.append(np.full(batch.num_rows, number))
    table = pa.concat_tables(batches)
    kinds, platforms = (tuple(sorted(table[name].unique().to_pylist())) for name in ("kind", "platform"))
    everything = Interactions(
        user=_rows_in(users, table["user"], persons.person_of if persons.groups else None),
        item=_rows_in(items, table["item"]),
        time=np.array(table["time"].to_numpy(), np.float64),
        weight=np.array(table["weight"].to_numpy(), np.float32),
        kind=_rows_in(Vocabulary(kinds), table["kind"]),
        platform=_rows_in(Vocabulary(platforms), table["platform"]),
        kinds=kinds,
        platforms=platforms,
        types=tuple(schema.interactions),
        type=np.concatenate(types),
        context=columns_of(*_once_each(table["context"])),
    )
    return with_polarity(everything, schema)


def _once_each(texts: pa.ChunkedArray) -> tuple[list[str], IntArray]:
    """The different texts of a column, none for nothing, and the place of each entry among them."""
    coded = texts.fill_null("").combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _facts(store: GraphExporter, schema: GraphSchema, nodes: Vocabulary) -> Facts:
    batches = [EDGE_COLUMNS.empty_table()]
    types = [pa.array([], pa.string())]
    for type in fact_types(schema):
        for batch in store.export_edges(type):
            batches.append(pa.table(batch))
            types.append(pa.repeat(type, batch.num_rows))
    table, type_column = pa.concat_tables(batches), pa.chunked_array(types)
    relation = table["relation"]
    finer = pc.binary_join_element_wise(type_column, relation, "/")
    relation = pc.if_else(pc.equal(type_column, relation), relation, finer)
    known = tuple(sorted(relation.unique().to_pylist()))
    ends = (pc.binary_join_element_wise(table[f"{end}_type"], table[end], ":") for end in ("source", "target"))
    head, tail = (_rows_in(nodes, end) for end in ends)
    since, until = (np.array(table[name].to_numpy(), np.float64) for name in VALIDITY)
    return Facts.unique(head, _rows_in(Vocabulary(known), relation), tail, known, since, until)


def _rows_in(vocabulary: Vocabulary, ids: pa.ChunkedArray, named: Callable[[str], str] | None = None) -> IntArray:
    """Rows of a column of ids, or of what they are named, -1 where unknown; each id is looked up once."""
    coded = ids.combine_chunks().dictionary_encode()
    distinct: list[str] = coded.dictionary.to_pylist()
    rows = vocabulary.rows(distinct if named is None else list(map(named, distinct)))
    found: IntArray = rows[coded.indices.to_numpy()]
    return found
