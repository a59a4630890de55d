"""The Cypher of `kgrec publish`, one text for the embedded store and Neo4j 5: what :meth:`GraphStore.write_back` knows.

Two bookkeeping nodes: ``(:KgrecModel {uid: 'current'})`` says which version readers take; ``{uid: 'next'}`` is there
while a version is being written. It holds the writer's token: every writing statement locks it first and does nothing
once another writer has put a token of its own there, so two that overlap never mix their versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kgrec.graph.cypher.schema_names import node_label
from kgrec.schema.model import GraphSchema

RECOMMENDED, SIMILAR = "RECOMMENDED", "SIMILAR"
SLOTS = ("a", "b")
"""Where embeddings of a version stand: those of the next one are written into the slot that is free."""

EMBEDDING = "kgrec_embedding_"
"""Start of the embeddings' property; the slot ends it."""

_MINE = "MATCH (w:KgrecModel {uid: 'next'}) SET w.locked = true WITH w WHERE w.token = $token\n"


def embedding_property(slot: str) -> str:
    """The property that holds embeddings of a slot; ValueError for a slot that is none."""
    if slot not in SLOTS:
        raise ValueError(f"{slot[:80]!r} is not one of the slots {', '.join(SLOTS)}")
    return EMBEDDING + slot


def index_name(schema: GraphSchema, type: str, slot: str) -> str:
    """Name of the vector index of a node type."""
    node_label(schema, type)
    embedding_property(slot)
    return f"kgrec_{type}_{slot}"


def _constrain(schema: GraphSchema) -> str:
    return "CREATE CONSTRAINT kgrec_KgrecModel_uid IF NOT EXISTS FOR (n:KgrecModel) REQUIRE n.uid IS UNIQUE"


def _state(schema: GraphSchema) -> str:
    return "MATCH (m:KgrecModel) RETURN m.uid AS uid, m.model AS model, m.at AS at, m.slot AS slot, m.token AS token"


def _begin(schema: GraphSchema) -> str:
    return "MERGE (w:KgrecModel {uid: 'next'}) SET w.token = $token"


def _swap(schema: GraphSchema) -> str:
    return _MINE + "MERGE (m:KgrecModel {uid: 'current'}) SET m += $pointer RETURN m.model AS model"


def _end(schema: GraphSchema) -> str:
    return "MATCH (w:KgrecModel {uid: 'next'}) WHERE w.token = $token DELETE w"


def _write_embeddings(schema: GraphSchema, type: str, slot: str) -> str:
    """Rows of ``uid`` and ``vector``."""
    return (
        f"{_MINE}UNWIND $rows AS row MATCH (n:{node_label(schema, type)} {{uid: row.uid}})\n"
        f"SET n.{embedding_property(slot)} = row.vector RETURN count(*) AS written"
    )


def _ends(schema: GraphSchema, relationship: str) -> tuple[str, str]:
    """Labels that a relationship of ours leads from and to."""
    item = node_label(schema, schema.item_type)
    return {RECOMMENDED: (node_label(schema, schema.user_type), item), SIMILAR: (item, item)}[relationship]


def _write_lists(schema: GraphSchema, relationship: str) -> str:
    """Rows of ``uid`` and ``items``, maps of ``uid``, ``rank`` and ``score``; what is there already stays as it is."""
    source, target = _ends(schema, relationship)
    return (
        f"{_MINE}UNWIND $rows AS row MATCH (a:{source} {{uid: row.uid}})\n"
        f"UNWIND row.items AS one MATCH (b:{target} {{uid: one.uid}})\n"
        f"MERGE (a)-[r:{relationship} {{model: $model}}]->(b)\n"
        "ON CREATE SET r.rank = one.rank, r.score = one.score, r.at = $at\n"
        "RETURN count(*) AS written"
    )


def _page(label: str) -> str:
    """``$most`` nodes by uid, from ``$start`` on, which is one that the page before had."""
    return f"{_MINE}MATCH (n:{label}) WHERE n.uid >= $start WITH n ORDER BY n.uid LIMIT $most\n"


def _remove_embeddings(schema: GraphSchema, type: str, slot: str) -> str:
    return (
        _page(node_label(schema, type)) + f"REMOVE n.{embedding_property(slot)} "
        "RETURN count(n) AS nodes, max(n.uid) AS last, 0 AS removed"
    )


def _remove_lists(schema: GraphSchema, relationship: str) -> str:
    """All of a relationship whose model is not in ``$keep``."""
    return (
        _page(_ends(schema, relationship)[0])
        + f"OPTIONAL MATCH (n)-[r:{relationship}]->() WHERE NOT r.model IN $keep\n"
        + "WITH n, collect(r) AS old, count(r) AS many FOREACH (r IN old | DELETE r)\n"
        + "RETURN count(n) AS nodes, max(n.uid) AS last, sum(many) AS removed"
    )


def _create_index(schema: GraphSchema, type: str, slot: str, dimension: str, *options: str) -> str:
    """``options``: ``exact`` for servers that would round the numbers otherwise, none for those that do not know it."""
    exact = ", `vector.quantization.enabled`: false" if options == ("exact",) else ""
    return (
        f"CREATE VECTOR INDEX `{index_name(schema, type, slot)}` IF NOT EXISTS FOR (n:{node_label(schema, type)}) "
        f"ON (n.{embedding_property(slot)}) OPTIONS {{indexConfig: "
        f"{{`vector.dimensions`: {int(dimension)}, `vector.similarity_function`: 'cosine'{exact}}}}}"
    )


def _drop_index(schema: GraphSchema, type: str, slot: str) -> str:
    return f"DROP INDEX `{index_name(schema, type, slot)}` IF EXISTS"


def _index_states(schema: GraphSchema) -> str:
    return "SHOW INDEXES YIELD name, state WHERE name IN $names RETURN name, state"


def lists_of_user(schema: GraphSchema) -> str:
    """What was recommended to the user ``$uid``, by publication, the best first; a read that knows no writer."""
    source, target = _ends(schema, RECOMMENDED)
    return (
        f"MATCH (n:{source} {{uid: $uid}})-[r:{RECOMMENDED}]->(i:{target})\n"
        "RETURN r.model AS model, r.at AS at, r.rank AS rank, r.score AS score, i.uid AS item, i.name AS name "
        "ORDER BY model, rank, item"
    )


STATEMENTS: Mapping[str, Callable[..., str]] = {
    "constrain": _constrain,
    "state": _state,
    "begin": _begin,
    "swap": _swap,
    "end": _end,
    "write_embeddings": _write_embeddings,
    "write_lists": _write_lists,
    "remove_embeddings": _remove_embeddings,
    "remove_lists": _remove_lists,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "index_states": _index_states,
}
"""Each writes its text for a schema, given names that are checked against it."""
