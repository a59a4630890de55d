"""Kinds of interactions in a funnel: those that take an item, such as a purchase, and those that only meet it.

Ann viewed a and b, put b in her cart and bought b; what she buys next is to be found
takes: buy      taken: b      met, to be found again: a      never met: all others
"""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import IntArray, Interactions


def taking_kinds(train: Interactions, held_out: Interactions) -> frozenset[str]:
    """The kinds of interactions after which nobody is to find the item again.

    These are all that occur, but where what is held out is of some kinds only and its users had met some of it in
    others: then these some.
    """
    kinds = train.kinds_present | held_out.kinds_present
    wanted = held_out.kinds_present
    if not wanted < kinds:
        return kinds
    met = np.intersect1d(_pairs(train), _pairs(held_out))
    taken = np.intersect1d(_pairs(of_kinds(train, wanted)), _pairs(held_out))
    return wanted if len(met) > len(taken) else kinds


def of_kinds(interactions: Interactions, kinds: frozenset[str]) -> Interactions:
    """The interactions of some kinds."""
    wanted = np.array([kind in kinds for kind in interactions.kinds], np.bool_)
    return interactions.select(wanted[interactions.kind])


def without_pairs(interactions: Interactions, others: Interactions) -> Interactions:
    """The interactions of a user with an item that the user has nothing with in ``others``."""
    return interactions.select(~np.isin(_pairs(interactions), _pairs(others)))


def _pairs(interactions: Interactions) -> IntArray:
    """A number for each pair of a user and an item, the same in all interactions."""
    return (interactions.user << 32) + interactions.item
