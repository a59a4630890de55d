"""Sums over shards: in their order, and with one shard what a plain pass over the whole loss gives, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kgrec.learn.neural.sampling import user_batches
from kgrec.learn.neural.shard_sums import added, in_turn
from kgrec.learn.neural.trainer import Trainer
from tests.support.datasets import quick
from tests.support.training import trainer

pytestmark = pytest.mark.usefixtures("few_triples")

LARGE = 2.0**24
"""A float32 from which on adding one changes nothing."""


def test_shards_are_added_up_in_their_order() -> None:
    parts = {0: LARGE, 1: 1.0, 2: 1.0}
    assert in_turn.summed(3, lambda shard: [torch.tensor([parts[shard]])]) == [torch.tensor([LARGE])]
    assert added([[torch.tensor([parts[shard]])] for shard in (1, 2, 0)]) == [torch.tensor([LARGE + 2])]


def test_adding_up_changes_no_part() -> None:
    parts = [[torch.ones(2), torch.ones(1)], [torch.ones(2), torch.ones(1)]]
    assert [total.tolist() for total in added(parts)] == [[2.0, 2.0], [2.0]]
    assert all(bool((tensor == 1).all()) for part in parts for tensor in part)


def plainly(made: Trainer, epochs: int) -> None:
    """Train without shards and without a cut: one backward pass over the joint loss of each batch."""
    config, losses = made.config, made.losses
    for epoch in range(epochs):
        rng = np.random.default_rng((config.seed, epoch))
        torch.manual_seed(config.seed * 1_000_003 + epoch)
        users = np.flatnonzero(np.diff(losses.positives.indptr) > 1)
        for batch in user_batches(users, config.batch_size, rng):
            encoded = made.model.encode(config.free_dropout)
            terms = losses.of_shard(*encoded, losses.draw(batch, rng), 0)
            loss = terms["behaviour"] + config.kg_weight * terms["kg"] + config.text_weight * terms["text"]
            made.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            made.optimizer.step()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_layers": 2, "kg_decoder": "rotate", "text_weight": 1.0},
        {"loss": "sampled_bce", "kg_decoder": "transe", "num_layers": 0},
        {"loss": "gbce", "kg_weight": 0.0},
        {"loss": "softmax", "text_weight": 0.0},
    ],
)
def test_one_shard_is_a_pass_over_the_whole_loss_to_the_last_bit(changes: dict[str, object]) -> None:
    made, plain = trainer(quick(epochs=3, **changes)), trainer(quick(**changes))
    made.fit()
    plainly(plain, 3)
    expected = plain.model.state_dict()
    for name, weights in made.model.state_dict().items():
        np.testing.assert_array_equal(weights.numpy(), expected[name].numpy(), err_msg=name)
