"""Small worlds of films, books, artists, things and plain items, whose explanations are read by people.

Nothing is trained: the channels are kgrec's own in closed form, two are stand-ins, and the gates are given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np
import yaml

from kgrec.bundle.bundle import Bundle, Manifest
from kgrec.data.dataset import Array, Dataset
from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.explanation.explanation import Explanation
from kgrec.explanation.wording.sentence import Length, sentence
from kgrec.graph import GraphStore, open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.channels.behaviour_weights import BehaviourSettings
from kgrec.learn.channels.semantic_paths import semantic_paths
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.progress import silent
from kgrec.recommendation import Recommender
from kgrec.schema.load import load_schema, parse_schema
from kgrec.schema.model import GraphSchema
from kgrec.scoring.channel_names import CORRECTION, KNOWLEDGE
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.testing.sample_graph import SampleGraph
from tests.support import ROOT

WORLDS = ROOT / "tests" / "explanation" / "golden"
_BACKGROUND, _OWN, _OTHERS = 60, 6, 2
_HOUR = 3600.0
_LENGTHS: tuple[Length, ...] = ("short", "standard")


def world_names() -> list[str]:
    return sorted(path.stem for path in WORLDS.glob("*.yaml"))


def told(name: str) -> list[Explanation]:
    """The explanations of a world: of each person's best items, and of some that are named."""
    world = yaml.safe_load((WORLDS / f"{name}.yaml").read_text(encoding="utf-8"))
    with _recommender(world) as recommender:
        found = []
        for user, k in world["told"].items():
            best = recommender.recommend(user, k=k, explain=True)
            found += [one.explanation for one in best if one.explanation is not None]
            known = {one.item for one in found if one.user == user}
            named = [item for item in world["also"].get(user, ()) if item not in known]
            found += [recommender.explain(user, item) for item in named]
        return found


def texts_of(name: str) -> str:
    """A world's explanations in both shorter lengths and both languages, as they are kept beside it."""
    lines = []
    for explanation in told(name):
        lines.append(f"# {explanation.user} - {explanation.name}")
        for length, language in product(_LENGTHS, ("en", "zh")):
            lines.append(f"{language} {length:<8} {sentence(explanation, language, length)}")
        lines.append("")
    return "\n".join(lines)


@contextmanager
def _recommender(world: Mapping[str, Any]) -> Iterator[Recommender]:
    name = world["schema"]
    schema = parse_schema(name, "a world") if "\n" in name else load_schema(name)
    with open_store("kglite::memory:") as store:
        _graph(world, schema).put_into(store)
        yield Recommender(closed_form_bundle(schema, store, world["gates"], world["prior"]), store)


def _graph(world: Mapping[str, Any], schema: GraphSchema) -> SampleGraph:
    """Items are their names; background users take what has something in common, and a little of all else."""
    platform, item_type = next(iter(schema.platforms)), schema.item_type
    edges: list[EdgeRecord] = []
    nodes: dict[tuple[str, str], NodeRecord] = {}
    for item, facts in world["items"].items():
        nodes[item_type, item] = NodeRecord(item_type, item, {"name": item, **_text(schema, facts)}, platform)
        for relation, entities in facts.items():
            edge, target = world["relations"][relation].split()
            edge, _, finer = edge.partition("/")
            for name in entities.split("; "):
                uid = name if target == item_type else f"id of {name}"
                nodes.setdefault((target, uid), NodeRecord(target, uid, {"name": name}, platform))
                edges.append(EdgeRecord(edge, item_type, item, target, uid, finer or edge, {}, platform))
    interactions = list(_background(world, platform))
    for user, did in world["people"].items():
        for what, weights in did.items():
            type, kind = what.split()
            for n, (item, weight) in enumerate(weights.items()):
                time = 1e9 + _HOUR * n
                interactions.append(Interaction(type, user, item, kind, platform, time, float(weight)))
    users = {*(one.user for one in interactions), *world["people"]}
    people = [NodeRecord(schema.user_type, user, {}, platform) for user in sorted(users)]
    return SampleGraph(schema, [*nodes.values(), *people], edges, interactions)


def _text(schema: GraphSchema, facts: Mapping[str, str]) -> dict[str, Any]:
    """What the text of an item is made of beside its name: some of its facts."""
    properties = [name for name in schema.embedded_properties(schema.item_type) if name != "name"]
    said = [
        part for relation in ("genre", "subject", "tag", "category") for part in facts.get(relation, "").split("; ")
    ]
    return {name: said if name in ("genres", "tags") else " ".join(said) for name in properties[:1] if any(said)}


def _background(world: Mapping[str, Any], platform: str) -> Iterator[Interaction]:
    """What many others did: each keeps to what shares an entity with a first item."""
    rng = np.random.default_rng(5)
    type, kind, weight = world["did"]
    items = [item for item in world["items"] if item not in world["new"]]
    has = {item: {item, *"; ".join(world["items"][item].values()).split("; ")} for item in items}
    for user in range(_BACKGROUND):
        first = items[user % len(items)]
        joined = [2 * (first in has[item] or item in has[first]) for item in items]
        shared = np.array([len(has[first] & has[item]) + 0.2 + joined[n] for n, item in enumerate(items)]) ** 2
        own = rng.choice(len(items), _OWN, replace=False, p=shared / shared.sum())
        others = rng.choice(len(items), _OTHERS)
        for n, item in enumerate(dict.fromkeys([*own.tolist(), *others.tolist()])):
            yield Interaction(type, f"u{user}", items[item], kind, platform, 1e8 + _HOUR * n, float(weight))


def closed_form_bundle(schema: GraphSchema, store: GraphStore, gates: Mapping[str, float], prior: float) -> Bundle:
    """The graph of a store with kgrec's channels in closed form and two stand-ins, under gates by channel."""
    dataset = read_dataset(store)
    texts = HashingEncoder().encode(dataset.texts[: len(dataset.items)])
    behaviour = BehaviourChannels(dataset, texts, silent)
    settings = BehaviourSettings(recencies=(0.7, 0.97), dislikes="dislikes" in gates)
    everybody = settings.without_recency.matrix(dataset.interactions, len(dataset.users), len(dataset.items))
    channels = [
        *behaviour.channels(settings),
        Channel(KNOWLEDGE, LowRankMatrix(*[_embedded(dataset)] * 2)),
        semantic_paths(texts, settings.without_recency, everybody, ~behaviour.cold),
    ]
    weights = np.array([gates.get(channel.name.split(CORRECTION)[0], 0.0) for channel in channels])
    model = AdditiveModel(tuple(channels), Gates.common(weights, prior), behaviour.prior(settings), behaviour.cold)
    return Bundle(
        Manifest(schema, store.graph_id, {}, 1, {}, None, {}, [], "2026-01-01"),
        model,
        dataset.users,
        dataset.items,
        dataset.nodes,
        dataset.names,
        dataset.facts.relations,
        dataset.behaviour,
        np.ones((len(dataset.nodes), 2), np.float32),
        np.ones((len(dataset.facts.relations), 2), np.float32),
        dataset.names_by_language,
        persons=dataset.persons,
    )


def _embedded(dataset: Dataset) -> Array:
    """A stand-in for what a network learns: the largest directions of what is taken."""
    taken = dataset.interactions.matrix(len(dataset.users), len(dataset.items)).toarray()
    _, s, v = np.linalg.svd(taken, full_matrices=False)
    vectors: Array = (v[:4].T * np.sqrt(s[:4])).astype(np.float32)
    return vectors


if __name__ == "__main__":
    for world in sys.argv[1:] or world_names():
        (WORLDS / f"{world}.txt").write_text(texts_of(world), encoding="utf-8")
