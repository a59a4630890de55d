"""A score taken apart, of several items and of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import AGAINST, HIDES
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.bundles import random_interactions, random_model


@pytest.mark.parametrize("seed", range(5))
def test_the_contributions_of_an_item_are_its_part_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = random_model(rng, 7)
    parts = model.contributions(random_interactions(rng, 1, 7, 5), np.array([2, 5, 0]))
    for position, item in enumerate((2, 5, 0)):
        alone = parts.of_item(position)
        assert (alone.item, alone.channels) == (item, parts.channels)
        np.testing.assert_array_equal(alone.history, parts.history)
        np.testing.assert_array_equal(alone.values, parts.values[:, :, position])
        assert alone.score == pytest.approx(parts.scores[position])
        assert alone.base + sum(alone.by_channel.values()) == pytest.approx(alone.score)


@pytest.mark.parametrize("seed", range(5))
def test_contributions_add_up_where_a_channel_reads_what_speaks_against_items(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = random_model(rng, 7)
    dislikes = replace(model.channels[0], name="dislikes", history=HistoryWeights(against=True))
    model = replace(model, channels=(*model.channels[:2], dislikes))
    likes, against = random_interactions(rng, 1, 7, 5), random_interactions(rng, 1, 7, 4)
    against = replace(against, says=np.array([AGAINST, AGAINST, HIDES, AGAINST], np.int8))
    both = likes.joined(against)
    parts = model.contributions(both, np.arange(7))
    np.testing.assert_allclose(parts.scores, model.scores(model.histories(both, 1))[0], atol=1e-9)
    disliked = np.isin(parts.history, against.item[against.says == AGAINST])
    liked = np.isin(parts.history, likes.item)
    assert (parts.values[:2][:, ~liked] == 0).all()
    assert (parts.values[2][~disliked] == 0).all()
    np.testing.assert_array_equal(model.histories(both, 1).lengths, model.histories(likes, 1).lengths)
