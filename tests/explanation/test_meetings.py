"""What goes through each entity in which past items and an item meet, and who of the past items has it."""

from __future__ import annotations

import numpy as np

from kgrec.explanation.meetings import Meetings
from kgrec.scoring.path_terms import PathTerms

LEE, FRANCE, OWN = 7, 4, 1


def test_meetings_are_added_up_entity_by_entity() -> None:
    """Director and writer Lee, the country, and an edge to a past item, which is no meeting in an entity."""
    values = np.array([[0.5, 0.25, 0.1, 9.0], [0.0, 0.0, 0.3, 0.0], [-1.0, 0.0, 0.0, 0.0]])
    entity = np.array([LEE, LEE, FRANCE, OWN])
    terms = PathTerms(np.array([0, 0, 0, 2], np.int8), np.arange(4, dtype=np.int32), entity, values)
    found = Meetings.of(terms, np.array([0, 1, 2]))
    assert found.entities.tolist() == [FRANCE, LEE]
    np.testing.assert_allclose(found.sums, [0.4, -0.25])
    np.testing.assert_allclose(found.of_past, [[0.1, 0.75], [0.3, 0.0], [0.0, -1.0]])
    assert [found.features(n).tolist() for n in range(2)] == [[2], [0, 1]]
    assert [found.past(n).tolist() for n in range(2)] == [[1, 0], [2, 0]]


def test_there_may_be_none() -> None:
    terms = PathTerms(np.zeros(0, np.int8), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros((2, 0)))
    found = Meetings.of(terms, np.zeros(0, np.int64))
    assert (len(found.entities), len(found.sums), found.of_past.shape) == (0, 0, (2, 0))
