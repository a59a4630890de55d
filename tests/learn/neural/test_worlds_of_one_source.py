"""Worlds in which one source alone tells what people like: a fact two hops away, or a text. Without it all is chance.

Users love one of four kinds of items and took known ones at random; cold items are to be told apart.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.triples import Facts
from kgrec.learn.channels.content_kernel import fact_matrix
from kgrec.learn.channels.path_features import PathFeatures
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.neural.model import learned_ranker, unit_history
from kgrec.learn.neural.trainer import Trainer
from kgrec.learn.neural.training_subgraph import TrainingSubgraph
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import dataset_of, quick

KINDS, USERS, KNOWN, COLD = 4, 80, 48, 16
ITEMS = KNOWN + COLD
WORDS = ("violin concert", "galaxy spaceship", "murder detective", "cooking pasta")
RIGHT, CHANCE = 0.75, 0.45
"""Share of the best four cold items of users that are of their kind: where the source is read, and where it is not."""

pytestmark = pytest.mark.usefixtures("few_triples")


def behaviour(rng: np.random.Generator) -> Interactions:
    users = np.repeat(np.arange(USERS), 5)
    items = [rng.choice(np.arange(u % KINDS, KNOWN, KINDS), 5, replace=False) for u in range(USERS)]
    return Interactions.of_pairs(users, np.concatenate(items))


def two_hops_away() -> Dataset:
    """Each item is made by a studio of its own, and studios stand in a country: no two items share an entity."""
    studios, countries = range(ITEMS, 2 * ITEMS), range(2 * ITEMS, 2 * ITEMS + KINDS)
    made = [(item, 0, studios[item]) for item in range(ITEMS)]
    stands = [(studios[item], 1, countries[item % KINDS]) for item in range(ITEMS)]
    return dataset_of(
        behaviour(np.random.default_rng(1)),
        USERS,
        ITEMS,
        triples=made + stands,
        relations=("made_by", "stands_in"),
        n_entities=ITEMS + KINDS,
    )


def told_by_texts() -> Dataset:
    """Texts say what items are; their one fact is of a colour that nobody chooses by."""
    rng = np.random.default_rng(2)
    colours = rng.permutation(ITEMS) % KINDS
    return dataset_of(
        behaviour(rng),
        USERS,
        ITEMS,
        triples=[(item, 0, ITEMS + int(colours[item])) for item in range(ITEMS)],
        relations=("has_colour",),
        n_entities=KINDS,
        texts=[f"{WORDS[item % KINDS]} number {item}" for item in range(ITEMS)] + [""] * KINDS,
    )


def found(world: Dataset, num_layers: int, texts: Array | None = None, kg_weight: float = 0.0) -> float:
    """Share of the best four cold items of all users, by the embeddings alone, that are of the kind they love."""
    config = quick(num_layers=num_layers, embedding_dim=16, learning_rate=0.02, kg_weight=kg_weight)
    subgraph = TrainingSubgraph.of(world)
    part = subgraph.dataset
    history = HistoryWeights().matrix(part.interactions, USERS, len(part.items))
    of_part = None if texts is None else texts[subgraph.nodes]
    trainer = Trainer(part, of_part, np.zeros(len(part.items)), config, history, None, subgraph.degree)
    trainer.fit(epochs=12)
    embeddings = subgraph.embed(trainer.model, world, texts, config)
    whole = unit_history(HistoryWeights().matrix(world.interactions, USERS, ITEMS)).astype(np.float32)
    scores = learned_ranker(replace(embeddings, bias=np.zeros(ITEMS)), whole).scores(np.arange(USERS))[:, KNOWN:]
    best = np.argsort(-scores, axis=1)[:, : COLD // KINDS] + KNOWN
    return float((best % KINDS == np.arange(USERS)[:, None] % KINDS).mean())


def test_what_is_two_hops_away_is_in_no_path_and_no_content() -> None:
    world = two_hops_away()
    assert PathFeatures.of(world.facts, ITEMS, len(world.nodes)).matrix.target.nnz == 0
    assert fact_matrix(world.facts, ITEMS, len(world.nodes)).nnz == 0


def test_a_fact_two_hops_away_is_found_by_two_hops() -> None:
    assert found(two_hops_away(), 2) > RIGHT


@pytest.mark.parametrize("num_layers", [0, 1])
def test_a_fact_two_hops_away_is_out_of_reach_of_less(num_layers: int) -> None:
    assert found(two_hops_away(), num_layers) < CHANCE


def test_reconstructing_the_facts_carries_one_hop_further() -> None:
    assert found(two_hops_away(), 1, kg_weight=0.3) > RIGHT


def test_a_fact_two_hops_away_must_be_true() -> None:
    world = two_hops_away()
    facts = world.facts
    stands = facts.relation == 1
    tail = facts.tail.copy()
    tail[stands] = np.random.default_rng(0).permutation(tail[stands])
    assert found(replace(world, facts=Facts(facts.head, facts.relation, tail, facts.relations)), 2) < CHANCE


@pytest.mark.parametrize("num_layers", [0, 1])
def test_what_only_texts_tell_is_found_by_texts(num_layers: int) -> None:
    world = told_by_texts()
    assert found(world, num_layers, HashingEncoder(32).encode(world.texts)) > RIGHT


def test_what_only_texts_tell_is_in_no_fact() -> None:
    assert found(told_by_texts(), 1) < CHANCE


def test_texts_of_others_tell_nothing() -> None:
    world = told_by_texts()
    texts = HashingEncoder(32).encode(world.texts)
    texts[:ITEMS] = texts[np.random.default_rng(0).permutation(ITEMS)]
    assert found(world, 1, texts) < CHANCE
