"""Publishing: what a bundle knows is written into the graph, so that plain Cypher can use it.

A publication is written whole beside the one in use, then one transaction moves the pointer that readers go through,
then the old one is removed. Stopped anywhere, readers have a whole publication, and running it again finishes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array, IntArray
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import ConfigError, UnknownUserError, shorten
from kgrec.graph.cypher.publication_statements import EMBEDDING, RECOMMENDED, SIMILAR, index_name
from kgrec.graph.dataset_reader import read_interactions
from kgrec.graph.ending_facts import ending_facts
from kgrec.graph.person_links import read_persons
from kgrec.graph.publication import Publication
from kgrec.graph.store import GraphReader, GraphStore, schema_of
from kgrec.learn.named_executors import open_executor
from kgrec.parallel.executor import Executor
from kgrec.progress import Progress, silent
from kgrec.recommendation.batch import Lists, recommend_all, similar_to_all
from kgrec.recommendation.graph_of_bundle import check_graph
from kgrec.schema.model import GraphSchema

_NUMBERS_AT_ONCE = 400_000


@dataclass
class PublishReport:
    """What publishing did.

    Attributes:
        model: the version that readers have now, ``created#hash``; ``at``: when it was first written, ISO time.
        slot: suffix of the embeddings' property, ``kgrec_embedding_<slot>``.
        unchanged: the version was in use already; what was missing of it was put back.
        users, items: how many of them have a list; ``recommended`` and ``similar`` count the relationships.
        embeddings: nodes that got one, by type; ``dimension``: its length.
        without_embedding: nodes whose embedding is 0, which says nothing; they got none.
        skipped: users, items and nodes of the bundle that the graph has no more.
        removed: relationships of other versions that were taken out.
        no_vector_index: why the embeddings cannot be searched by an index; None where they can.
        seconds: time by step.
    """

    model: str
    at: str
    slot: str
    unchanged: bool
    users: int = 0
    items: int = 0
    recommended: int = 0
    similar: int = 0
    dimension: int = 0
    embeddings: dict[str, int] = field(default_factory=dict)
    without_embedding: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    removed: int = 0
    no_vector_index: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def vector_index(self) -> bool:
        """Whether the embeddings can be searched by an index."""
        return self.no_vector_index is None

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, for ``--json``."""
        return {**asdict(self), "vector_index": self.vector_index}


def publish(
    bundle: Bundle,
    store: GraphStore,
    *,
    k: int = 10,
    similar: int = 10,
    users: Sequence[str] | None = None,
    batch_size: int = 5000,
    grace_s: float = 2.0,
    executor: str = "here",
    progress: Progress = silent,
) -> PublishReport:
    """Write embeddings, everybody's recommendations and similar items into the graph that a bundle was learned from.

    Lists are those of ``Recommender`` with this store: histories as the store holds them now. Items that the
    graph has no more are in none. A version is named by its content, so that the same again changes nothing.

    Args:
        k: recommendations for each user; ``similar``: similar items for each item.
        users: only these get recommendations; None: all in the store.
        batch_size: relationships in one transaction.
        grace_s: how long the old version stays after the pointer has moved, for queries that are under way.
        executor: what makes the lists, see :mod:`kgrec.learn.named_executors`; this process writes them.

    Raises:
        SchemaMismatchError: the store holds another graph than the bundle's.
        ConfigError: a setting that cannot be, a name of the schema that is needed here, or no such executor.
        ExecutorError: the executor cannot be reached.
        UnknownUserError: one of ``users`` is not in the store.
        GraphError: the store refused, or another publishing has begun meanwhile.
    """
    for name, value in (("k", k), ("similar", similar), ("batch_size", batch_size)):
        if value < 1:
            raise ConfigError(
                f"{name} must be at least 1.", where="publish", found=str(value), next="ask for one or more"
            )
    check_graph(bundle, store)
    schema = schema_of(store)
    _refuse_taken_names(schema, store.url)
    clock = _Clock()
    ranking, tidying, writing = progress.parts(3, 0, 7)  # what an interrupted run left goes before, the rest after
    with open_executor(executor) as runs:
        lists = _all_lists(bundle, store, (k, similar), users, ranking.named("Recommend"), runs)
    clock.took("lists")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    publication = Publication(store, schema, lists.model, at, batch_size, tidying.named("Tidy"))
    clock.took("leftovers")
    report = PublishReport(
        publication.model,
        publication.at,
        publication.slot,
        publication.live,
        dimension=bundle.node_embeddings.shape[1],
    )
    of_embeddings, of_lists, of_similar = writing.named("Write").parts(2, 2, 2)
    writer = _Writer(bundle, publication, batch_size)
    writer.write_embeddings(report, of_embeddings)
    clock.took("embeddings")
    report.users, report.recommended = writer.write_lists(RECOMMENDED, lists.users, lists.recommended, of_lists)
    clock.took("recommended")
    report.items, report.similar = writer.write_lists(SIMILAR, list(bundle.items), lists.similar, of_similar)
    clock.took("similar")
    types = sorted(report.embeddings)
    report.no_vector_index = publication.index(types, report.dimension)
    clock.took("indexes")
    names = [index_name(schema, type, publication.slot) for type in types] if report.vector_index else []
    facts = {"k": k, "similar": similar, "dimension": report.dimension}
    publication.take_into_use(**facts, vector_index=report.vector_index, indexes=names)
    publication.finish(grace_s)
    clock.took("swap and removal")
    report.skipped |= lists.skipped
    report.removed, report.seconds = publication.removed, clock.seconds
    return report


def _refuse_taken_names(schema: GraphSchema, url: str) -> None:
    taken = [f"type {name}" for name in (RECOMMENDED, SIMILAR) if name in {**schema.edges, **schema.interactions}]
    for type, node in schema.nodes.items():
        taken += [f"property {name} of {type}" for name in node.properties if name.startswith(EMBEDDING)]
    if taken:
        raise ConfigError(
            "the graph schema uses a name that publishing writes itself.",
            where=url,
            found=", ".join(taken),
            expected=f"no type {RECOMMENDED} or {SIMILAR}, no property that starts with {EMBEDDING}",
            next="rename it in the graph schema and import again",
        )


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def took(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step], self._last = round(now - self._last, 3), now


@dataclass(frozen=True)
class _AllLists:
    """All lists, made before anything is written.

    Attributes:
        users: ids of the rows of ``recommended``; the rows of ``similar`` are the bundle's items.
        skipped: users and items of the bundle that the graph has no more.
        model: the publication's name, the bundle's creation time, then a hash of all that is published.
    """

    users: list[str]
    recommended: Lists
    similar: Lists
    skipped: dict[str, int]
    model: str


def _all_lists(
    bundle: Bundle,
    store: GraphStore,
    lengths: tuple[int, int],
    users: Sequence[str] | None,
    progress: Progress,
    executor: Executor,
) -> _AllLists:
    """Everybody's recommendations and all similar items; ``lengths`` are those of the two kinds of lists."""
    schema, (k, n_similar) = schema_of(store), lengths
    bundle = bundle.with_ending(ending_facts(store, bundle.nodes, bundle.relations, bundle.ending)).as_of(time.time())
    known, items = _uids(store, schema.user_type), _uids(store, schema.item_type)
    rows = np.arange(len(known)) if users is None else _rows_of(users, known, store.url)
    among = np.array([item in items for item in bundle.items], np.bool_)
    persons = read_persons(store)
    called = Vocabulary(persons.among(known))
    past = read_interactions(store, schema, called, bundle.items, persons)
    past = past.select((past.item >= 0) & (past.user >= 0))  # items may be newer than the bundle
    ids = [known[row] for row in rows]
    own = called.rows([persons.person_of(uid) for uid in ids])  # every account has the list of its person
    of_users, of_items = progress.parts(max(len(rows), 1), len(bundle.items))
    recommended = recommend_all(bundle, past, own, k, among, of_users, executor)
    similar = similar_to_all(bundle, n_similar, among, of_items, executor)
    similar.items[~among] = -1
    accounts = bundle.persons.every_account(bundle.users)
    skipped = {"users": sum(user not in known for user in accounts), "items": int((~among).sum())}
    made = hashlib.sha256(json.dumps([list(bundle.nodes), ids, k, n_similar]).encode())
    arrays: tuple[Array, ...] = (recommended.items, recommended.scores, similar.items, similar.scores)
    for array in (bundle.node_embeddings[:], *arrays):
        made.update(np.ascontiguousarray(array).tobytes())
    return _AllLists(ids, recommended, similar, skipped, f"{bundle.manifest.created}#{made.hexdigest()[:12]}")


def _uids(store: GraphReader, type: str) -> Vocabulary:
    return Vocabulary(uid for batch in store.export_nodes(type) for uid in batch["uid"].to_pylist())


def _rows_of(users: Sequence[str], known: Vocabulary, url: str) -> IntArray:
    unknown = next((user for user in users if user not in known), None)
    if unknown is not None:
        raise UnknownUserError(
            "there is no such user in the graph.",
            where=url,
            found=shorten(unknown),
            next="correct the id, or publish for everybody",
        )
    rows: IntArray = np.unique(known.rows(users))
    return rows


@dataclass(frozen=True)
class _Writer:
    """Puts a bundle's embeddings and lists into a publication, ``batch_size`` relationships in one transaction."""

    bundle: Bundle
    publication: Publication
    batch_size: int

    def write_embeddings(self, report: PublishReport, progress: Progress) -> None:
        """As they were learned; an index by cosine needs no unit length, but takes no vector of 0."""
        nodes, vectors = self.bundle.nodes, self.bundle.node_embeddings[:]
        usable = np.isfinite(vectors).all(axis=1) & (vectors != 0).any(axis=1)
        by_type: dict[str, list[int]] = {}
        for row in np.flatnonzero(usable).tolist():
            by_type.setdefault(nodes[row].partition(":")[0], []).append(row)
        step = max(1, min(self.batch_size, _NUMBERS_AT_ONCE // max(report.dimension, 1)))
        shares = progress.parts(*map(len, by_type.values()))
        for (type, rows), share in zip(by_type.items(), shares, strict=True):
            report.embeddings[type] = 0
            for start in range(0, len(rows), step):
                some = rows[start : start + step]
                uids = (nodes[row].partition(":")[2] for row in some)
                pairs = zip(uids, vectors[some].tolist(), strict=True)
                batch = [{"uid": uid, "vector": vector} for uid, vector in pairs]
                report.embeddings[type] += self.publication.put_embeddings(type, batch)
                share(f"embeddings of {type}", start + len(some), len(rows), unit="embeddings")
        report.without_embedding = int((~usable).sum())
        report.skipped["nodes"] = int(usable.sum()) - sum(report.embeddings.values())

    def write_lists(
        self, relationship: str, owners: Sequence[str], lists: Lists, progress: Progress
    ) -> tuple[int, int]:
        """How many lists are not empty, and how many relationships they have in the graph."""
        having = np.flatnonzero((lists.items >= 0).any(axis=1)).tolist()
        written, step = 0, max(1, self.batch_size // lists.items.shape[1])
        for start in range(0, len(having), step):
            some = having[start : start + step]
            batch = [{"uid": owners[row], "items": self._ranked(lists, row)} for row in some]
            written += self.publication.put_lists(relationship, batch)
            progress(f"{relationship} relationships", start + len(some), len(having), unit="lists")
        return len(having), written

    def _ranked(self, lists: Lists, row: int) -> list[dict[str, Any]]:
        pairs = enumerate(zip(lists.items[row].tolist(), lists.scores[row].tolist(), strict=True), start=1)
        items = self.bundle.items
        return [{"uid": items[item], "rank": rank, "score": score} for rank, (item, score) in pairs if item >= 0]
