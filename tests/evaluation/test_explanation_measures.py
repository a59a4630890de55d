"""Measures of lists: what they are the means of, and what is left out where there is nothing to measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.triples import Facts
from kgrec.evaluation.explained_lists import ShownPath, explained_lists
from kgrec.evaluation.explanation_measures import EntityPopularity, ListShares, explanation_measures
from kgrec.metrics.path_quality import linking_interaction_recency, shared_entity_popularity
from kgrec.scoring.gates import Gates
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, SHARED_HEAD, SHARED_TAIL
from tests.support.bundles import random_interactions
from tests.support.path_worlds import N_ITEMS, path_world


@pytest.mark.parametrize("seed", range(4))
def test_measures_are_means_over_users_and_over_paths_shown(seed: int) -> None:
    rng = np.random.default_rng(seed)
    facts, model = path_world(rng)
    known = random_interactions(rng, 4, N_ITEMS, 16)
    users = np.unique(known.user)
    lists = np.array([rng.permutation(N_ITEMS)[:3] for _ in users])
    found = explanation_measures(model, known, users, lists, facts)
    listed = [one for _, one in explained_lists(model, known, users, lists)]
    through = [one.evidence_shares()["paths"] for one in listed]
    assert found["path_share"] == found["fact_share"] == pytest.approx(np.mean(through))
    assert found["coverage_10"] == pytest.approx(np.mean([(one.path_shares >= 0.1).mean() for one in listed]))
    assert found["best_3_entities"] == pytest.approx(np.mean([one.entity_shares().mean() for one in listed]))
    has_path = [[of.values.max(initial=0) > 0 for of in one.terms] for one in listed]
    assert found["fidelity"] == pytest.approx(np.mean([np.mean(items) for items in has_path]))
    assert found["deletion_error"] < 1e-9
    popularity = EntityPopularity(facts, known.matrix(4, N_ITEMS).getnnz(axis=0))
    recency, diversity, popular = [], [], []
    for user, one in zip(users, listed, strict=True):
        last = {int(i): known.time[(known.user == user) & (known.item == i)].max() for i in one.parts.history}
        of_past = dict(zip(last, linking_interaction_recency(list(last.values())), strict=True))
        paths = [path for path in one.shown(np.array(list(of_past.values())), popularity.of_terms) if path]
        recency += [of_past[path.past] for path in paths]
        popular += popularity.of_paths(paths).tolist()
        diversity += [len({path.relation for path in paths}) / 2] if paths else []
    assert found["lir"] == pytest.approx(np.mean(recency))
    assert found["etd"] == pytest.approx(np.mean(diversity))
    assert found["sep"] == pytest.approx(np.mean(popular))


def test_without_times_there_is_no_recency() -> None:
    rng = np.random.default_rng(0)
    facts, model = path_world(rng)
    known = random_interactions(rng, 4, N_ITEMS, 16, timed=False)
    found = explanation_measures(model, known, np.array([0, 1]), np.array([[0, 1], [2, 3]]), facts)
    assert "lir" not in found
    assert found.keys() >= {"sep", "etd", "deletion_error"}


def test_without_paths_nothing_is_said_of_them() -> None:
    rng = np.random.default_rng(0)
    _, model = path_world(rng)
    plain = replace(model, channels=model.channels[:1], gates=Gates.common(np.array([1.0]), 0.1))
    known = random_interactions(rng, 4, N_ITEMS, 16)
    found = explanation_measures(plain, known, np.array([0, 1]), np.array([[0, 1], [2, 3]]), Facts.none())
    assert found.keys() == {
        "path_share",
        "fact_share",
        "coverage_10",
        "best_3_entities",
        "best_3_past_items",
        "fidelity",
    }
    assert found["path_share"] == found["fidelity"] == found["best_3_entities"] == 0.0
    assert found["best_3_past_items"] > 0


def test_popularity_is_among_nodes_of_one_type_and_among_all() -> None:
    # Items 0..3; 0, 1 and 2 are by node 4, 3 by node 5; all of them have genre 6. Item 0 leads to item 1; 7 is alone.
    facts = Facts(
        np.array([0, 1, 2, 3, 0, 1, 2, 3, 0]),
        np.array([0, 0, 0, 0, 1, 1, 1, 1, 2]),
        np.array([4, 4, 4, 5, 6, 6, 6, 6, 1]),
        ("by", "genre", "sequel"),
    )
    popularity = EntityPopularity(facts, np.array([7, 0, 0, 0, 0, 0, 0, 0]))
    expected = shared_entity_popularity([10, 3, 2, 2, 3, 1, 4])  # of the items, then of the others
    np.testing.assert_allclose(popularity.of_all, [*expected, 0.0])
    assert (expected[0], expected[5]) == (1.0, 0.0)
    # What `by` leads to: 4 and 5, with 3 and 1 edges; what has a genre: items 0 to 3; what item 0 leads to: itself.
    ends = (SHARED_TAIL, 0, 4), (SHARED_TAIL, 0, 5), (SHARED_HEAD, 1, 0), (SHARED_HEAD, 1, 3)
    found = popularity.of_paths([ShownPath(9, *end, 1.0) for end in ends])
    among_items = shared_entity_popularity([10, 3, 2, 2])
    np.testing.assert_allclose(found, [1.0, 0.0, among_items[0], among_items[3]])


def test_who_took_an_item_counts_as_its_edges() -> None:
    facts = Facts(np.array([0, 1]), np.array([0, 0]), np.array([2, 2]), ("before",))
    lead = [EntityPopularity(facts, np.array(taken)) for taken in ([5, 0, 0], [0, 5, 0])]
    paths = [ShownPath(9, EDGE_FROM_PAST, 0, entity, 1.0) for entity in (0, 1)]
    found = [one.of_paths(paths).tolist() for one in lead]
    assert found == [[1.0, 0.0], [0.0, 1.0]]


def test_shares_of_no_list_are_none() -> None:
    assert ListShares().means == ListShares().by_evidence == {}
