"""A world of two tastes, where the right answer is known."""

import numpy as np
import pytest

from kgrec.data.dataset import Interactions

N_USERS, N_ITEMS = 20, 10


@pytest.fixture(name="world")
def two_tastes() -> tuple[Interactions, Interactions]:
    """Even users like even items, odd users odd ones; each has one liked item in the second part.

    Item 0 is also taken by all odd users, so that it is the most popular.
    """
    liked = [(u, i) for u in range(N_USERS) for i in range(N_ITEMS) if i % 2 == u % 2]
    held_out = {(u, 2 * ((u // 2) % 4 + 1) - 2 + u % 2 + (2 if u % 2 == 0 else 0)) for u in range(N_USERS)}
    train = [pair for pair in liked if pair not in held_out] + [(u, 0) for u in range(1, N_USERS, 2)]
    return Interactions.of_pairs(*np.array(train).T), Interactions.of_pairs(*np.array(sorted(held_out)).T)
