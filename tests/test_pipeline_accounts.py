"""Training from a graph in which somebody has several accounts, with all that a training does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.config import TrainConfig
from kgrec.graph import GraphStore
from kgrec.graph.link_editing import add_link, remove_link
from kgrec.pipeline import train
from kgrec.recommendation import Recommender
from tests.support.accounts import N_FILMS, random_accounts

CONFIG = TrainConfig(
    text_encoder="none", embedding_dim=4, epochs=1, ensemble=1, next_item_dim=0, num_layers=0, num_threads=1
)


@pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")
def test_a_training_after_unlinking_never_knew_the_link() -> None:
    world = random_accounts(np.random.default_rng(1))
    world = replace(world, keys=["same"] * 2 + [""] * 10 + ["unknown"] * 2)
    alone = [name for name, accounts in world.persons().items() if len(accounts) == 1]
    with world.store() as never, world.store() as once:
        add_link(once, alone[0], alone[1])
        linked = train(once, config=CONFIG)
        remove_link(once, alone[0], alone[1])
        bundles = train(never, config=CONFIG), train(once, config=CONFIG)
        lists = [scores(*of) for of in zip(bundles, (never, once), strict=True)]
    assert len(linked.users) == len(bundles[0].users) - 1
    assert lists[0].keys() == lists[1].keys()
    assert list(lists[0].values()) == pytest.approx(list(lists[1].values()), abs=1e-9)
    told = bundles[1].manifest.metrics["persons"]
    assert told["with several accounts"] == len(bundles[1].persons.groups) > 0
    assert told["left apart"] == ["2 accounts have email unknown, which stands for nothing"]


def scores(bundle: Bundle, store: GraphStore) -> dict[tuple[str, str], float]:
    recommender = Recommender(bundle, store)
    names = bundle.persons.every_account(bundle.users)
    return {(name, one.item): one.score for name in names for one in recommender.recommend(name, k=N_FILMS)}
