"""Channels beside kgrec's own: none unless somebody adds one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kgrec.learn.channels.behaviour_weights import BehaviourSettings
from kgrec.learn.federated.item_sums import ItemSums
from kgrec.learn.further_channels import further_channels
from kgrec.progress import silent
from kgrec.scoring.channel_names import ELSEWHERE
from tests.support.datasets import genre_world


def test_sums_that_are_named_are_a_channel(tmp_path: Path) -> None:
    world = genre_world(np.random.default_rng(0), n_users=20, n_items=16)
    file = tmp_path / "others.sums"
    ItemSums.of(world.interactions, 20, world.items, list(world.items), float("inf")).save(file)
    assert further_channels(world, "", BehaviourSettings(), silent) == []
    (channel,) = further_channels(world, str(file), BehaviourSettings(), silent)
    assert channel.name == ELSEWHERE
    assert channel.history == BehaviourSettings().without_recency
