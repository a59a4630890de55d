"""What everything that ranks items must fulfil, so that it can be measured like kgrec."""

from __future__ import annotations

import numpy as np

from kgrec.metrics.rankers import Ranker


class RankerContract:
    """Tests of a ranker; a subclass whose name starts with ``Test`` has two fixtures.

    ``ranker`` makes it, fitted, and ``shape`` says for how many users and items.

    .. code-block:: python

        class TestMyRanker(RankerContract):
            @pytest.fixture
            def ranker(self) -> Ranker:
                return MyRanker.fit(train, 5, 7)

            @pytest.fixture
            def shape(self) -> tuple[int, int]:
                return 5, 7
    """

    def test_scores_of_all_items_for_the_users_that_are_asked_for(self, ranker: Ranker, shape: tuple[int, int]) -> None:
        n_users, n_items = shape
        assert ranker.scores(np.arange(n_users)).shape == (n_users, n_items)
        assert ranker.scores(np.arange(n_users)[1:2]).shape == (1, n_items)

    def test_scores_are_finite_floats(self, ranker: Ranker, shape: tuple[int, int]) -> None:
        scores = ranker.scores(np.arange(shape[0]))
        assert scores.dtype.kind == "f"
        assert np.isfinite(scores).all()

    def test_users_are_scored_alike_together_and_alone(self, ranker: Ranker, shape: tuple[int, int]) -> None:
        users = np.arange(shape[0])
        together = ranker.scores(users).copy()
        for user in users:
            np.testing.assert_allclose(ranker.scores(users[user : user + 1])[0], together[user], atol=1e-5, rtol=1e-5)

    def test_overwriting_what_it_gave_changes_nothing(self, ranker: Ranker, shape: tuple[int, int]) -> None:
        users = np.arange(shape[0])
        scores = ranker.scores(users)
        before = scores.copy()
        scores[:] = -np.inf
        np.testing.assert_array_equal(ranker.scores(users), before)
