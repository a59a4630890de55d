"""A score taken apart, of several items and of one."""

from __future__ import annotations

import numpy as np
import pytest

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
