"""The terms of a batch, divided: the parts add up to what each user, each triple and each text says by itself."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from kgrec.learn.neural.batch_losses import Drawn
from kgrec.learn.neural.shard_sums import in_turn
from kgrec.learn.neural.trainer import Trainer
from tests.support.datasets import quick
from tests.support.training import TEXTS, trainer

pytestmark = pytest.mark.usefixtures("few_triples")

USERS = np.random.default_rng(5).permutation(24)[:19]
Gradients = dict[str, Tensor]


def found(made: Trainer) -> tuple[list[float], Gradients]:
    """The terms of a batch and the gradients, as a step has them."""
    torch.manual_seed(3)
    cut, drawn = made._encoded(), made.losses.draw(USERS, np.random.default_rng(4))
    terms, *gradients = in_turn.summed(made.config.user_shards, partial(made._of_shard, cut, drawn))
    cut.flow_back(gradients, made.losses.parameters)
    return terms.tolist(), {name: of.grad for name, of in made.model.named_parameters() if of.grad is not None}


def by_hand(made: Trainer) -> tuple[list[float], Gradients]:
    """The same by the definitions: one user after another, and all triples and texts at once."""
    model, losses = made.model, made.losses
    drawn = losses.draw(USERS, np.random.default_rng(4))
    source, target, projected = model.encode()
    behaviour = torch.zeros(())
    for user in USERS:
        scores = model.scores(source, target, projected, losses.histories[user])[0]
        taken = torch.from_numpy(losses.positives[user].indices.astype(np.int64))
        behaviour = behaviour - torch.log_softmax(scores, 0)[taken].mean() / len(USERS)
    kg, text = _of_triples(made, target, drawn), _of_texts(made, target, drawn)
    (behaviour + made.config.kg_weight * kg + made.config.text_weight * text).backward()  # type: ignore[no-untyped-call]
    gradients = {name: of.grad for name, of in model.named_parameters() if of.grad is not None}
    return [kg.item(), text.item()], gradients


def _of_triples(made: Trainer, nodes: Tensor, drawn: Drawn) -> Tensor:
    assert drawn.triples is not None
    head, relation, tail, corrupted = drawn.triples
    of_head, of_relation = nodes[head], made.model.relation.weight[relation]
    true = (of_head * of_relation * nodes[tail]).sum(-1)
    false = ((of_head * of_relation)[:, None] * nodes[corrupted]).sum(-1)
    return torch.log1p(torch.exp(-true)).mean() + torch.log1p(torch.exp(false)).mean()


def _of_texts(made: Trainer, nodes: Tensor, drawn: Drawn) -> Tensor:
    assert drawn.aligned is not None
    assert made.model.target.text is not None
    ours = nodes[torch.from_numpy(drawn.aligned)]
    theirs = torch.from_numpy(TEXTS[drawn.aligned]) @ made.model.target.text.weight.T
    cosines = torch.cosine_similarity(ours[:, None], theirs[None], dim=-1)
    return -torch.log_softmax(cosines / 0.2, 1).diagonal().mean()


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 40])
def test_the_gradient_of_the_shards_is_that_of_the_batch(shards: int) -> None:
    without_dropout = {"dropout": 0.0, "free_dropout": 0.0, "kg_weight": 1.0, "text_weight": 1.0}
    (_, kg, text), gradients = found(trainer(quick(user_shards=shards, **without_dropout)))
    expected, by_definition = by_hand(trainer(quick(**without_dropout)))
    assert [kg, text] == pytest.approx(expected, abs=1e-6)
    assert gradients.keys() == by_definition.keys()
    for name, gradient in gradients.items():
        assert gradient.numpy() == pytest.approx(by_definition[name].numpy(), rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize("loss", ["exact_bce", "softmax", "sampled_bce", "gbce"])
def test_what_is_hidden_and_drawn_does_not_depend_on_the_number_of_shards(loss: str) -> None:
    settings = {"loss": loss, "num_layers": 2, "num_negatives": 20}
    terms, whole = found(trainer(quick(**settings)))
    for shards in (2, 5):
        of_parts, gradients = found(trainer(quick(user_shards=shards, **settings)))
        assert of_parts == pytest.approx(terms, abs=1e-5)
        for name, gradient in gradients.items():
            assert gradient.numpy() == pytest.approx(whole[name].numpy(), rel=1e-5, abs=1e-6), name


def test_a_shard_has_its_own_users_and_triples_and_the_last_one_the_texts() -> None:
    made = trainer(quick(user_shards=3))
    drawn = made.losses.draw(USERS, np.random.default_rng(0))
    parts = [made.losses.of_shard(*made.model.encode(), drawn, shard) for shard in range(3)]
    assert [bool(part["behaviour"] > 0) for part in parts] == [True] * 3
    assert [bool(part["kg"] > 0) for part in parts] == [True] * 3
    assert [bool(part["text"] > 0) for part in parts] == [False, False, True]
