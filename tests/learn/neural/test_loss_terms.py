"""Terms of the joint loss: each is learned, and each reaches what they share. Dropping one fails its test."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.learn.neural.epoch_loop import Epoch
from tests.support.datasets import quick
from tests.support.training import trainer

SHARED = {"target.free.item", "target.free.entity", "target.text.weight", "target.layers.0.relation"}
"""Parameters of the encoder of candidates, on whose nodes all three terms are."""
REACHED = {
    "behaviour": SHARED | {name.replace("target", "source") for name in SHARED} | {"bias", "project.weight"},
    "kg": SHARED | {"relation.weight"},
    "text": SHARED,
}
AS_GOOD_AS_NONE = 1e-12

pytestmark = pytest.mark.usefixtures("few_triples")


@pytest.mark.parametrize("term", REACHED)
def test_a_term_reaches_what_all_share_and_nothing_that_it_is_not_about(term: str) -> None:
    made = trainer(quick(kg_weight=1.0, text_weight=1.0))
    rng = np.random.default_rng(0)
    drawn = made.losses.draw(np.arange(24), rng)
    terms = made.losses.of_shard(*made.model.encode(), drawn, 0)
    terms[term].backward()  # type: ignore[no-untyped-call]
    parameters = dict(made.model.named_parameters())
    reached = {name for name, value in parameters.items() if value.grad is not None and bool(value.grad.any())}
    assert reached == REACHED[term]


def last_epoch(**weights: float) -> Epoch:
    return trainer(quick(epochs=8, learning_rate=0.03, **weights)).fit().log[-1]


@pytest.mark.parametrize(("term", "weight"), [("kg", "kg_weight"), ("text", "text_weight")])
def test_a_term_falls_by_its_weight_and_not_by_what_others_learn(term: str, weight: str) -> None:
    learned, ignored = (last_epoch(**{weight: value})[f"loss_{term}"] for value in (1.0, AS_GOOD_AS_NONE))
    assert learned < 0.8 * ignored


def test_the_behaviour_is_learned_beside_the_others() -> None:
    log = trainer(quick(epochs=8, learning_rate=0.03, kg_weight=1.0, text_weight=1.0)).fit().log
    assert log[-1]["loss_behaviour"] < 0.9 * log[0]["loss_behaviour"]
