"""Kinds of interactions in a funnel: those that take an item, such as a purchase, and those that only meet it.

Ann viewed a and b, put b in her cart and bought b; what she buys next is to be found
takes: buy      taken: b      met, to be found again: a      never met: all others
"""

from __future__ import annotations

from collections.abc import Collection
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
    interactions: Interactions, kinds: Collection[str], seed: int = 0
) -> tuple[Interactions, Interactions]:
    """Train, and for validation the taking of each user's last item that they took: the last purchase, say.

    What they did with that item before stays in train, as it is known when the purchase is to be found.
    """
    train, held = hold_out_last(interactions, kinds, seed)
    taking, met = _apart(held, frozenset(kinds))
    return train.joined(met), taking


def finding(split: Split, kinds: frozenset[str]) -> Split:
    """The split in which only interactions of some kinds are to be found; what their users had done before is known."""
    (valid, met_before), (test, met_between) = _apart(split.valid, kinds), _apart(split.test, kinds)
    between = met_between if split.between is None else split.between.joined(met_between)
    return replace(split, train=split.train.joined(met_before), valid=valid, test=test, between=between)


def split_in_time(interactions: Interactions, predict: str, seed: int) -> Split:
    """The last fifth of what each user did as the test, the tenth before it as validation.

    Args:
        predict: kinds that are to be found, see :func:`kinds_named`; empty for all.

    Raises:
        ConfigError: a time is unknown, or nothing was done in one of the kinds.
    """
    split = time_split_per_user(interactions, valid=0.1, test=0.2, seed=seed)
    kinds = kinds_named(predict, interactions)
    return finding(split, kinds) if kinds else split


def _apart(held_out: Interactions, kinds: frozenset[str]) -> tuple[Interactions, Interactions]:
    """What is of some kinds, and what else their users had done before; all of it where times are unknown."""
    taking = of_kinds(held_out, kinds)
    return taking, of_kinds(held_out, held_out.kinds_present - kinds).before(taking)


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
