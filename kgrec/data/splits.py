"""Splits of interactions into train, validation and test.

Promises, tested as properties: no user-item pair is in two parts, the parts together are everything that was given,
every user who has anything keeps something in train, and in a time-ordered split no user's train item is later than a
test item of theirs. All are decided by pairs: several interactions of a user with one item stay together.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import ConfigError

_TRAIN, _VALID, _TEST = 0, 1, 2
_PARTS = 10


@dataclass(frozen=True)
class Split:
    """Three parts of the same interactions: train, validation and test.

    Attributes:
        between: what was done after the validation and is known at the test; no settings are chosen with it. None is
            nothing.
    """

    train: Interactions
    valid: Interactions
    test: Interactions
    between: Interactions | None = None

    @property
    def known(self) -> Interactions:
        """Everything that is known at the test."""
        known = self.train.joined(self.valid)
        return known if self.between is None else known.joined(self.between)

    @property
    def cut_off(self) -> float:
        """Unix seconds at which everything else is known and the test begins; now where times are no seconds."""
        return float(self.test.time.min()) if self.test.in_unix_seconds else time.time()

    def __repr__(self) -> str:
        return f"Split({len(self.train)} train, {len(self.valid)} valid, {len(self.test)} test)"


def random_split(interactions: Interactions, valid: float = 0.1, test: float = 0.2, seed: int = 0) -> Split:
    """Random shares of each user's items for validation and test, the rest for train.

    Args:
        valid, test: shares of each user's items, rounded to whole items by chance, so that the shares hold in the mean.

    Raises:
        ConfigError: shares that leave nothing for train.
    """
    _check_shares(valid, test)
    pairs = _Pairs(interactions)
    rng = np.random.default_rng(seed)
    place = pairs.place_in_user(rng.random(len(pairs.user)))
    return pairs.split(_cut(pairs, place, _rounded(pairs.count * valid, rng), _rounded(pairs.count * test, rng)))


def k_fold(interactions: Interactions, folds: int = 5, valid: float = 0.1, seed: int = 0) -> Iterator[Split]:
    """Each user's items dealt out into folds; every fold is the test set once.

    A user with a single item has it in train in every fold; with fewer items than folds, the user is in the test sets
    of that many folds only.

    Args:
        valid: share of what is left for train that becomes validation.

    Raises:
        ConfigError: fewer than two folds, or shares that leave nothing for train.
    """
    if folds < 2:
        raise _bad_setting("folds", folds, "at least 2")
    _check_shares(valid, 0.0)
    pairs = _Pairs(interactions)
    rng = np.random.default_rng(seed)
    place = pairs.place_in_user(rng.random(len(pairs.user)))
    # Each user starts at a fold of their own, so that short histories do not all fall into the first folds.
    fold = (place + rng.integers(0, folds, len(pairs.count))[pairs.user]) % folds
    for number in range(folds):
        in_test = fold == number
        n_test = np.bincount(pairs.user[in_test], minlength=len(pairs.count))
        n_valid = _rounded((pairs.count - n_test) * valid, rng)
        yield pairs.split(_cut(pairs, pairs.place_in_user(rng.random(len(place)), in_test), n_valid, n_test))


def leave_one_out(interactions: Interactions, seed: int = 0) -> Split:
    """Test on each user's last item and validate on the one before; random ones where time is unknown.

    A user with two items has one in train and one in test; a user with one has it in train.
    """
    pairs = _Pairs(interactions)
    chance = np.random.default_rng(seed).random(len(pairs.user))
    place = pairs.place_in_user(*((chance, pairs.time) if interactions.has_time else (chance,)))
    return pairs.split(_cut(pairs, place, (pairs.count >= 3).astype(np.int64), (pairs.count >= 2).astype(np.int64)))


def time_split_per_user(interactions: Interactions, valid: float = 0.1, test: float = 0.2, seed: int = 0) -> Split:
    """The last share of each user's items is the test set, the share before it validation.

    An item's time is that of the user's last interaction with it. Among equal times the seed decides.

    Raises:
        ConfigError: shares that leave nothing for train, or unknown times.
    """
    _check_shares(valid, test)
    _check_time(interactions)
    pairs = _Pairs(interactions)
    rng = np.random.default_rng(seed)
    place = pairs.place_in_user(rng.random(len(pairs.user)), pairs.time)
    return pairs.split(_cut(pairs, place, _rounded(pairs.count * valid, rng), _rounded(pairs.count * test, rng)))


def time_split_global(interactions: Interactions, valid_from: float, test_from: float) -> Split:
    """Everything from one moment on is validation, from a later one on the test set: what a running system meets.

    An item's time is that of the user's last interaction with it. A user whose items all lie after a cut-off keeps the
    earliest in train, as nobody without any history can be ranked; among equal times the lowest item row.

    Args:
        valid_from, test_from: unix seconds, ``valid_from <= test_from``.

    Raises:
        ConfigError: cut-offs in the wrong order, or unknown times.
    """
    if valid_from > test_from:
        raise _bad_setting("valid_from", valid_from, f"at most test_from, {test_from:g}")
    _check_time(interactions)
    pairs = _Pairs(interactions)
    part = np.where(pairs.time >= test_from, _TEST, np.where(pairs.time >= valid_from, _VALID, _TRAIN))
    part[pairs.place_in_user(pairs.item, pairs.time) == 0] = _TRAIN
    return pairs.split(part)


def hold_out(interactions: Interactions, share: float = 0.1, seed: int = 0) -> tuple[Interactions, Interactions]:
    """Train, and a share of each user's items for validation: the latest where time is known, else random ones."""
    cut = time_split_per_user if interactions.has_time else random_split
    split = cut(interactions, valid=share, test=0.0, seed=seed)
    return split.train, split.valid


def hold_out_last(
    interactions: Interactions, kinds: Collection[str], seed: int = 0
) -> tuple[Interactions, Interactions]:
    """Train, and for validation each user's last item that they took in one of some ways: the last they bought, say.

    Everything a user did with that item goes along, so that no view of it betrays it. A user whose only item it is
    keeps it in train. Where times are unknown the seed chooses the item.
    """
    pairs = _Pairs(interactions)
    wanted = np.isin(interactions.kind, [place for place, kind in enumerate(interactions.kinds) if kind in kinds])
    of_kind = np.zeros(len(pairs.user), np.bool_)
    of_kind[pairs.pair_of[wanted]] = True
    chance = np.random.default_rng(seed).random(len(pairs.user))
    place = pairs.place_in_user(chance, np.where(of_kind, pairs.time, -np.inf), of_kind)
    last = of_kind & (place == pairs.count[pairs.user] - 1) & (pairs.count[pairs.user] > 1)
    split = pairs.split(np.where(last, _VALID, _TRAIN))
    return split.train, split.valid


def cut_at_last(interactions: Interactions, kinds: Collection[str]) -> Split:
    """Test on each user's last item that they took in one of some ways, and leave out all that was not done before it.

    The last purchase, say: what a user did at that moment or later is in no part, nor what else they ever did with that
    item, so that no view of it betrays it. Validation is the purchase before, cut off in the same way, and what lies
    between the two is in ``between``. A user who did nothing else before keeps what there is in train.

    Raises:
        ConfigError: a time is unknown.
    """
    _check_time(interactions)
    known, test, _ = _cut_off_last(interactions, kinds)
    train, valid, between = _cut_off_last(known, kinds)
    return Split(train, valid, test, between)


def _cut_off_last(
    interactions: Interactions, kinds: Collection[str]
) -> tuple[Interactions, Interactions, Interactions]:
    """What was done before each user's last item of some kinds, that item, and all the rest."""
    user, item, time = interactions.user, interactions.item, interactions.time
    wanted = np.isin(interactions.kind, [place for place, kind in enumerate(interactions.kinds) if kind in kinds])
    rows = np.flatnonzero(wanted)
    rows = rows[np.lexsort((item[rows], time[rows], user[rows]))]
    of_user = np.full(int(user.max(initial=-1)) + 1, -1)
    of_user[user[rows]] = item[rows]  # the last of each user
    held = wanted & (item == of_user[user])
    moment = interactions.select(held).first_times(len(of_user))
    before = (time < moment[user]) & (item != of_user[user])
    has_more = np.zeros(len(of_user), np.bool_)
    has_more[user[before]] = True
    cut = has_more[user]
    return (
        interactions.select(before | ~cut),
        interactions.select(held & cut),
        interactions.select(cut & ~before & ~held),
    )


def hide(rows: IntArray, fold: int, seed: int) -> IntArray:
    """A random tenth of the distinct rows; the folds of one seed do not overlap.

    Args:
        rows: item or user rows, in any order and number.
        fold: 0 to 9.

    Raises:
        ConfigError: no such fold, or fewer than ten distinct rows.
    """
    distinct = np.unique(rows)
    if not 0 <= fold < _PARTS or len(distinct) < _PARTS:
        raise ConfigError(
            "a tenth cannot be hidden like this.",
            found=f"fold {fold} of {len(distinct)} rows",
            expected=f"a fold from 0 to {_PARTS - 1}, and at least {_PARTS} rows",
            next="use fewer folds or more data",
        )
    hidden: IntArray = np.sort(np.array_split(np.random.default_rng(seed).permutation(distinct), _PARTS)[fold])
    return hidden


class _Pairs:
    """The distinct user-item pairs behind the interactions; ``time`` is the last of each, 0 where times are unknown."""

    def __init__(self, interactions: Interactions) -> None:
        self.interactions = interactions
        n_items = int(interactions.item.max(initial=0)) + 1
        keys, self.pair_of = np.unique(interactions.user * n_items + interactions.item, return_inverse=True)
        self.user, self.item = np.divmod(keys, n_items)
        self.count = np.bincount(self.user)
        self.time = np.zeros(len(keys))
        if interactions.has_time:
            self.time[:] = -np.inf
            np.maximum.at(self.time, self.pair_of, interactions.time)

    def place_in_user(self, *keys: Array) -> IntArray:
        """Place of each pair among the pairs of its user, from 0, sorted by keys, the last key first."""
        order = np.lexsort((*keys, self.user))
        place = np.empty(len(order), np.int64)
        start = np.cumsum(self.count) - self.count
        place[order] = np.arange(len(order)) - start[self.user[order]]
        return place

    def split(self, part: Array) -> Split:
        """The interactions of each part."""
        of_interaction = part[self.pair_of]
        return Split(*(self.interactions.select(of_interaction == which) for which in (_TRAIN, _VALID, _TEST)))


def _cut(pairs: _Pairs, place: IntArray, n_valid: IntArray, n_test: IntArray) -> Array:
    """Part of each pair: a user's last places go to test, those before to validation, and place 0 stays in train."""
    from_end = (pairs.count[pairs.user] - 1) - place
    part = np.full(len(place), _TRAIN)
    part[from_end < (n_test + n_valid)[pairs.user]] = _VALID
    part[from_end < n_test[pairs.user]] = _TEST
    part[place == 0] = _TRAIN
    return part


def _rounded(exact: Array, rng: np.random.Generator) -> IntArray:
    """Whole numbers whose mean is the exact one: up with the chance of the fraction."""
    whole = np.floor(exact)
    return (whole + (rng.random(len(exact)) < exact - whole)).astype(np.int64)


def _check_shares(valid: float, test: float) -> None:
    for name, share in (("valid", valid), ("test", test)):
        if not 0.0 <= share < 1.0:
            raise _bad_setting(name, share, "a share of at least 0 and below 1")
    if valid + test >= 1.0:
        raise _bad_setting("valid + test", valid + test, "below 1, so that something is left for train")


def _check_time(interactions: Interactions) -> None:
    if not interactions.has_time:
        unknown = int(np.isnan(interactions.time).sum())
        raise ConfigError(
            "a time-ordered split needs the time of every interaction.",
            found=f"{unknown} of {len(interactions)} without a time",
            expected="all times known",
            next="use a random split, or give the column that holds the time",
        )


def _bad_setting(name: str, found: float, expected: str) -> ConfigError:
    return ConfigError(
        "a split cannot be made like this.", where=f"setting {name}", found=f"{found:g}", expected=expected
    )


def sample_users(pairs: sparse.csr_matrix, most: int) -> sparse.csr_matrix:
    """The pairs of at most ``most`` of the users who have any, evenly spread, so that a check stays cheap."""
    users = np.flatnonzero(np.diff(pairs.indptr))
    if len(users) <= most:
        return pairs
    kept = np.zeros(pairs.shape[0], np.float32)
    kept[users[:: -(-len(users) // most)]] = 1.0
    sampled = (sparse.diags(kept) @ pairs).tocsr()
    sampled.eliminate_zeros()
    return sampled


def pairs_with(pairs: sparse.csr_matrix, items: Array) -> sparse.csr_matrix:
    """The pairs of users with some items, bool ``(items,)``."""
    kept = (pairs @ sparse.diags(items.astype(np.float32))).tocsr()
    kept.eliminate_zeros()
    return kept


def pairs_without(pairs: sparse.csr_matrix, others: sparse.csr_matrix) -> sparse.csr_matrix:
    """The pairs of users with items that are not among others."""
    left = (pairs - pairs.multiply(others > 0)).tocsr()
    left.eliminate_zeros()
    return left
