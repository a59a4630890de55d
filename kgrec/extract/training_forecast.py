"""What training will refuse, foreseen from the records before anything is imported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from kgrec.data.dataset import Interactions
from kgrec.data.splits import hold_out
from kgrec.data.vocabulary import Vocabulary

Taken = tuple[str, str, float | None]
"""User, item and time of an interaction that speaks for its item."""


def refusals(users: Collection[str], items: Collection[str], taken: Sequence[Taken]) -> Iterator[tuple[str, int, int]]:
    """What training needs and will not find: in words, how many there are, and of how many interactions.

    Whether anything can be held out to choose settings on is asked of the function that training uses, so with the
    default seed the answer is the same.

    Args:
        users, items: ids.
        taken: of these users and items.
    """
    several = {item for _, item, _ in taken}
    if len(several) < 2:
        yield "several items with interactions, to choose between", len(several), len(taken)
        return
    train, held = hold_out(
        Interactions.of_pairs(
            Vocabulary(sorted(users)).rows([user for user, _, _ in taken]),
            Vocabulary(sorted(items)).rows([item for _, item, _ in taken]),
            np.array([np.nan if time is None else time for _, _, time in taken], np.float64),
        )
    )
    if not np.isin(held.item, train.item).any():
        yield "users with a few items each, of which some are held out to choose settings on", len(held), len(taken)
