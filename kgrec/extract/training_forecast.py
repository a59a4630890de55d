"""What training will refuse, foreseen from the records before anything is imported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from kgrec.data.dataset import Interactions
from kgrec.data.splits import hold_out
from kgrec.data.vocabulary import Vocabulary

MIN_ITEMS = 2
"""With one item there is nothing to choose from."""


def refusals(
    users: Collection[str], items: Collection[str], taken: Sequence[tuple[str, str, float | None]]
) -> Iterator[tuple[str, int, int]]:
    """What training needs and does not find: a sentence, how many there are and how many are needed at least.

    Whether anything can be held out for validation is asked of the very function that training uses, so the answer is
    the same with the default seed.

    Args:
        users, items: ids.
        taken: interactions of these users with these items: user, item, time.
    """
    known = {item for _, item, _ in taken}
    if not taken:
        yield "interactions to learn from", 0, 1
        return
    if len(known) < MIN_ITEMS:
        yield "items with interactions", len(known), MIN_ITEMS
        return
    if not np.isin(*_held_out_and_trained(users, items, taken)).any():
        yield "users with several items each, so that some can be held out for validation", 0, 1


def _held_out_and_trained(
    users: Collection[str], items: Collection[str], taken: Sequence[tuple[str, str, float | None]]
) -> tuple[np.ndarray, np.ndarray]:
    """Items of the validation part, and those of the training part."""
    size = len(taken)
    train, held = hold_out(
        Interactions(
            user=Vocabulary(sorted(users)).rows([user for user, _, _ in taken]),
            item=Vocabulary(sorted(items)).rows([item for _, item, _ in taken]),
            time=np.array([np.nan if time is None else time for _, _, time in taken], np.float64),
            weight=np.ones(size, np.float32),
            kind=np.zeros(size, np.int64),
            platform=np.zeros(size, np.int64),
            kinds=("any",),
            platforms=("any",),
        )
    )
    return held.item, train.item
