"""Lists taken apart by hand, and a fact's number against the score that goes with it."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Array
from kgrec.evaluation.explained_lists import ExplainedList, ShownPath, deletion_error, explained_lists
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, EDGE_TO_PAST, SHARED_HEAD, SHARED_TAIL
from kgrec.scoring.path_terms import PathTerms
from tests.support.bundles import random_interactions
from tests.support.path_worlds import N_ITEMS, path_world

GENRE, DIRECTOR = 0, 1
HORROR, LEE, LUCAS = 20, 21, 22


def terms(values: list[list[float]], relation: list[int], entity: list[int]) -> PathTerms:
    way = np.full(len(entity), SHARED_TAIL, np.int8)
    return PathTerms(way, np.array(relation, np.int32), np.array(entity), np.array(values).reshape(2, len(entity)))


def films() -> ExplainedList:
    """Past items 3 and 4, the latter taken later; three listed items, the last of which has no path."""
    by_paths = np.array([[1.8, 2.0, 0.0], [0.55, 1.9, 0.0]])
    together = np.array([[1.0, -5.0, 0.5], [0.0, 0.0, 0.0]])
    taken_back = np.array([[-0.4, 0.0, -0.9], [0.0, 0.1, 0.0]])
    values = np.stack([by_paths, together, taken_back])
    parts = Contributions(
        items=np.array([7, 8, 9]),
        history=np.array([3, 4]),
        channels=("paths", "behaviour", "paths_correction"),
        values=values,
        base=np.zeros(3),
        prior=np.array([0.05, 0.0, -1.0]),
        trend=np.zeros(3),
        weights=np.ones((3, 2)),
        scales=np.ones((3, 2)),
    )
    of_items = (
        terms([[1.0, 0.8], [0.55, 0.0]], [GENRE, DIRECTOR], [HORROR, LEE]),
        terms([[1.1, 0.9], [1.0, 0.9]], [GENRE, GENRE], [HORROR, LUCAS]),
        terms([], [], []),
    )
    return ExplainedList(parts, of_items)


def test_shares_are_of_the_positive_score() -> None:
    listed = films()
    # The correction takes from what others say: 0.6 for the first item, and nothing positive of the last.
    np.testing.assert_allclose(listed.positive, [1.8 + 0.55 + 0.6 + 0.05, 2.0 + 1.9 + 0.1, 0.0])
    np.testing.assert_allclose(listed.path_shares, [2.35 / 3.0, 3.9 / 4.0, 0.0])
    shares = listed.evidence_shares()
    assert shares == pytest.approx({"paths": 6.25 / 7, "taken_together": 0.7 / 7, "popularity": 0.05 / 7})
    np.testing.assert_allclose(listed.entity_shares(1), [1.55 / 3.0, 2.1 / 4.0, 0.0])
    np.testing.assert_allclose(listed.entity_shares(3), [2.35 / 3.0, 3.9 / 4.0, 0.0])
    np.testing.assert_allclose(listed.past_item_shares(1), [2.4 / 3.0, 2.0 / 4.0, 0.0])


@pytest.mark.parametrize(
    ("recency", "expected"),
    [
        (None, [(3, HORROR), (3, HORROR)]),  # no relation is new: the best
        (np.array([0.1, 1.0]), [(4, HORROR), (4, HORROR)]),  # the most recent of those worth a tenth
        (np.array([1.0, 0.1]), [(3, HORROR), (3, HORROR)]),
    ],
)
def test_the_path_shown_is_new_then_recent_then_best(recency: Array | None, expected: list[tuple[int, int]]) -> None:
    listed = films()
    shown = listed.shown(recency)
    assert shown[2] is None
    assert [(path.past, path.entity) for path in shown[:2] if path] == expected
    # Where genres were shown before, the director is, though a genre path is more recent.
    after_genre = ExplainedList(listed.parts, (listed.terms[1], listed.terms[0], listed.terms[2]))
    second = after_genre.shown(recency)[1]
    assert second == ShownPath(3, SHARED_TAIL, DIRECTOR, LEE, 0.8)


def test_recency_and_popularity_of_the_path_shown_weigh_the_same() -> None:
    listed = films()
    well_known = {HORROR: 0.2, LEE: 0.9, LUCAS: 0.6}

    def popularity(of: PathTerms) -> Array:
        return np.array([well_known[entity] for entity in of.entity.tolist()])

    def entities(recency: Array | None) -> list[tuple[int, int]]:
        return [(path.past, path.entity) for path in listed.shown(recency, popularity) if path]

    # The director of the first film, then a genre, as directors were shown: Lucas is better known than horror.
    assert entities(None) == [(3, LEE), (3, LUCAS)]
    # Horror of item 4, recent (.2 + .9), beats the director of item 3, long ago (.9 + 0).
    assert entities(np.array([0.0, 0.9])) == [(4, HORROR), (4, LUCAS)]
    assert entities(np.array([0.0, 0.6])) == [(3, LEE), (4, LUCAS)]


def test_a_path_worth_less_than_a_tenth_of_the_best_is_not_shown() -> None:
    listed = films()
    faint = (terms([[1.0, 0.0], [0.0, 0.09]], [GENRE, DIRECTOR], [HORROR, LEE]), *listed.terms[1:])
    first = ExplainedList(listed.parts, faint).shown(np.array([0.0, 1.0]))[0]
    assert first == ShownPath(3, SHARED_TAIL, GENRE, HORROR, 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_number_of_a_fact_is_what_the_score_loses_with_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    facts, model = path_world(rng)
    known = random_interactions(rng, 3, N_ITEMS, 12)
    lists = np.array([rng.permutation(N_ITEMS)[:4] for _ in range(3)])
    lists[1, 2:] = -1
    users = np.array([0, 1, 2])
    n_facts = 0
    for own, listed in explained_lists(model, known, users, lists):
        assert len(set(own.user.tolist())) <= 1
        assert listed.parts.items.tolist() in [[item for item in items if item >= 0] for items in lists.tolist()]
        for position, path in enumerate(listed.shown(None)):
            if path is not None:
                n_facts += 1
                fact = path.fact(int(listed.parts.items[position]), facts.relations)
                assert (facts.head == fact.head).any()
                assert ((facts.head == fact.head) & (facts.relation == fact.relation) & (facts.tail == fact.tail)).any()
                assert deletion_error(model, own, listed, position, path, None) < 1e-9
    assert n_facts > 3


def test_a_number_that_is_not_what_goes_is_told() -> None:
    """The error compares with the score itself: another number is off by the difference."""
    rng = np.random.default_rng(1)
    _, model = path_world(rng)
    known = random_interactions(rng, 1, N_ITEMS, 8)
    own, listed = next(explained_lists(model, known, np.array([0]), np.array([[0, 1, 2, 3]])))
    position = next(n for n, path in enumerate(listed.shown(None)) if path)
    path = listed.shown(None)[position]
    assert path is not None
    doubled = tuple(PathTerms(of.way, of.relation, of.entity, 2 * of.values) for of in listed.terms)
    error = deletion_error(model, own, ExplainedList(listed.parts, doubled), position, path, None)
    assert error == pytest.approx(listed.fact_value(position, path))


@pytest.mark.parametrize("way", [SHARED_TAIL, SHARED_HEAD, EDGE_TO_PAST, EDGE_FROM_PAST])
def test_a_fact_points_as_the_graph_has_it(way: int) -> None:
    fact = ShownPath(1, way, 0, 5, 1.0).fact(2, ("r",))
    ends = (2, 5) if way in (SHARED_TAIL, EDGE_TO_PAST) else (5, 2)
    assert (int(fact.head[0]), int(fact.tail[0])) == ends
