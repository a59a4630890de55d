"""Leaving something out is scored once, however many items ask."""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import Array, IntArray
from kgrec.explanation.counterfactuals import Counterfactuals
from kgrec.scoring.top_k import mask_of
from tests.support.bundles import film_bundle


def test_what_is_left_out_is_scored_once() -> None:
    bundle = film_bundle()
    past = bundle.interactions.select(bundle.interactions.user == 0)
    scored = bundle.model.scored(past)
    parts, scores = scored.contributions(np.arange(7)), scored.scores
    asked: list[list[int]] = []

    def again(left_out: IntArray) -> Array:
        asked.append(left_out.tolist())
        rest: Array = scores - np.arange(7) * np.array([[1], [100]])
        return rest

    effects = Counterfactuals(bundle, parts, scored, mask_of(np.array([1, 3, 4]), 7), np.array([2, 0, 2]), again)
    first, second = (effects.without_past_item(0, row) for row in (1, 3))
    assert asked == [[0, 2]]
    assert (first.uid, first.name, first.rank_before, first.candidates) == ("star-wars", "Star Wars", 1, 3)
    assert (second.score, second.rank_before) == (scores[3] - 3, 2)
    assert effects.without_past_item(2, 1).score == scores[1] - 100
    assert effects.without_past_item(0, 6).candidates == 4  # an item that is no candidate is ranked among them
    lucas = effects.without_entity(7, 1)
    assert (lucas.uid, lucas.name, lucas.rank_after, lucas.moves) == ("lucas", "George Lucas", 2, True)
    assert not effects.without_entity(8, 1).moves
