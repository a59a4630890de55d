"""Terms of paths: what is shown of a fact is what goes from the score with it, as nothing is learned again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Array
from kgrec.data.triples import Facts
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, EDGE_TO_PAST, SHARED_HEAD, SHARED_TAIL
from kgrec.scoring.path_terms import PathTerms, through_entity, without_facts
from tests.support.bundles import random_interactions
from tests.support.path_worlds import N_ENTITIES, N_ITEMS, path_world

MANY = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def apart(rng: np.random.Generator, model: AdditiveModel) -> tuple[Contributions, Array]:
    """The scores of all items for somebody taken apart, and the scores."""
    past = random_interactions(rng, 1, N_ITEMS, int(rng.integers(1, 6)))
    return model.contributions(past, np.arange(N_ITEMS)), model.scores(model.histories(past, 1))[0]


def over(terms: PathTerms, item: int, past: Array, facts: Facts) -> float:
    """The sum of the terms whose path goes over one of the facts."""
    gone = np.zeros(terms.values.shape, bool)
    for h, r, t in zip(facts.head.tolist(), facts.relation.tolist(), facts.tail.tolist(), strict=True):
        of_relation = terms.relation == r
        as_tail = of_relation & (terms.way == SHARED_TAIL) & (terms.entity == t)
        as_head = of_relation & (terms.way == SHARED_HEAD) & (terms.entity == h)
        gone |= (past == h)[:, None] & as_tail | (past == t)[:, None] & as_head
        if item == h:
            gone |= as_tail | of_relation & (terms.way == EDGE_TO_PAST) & (terms.entity == t)
        if item == t:
            gone |= as_head | of_relation & (terms.way == EDGE_FROM_PAST) & (terms.entity == h)
    return float(terms.values[gone].sum())


@MANY
@given(SEEDS)
def test_terms_add_up_to_what_the_channels_of_paths_contribute(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, model = path_world(rng)
    parts, _ = apart(rng, model)
    of_paths = [parts.channels.index(name) for name in ("paths", "recent_paths")]
    for item, terms in enumerate(PathTerms.of(model, parts)):
        np.testing.assert_allclose(terms.values.sum(axis=1), parts.values[of_paths, :, item].sum(axis=0), atol=1e-9)
        names = list(zip(terms.way.tolist(), terms.relation.tolist(), terms.entity.tolist(), strict=True))
        assert len(set(names)) == len(names)


@MANY
@given(SEEDS)
def test_without_a_fact_each_score_is_less_by_the_terms_over_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    facts, model = path_world(rng)
    past = random_interactions(rng, 1, N_ITEMS, 5)
    parts = model.contributions(past, np.arange(N_ITEMS))
    gone = facts.select(rng.choice(len(facts), int(rng.integers(1, 4)), replace=False))
    histories = model.histories(past, 1)
    lost = model.scores(histories)[0] - without_facts(model, gone).scores(histories)[0]
    shown = [over(terms, item, parts.history, gone) for item, terms in enumerate(PathTerms.of(model, parts))]
    np.testing.assert_allclose(lost, shown, atol=1e-5)


@MANY
@given(SEEDS)
def test_without_an_entity_each_score_is_less_by_the_paths_through_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    facts, model = path_world(rng)
    past = random_interactions(rng, 1, N_ITEMS, 5)
    parts = model.contributions(past, np.array([0]))
    histories = model.histories(past, 1)
    for entity in range(N_ITEMS, N_ITEMS + N_ENTITIES):
        its = facts.select(np.flatnonzero((facts.head == entity) | (facts.tail == entity)))
        lost = model.scores(histories)[0] - without_facts(model, its).scores(histories)[0]
        np.testing.assert_allclose(through_entity(model, parts)(entity), lost, atol=1e-5)


def test_a_model_without_paths_has_no_terms() -> None:
    rng = np.random.default_rng(0)
    _, model = path_world(rng)
    plain = replace(model, channels=model.channels[:1], gates=Gates.common(np.array([1.0]), 0.1))
    parts, scores = apart(rng, plain)
    assert PathTerms.of(plain, parts)[0].values.shape == (len(parts.history), 0)
    assert not through_entity(plain, parts)(N_ITEMS).any()
    assert parts.scores == pytest.approx(scores)
