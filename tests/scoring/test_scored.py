"""One person's scores: of some items, and the best of some, are those of all; whoever it is, the column is theirs."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.scoring.top_k import mask_of, top_k
from tests.support.bundles import random_interactions, random_model


@pytest.mark.parametrize("seed", range(8))
def test_some_items_and_the_best_of_them_are_those_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, past = random_model(rng, 9), random_interactions(rng, 1, 9, 5)
    scored = model.scored(past)
    some = np.sort(rng.choice(9, 4, replace=False))
    np.testing.assert_allclose(scored.of_items(some), scored.scores[some], atol=1e-12)
    np.testing.assert_array_equal(scored.best(mask_of(some, 9), 3), top_k(scored.scores, some, 3))
    assert scored.past.tolist() == np.unique(past.item).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_the_number_of_a_user_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, past = random_model(rng, 9), random_interactions(rng, 4, 9, 12)
    one = past.select(past.user == past.user[0])
    renumbered = one.select(np.arange(len(one)))
    renumbered.user[:] = 0
    np.testing.assert_array_equal(model.scored(one).scores, model.scored(renumbered).scores)
    parts = model.scored(one).contributions(np.arange(9))
    np.testing.assert_allclose(parts.scores, model.scored(one).scores, atol=1e-9)
