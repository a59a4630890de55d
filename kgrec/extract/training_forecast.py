"""What training will refuse, foreseen from the records before anything is imported."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kgrec.data.dataset import Interactions
from kgrec.data.splits import hold_out


def refusals(taken: Interactions) -> Iterator[tuple[str, int, int]]:
    """What training needs and will not find: in words, how many there are, and of how many interactions.

    Whether anything can be held out to choose settings on is asked of the function that training uses, so with the
    default seed the answer is the same.

    Args:
        taken: interactions that speak for their items; users and items are numbered in the order of their ids.
    """
    several = len(np.unique(taken.item))
    if several < 2:
        yield "several items with interactions, to choose between", several, len(taken)
        return
    train, held = hold_out(taken)
    if not np.isin(held.item, train.item).any():
        yield "users with a few items each, of which some are held out to choose settings on", len(held), len(taken)
