"""Kinds of interactions in a funnel: those that take an item, such as a purchase, and those that only meet it.

Ann viewed a and b, put b in her cart and bought b; what she buys next is to be found
takes: buy      taken: b      met, to be found again: a      never met: all others
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.data.dataset import IntArray, Interactions
from kgrec.data.splits import Split, hold_out_last, time_split_per_user
from kgrec.errors import ConfigError


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


def kinds_named(names: str, interactions: Interactions) -> frozenset[str]:
    """The kinds of a text such as ``buy, rent``; none of an empty one.

    Raises:
        ConfigError: nothing was done in one of them.
    """
    kinds = frozenset(filter(None, map(str.strip, names.split(","))))
    if unknown := sorted(kinds - interactions.kinds_present):
        raise ConfigError(
            "there is nothing of this kind to predict.",
            where="setting predict",
            found=", ".join(unknown),
            expected=f"kinds of interactions that there are: {', '.join(sorted(interactions.kinds_present))}",
            next="correct it, or leave it empty to predict interactions of all kinds",
        )
    return kinds


def hold_out_taken(
    interactions: Interactions, kinds: frozenset[str], seed: int = 0
) -> tuple[Interactions, Interactions]:
    """Train, and for validation each user's last item that they took: the last purchase, say.

    What they did in other kinds before that moment is in train, with that item too; what they did later is in neither.
    """
    train, held = hold_out_last(of_kinds(interactions, kinds), kinds, seed)
    split = with_meetings(Split(train, held, held.select(np.zeros(len(held), np.bool_))), interactions, kinds)
    return split.train, split.valid


def with_meetings(split: Split, interactions: Interactions, kinds: frozenset[str]) -> Split:
    """A split of what users took, with what else they had done before the first that is to be found.

    Where times are unknown that is all of it. What they did between validation and test is in ``between``.

    Args:
        split: of the interactions of some kinds.
        interactions: of all kinds.
    """
    others = of_kinds(interactions, interactions.kinds_present - kinds)
    n_users = int(interactions.user.max(initial=-1)) + 1
    first_held, first_tested = (
        part.first_times(n_users)[others.user] for part in (split.valid.joined(split.test), split.test)
    )
    before_all, before_test = ~(others.time >= first_held), ~(others.time >= first_tested)
    return replace(
        split,
        train=split.train.joined(others.select(before_all)),
        between=others.select(before_test & ~before_all),
    )


def split_in_time(interactions: Interactions, predict: str, seed: int) -> Split:
    """The last fifth of what each user did as the test, the tenth before it as validation.

    Args:
        predict: kinds that are to be found, see :func:`kinds_named`, of which the shares are; empty for all.

    Raises:
        ConfigError: a time is unknown, or nothing was done in one of the kinds.
    """
    kinds = kinds_named(predict, interactions)
    wanted = of_kinds(interactions, kinds) if kinds else interactions
    split = time_split_per_user(wanted, valid=0.1, test=0.2, seed=seed)
    return with_meetings(split, interactions, kinds) if kinds else split


def of_kinds(interactions: Interactions, kinds: frozenset[str]) -> Interactions:
    """The interactions of some kinds."""
    wanted = np.array([kind in kinds for kind in interactions.kinds], np.bool_)
    return interactions if wanted.all() else interactions.select(wanted[interactions.kind])


def without_pairs(interactions: Interactions, others: Interactions) -> Interactions:
    """The interactions of a user with an item that the user has nothing with in ``others``."""
    return interactions.select(~np.isin(_pairs(interactions), _pairs(others)))


def _pairs(interactions: Interactions) -> IntArray:
    """A number for each pair of a user and an item, the same in all interactions."""
    return (interactions.user << 32) + interactions.item
