"""Ablations on worlds where it is known what the graph is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.dataset import Interactions
from kgrec.data.splits import Split, random_split
from kgrec.data.triples import Facts
from kgrec.progress import silent
from kgrec_benchmarks.protocols import ablations as module
from kgrec_benchmarks.protocols.ablations import ablations, sentences, shuffled_facts, shuffled_texts
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import dataset_of, genre_world, quick
from tests.support.funnel import shop


@pytest.fixture(scope="module", name="found")
def ablated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, dict[str, float]]], list[str]]:
    """Two dozen users of four genres, five items each: facts and texts tell nearly everything."""
    dataset = genre_world(np.random.default_rng(0), n_users=24, n_items=28, taken=5)
    split = random_split(dataset.interactions, valid=0.2, test=0.2, seed=0)
    with pytest.MonkeyPatch.context() as fewer:  # each is a training
        for values in ("_DEPTHS", "_KG_WEIGHTS", "_TEXT_WEIGHTS"):
            fewer.setattr(f"kgrec_benchmarks.protocols.ablations.{values}", getattr(module, values)[:2])
        return ablations(dataset, split, quick(epochs=1), RunCache(), silent)


def test_every_group_that_the_data_allow_is_there(
    found: tuple[dict[str, dict[str, dict[str, float]]], list[str]],
) -> None:
    table, _ = found
    assert {group: list(variants) for group, variants in table.items()} == {
        "channels": ["fused", "behaviour", "paths", "knowledge", "semantic_paths"],
        "without": ["behaviour", "paths", "knowledge", "semantic_paths"],
        "graph": ["true", "shuffled", "none"],
        "text": ["true", "shuffled", "none"],
        "depth": ["0", "1"],
        "loss": ["exact_bce", "softmax", "gbce"],
        "kg_weight": ["0", "0.1"],
        "text_weight": ["0", "0.01"],
    }
    metrics = [metrics for variants in table.values() for metrics in variants.values()]
    assert all({"ndcg@10", "recall@20", "validation_ndcg@10"} <= one.keys() for one in metrics)
    whole = {"channels": "fused", "graph": "true", "loss": "exact_bce", "depth": "1", "kg_weight": "0.1"}
    same = [table[group][name] for group, name in (whole | {"text_weight": "0.01"}).items()]
    assert all(one == same[0] for one in same)


def test_there_is_a_sentence_for_each_comparison(
    found: tuple[dict[str, dict[str, dict[str, float]]], list[str]],
) -> None:
    notes = found[1]
    assert len(notes) == 4
    assert notes[0].startswith("True facts against shuffled facts: ndcg@10 0.")
    assert notes[3].startswith("True texts against no texts: ndcg@10 0.")


def test_true_facts_gain_where_nothing_else_tells_of_an_item() -> None:
    """What is asked for are items that nobody took before, so only their genre can place them."""
    dataset = genre_world(np.random.default_rng(0), n_items=100, taken=8, texts=False)
    is_new = dataset.interactions.item >= 80
    known = random_split(dataset.interactions.select(~is_new), valid=0.2, test=0.01, seed=0)
    split = replace(known, test=dataset.interactions.select(is_new))
    table, _ = ablations(dataset, split, quick(epochs=3), RunCache(), silent, ("graph",))
    assert list(table) == ["channels", "without", "graph"]
    recall = {variant: metrics["recall@20"] for variant, metrics in table["graph"].items()}
    assert recall["true"] > 0.9
    assert max(recall["shuffled"], recall["none"]) < 0.6
    without = {channel: metrics["recall@20"] for channel, metrics in table["without"].items()}
    assert without["paths"] > 0.9  # the GNN tells of the facts, too


def test_a_set_without_facts_and_texts_has_fewer_groups() -> None:
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, 12, (120, 2)), axis=0)
    dataset = dataset_of(Interactions.of_pairs(*pairs.T), 12, 12)
    split = random_split(dataset.interactions, valid=0.2, test=0.2, seed=0)
    table, notes = ablations(dataset, split, quick(epochs=1), RunCache(), silent)
    assert (list(table), notes) == (["channels", "without", "loss"], [])
    assert list(table["channels"]) == ["fused", "behaviour", "co_taking"]


def test_sentences_say_gain_loss_or_neither() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(200)
    gain = sentences("graph", {"true": base + 0.05, "shuffled": base, "none": base + 0.1})
    assert gain[0].endswith("+0.0500 (95 % interval +0.0500 to +0.0500): a gain.")
    assert gain[1].endswith("-0.0500 (95 % interval -0.0500 to -0.0500): a loss.")
    even = sentences("text", {"true": base, "shuffled": rng.permutation(base), "none": base})
    assert all(text.endswith(": no difference that chance would not explain.") for text in even)


@given(seed=st.integers(0, 1_000))
def test_shuffled_facts_keep_heads_relations_and_tails(seed: int) -> None:
    rng = np.random.default_rng(seed)
    head, relation, tail = rng.integers(0, 6, 30), rng.integers(0, 3, 30), rng.integers(6, 12, 30)
    facts = Facts.unique(head, relation, tail, ("A", "B", "C"))
    other = shuffled_facts(facts, rng)
    assert len(other) <= len(facts)
    for number in range(3):
        for end in ("head", "tail"):
            before, after = (set(getattr(f, end)[f.relation == number].tolist()) for f in (facts, other))
            assert after == before


def test_shuffled_texts_stay_on_their_side() -> None:
    texts = ["a", "b", "", "c", "x", "", "y"]
    dataset = dataset_of(Interactions.of_pairs([0], [0]), 1, 4, n_entities=3, texts=texts)
    found = shuffled_texts(dataset, np.random.default_rng(0))
    assert found != tuple(texts)
    assert (sorted(found[:4]), sorted(found[4:])) == (["", "a", "b", "c"], ["", "x", "y"])
    assert (found[2], found[5]) == ("", "")


def test_what_was_met_before_is_left_out_as_other_channels_are() -> None:
    world, held = shop()
    even = held.user % 2 == 0
    split = Split(world.interactions, held.select(even), held.select(~even))
    settings = quick(epochs=1, text_encoder="none", num_layers=0)
    table, _ = ablations(world, split, settings, RunCache(), silent, ())
    assert list(table["without"]) == ["behaviour", "co_taking", "refind"]
    ndcg = {name: metrics["ndcg@10"] for name, metrics in table["without"].items()}
    assert table["channels"]["refind"]["ndcg@10"] > ndcg["refind"]
    assert min(ndcg["behaviour"], ndcg["co_taking"]) > ndcg["refind"]
