"""Products under two ids are one item of the split, and nobody is measured by what they own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.splits import Split
from kgrec_benchmarks.protocols.same_products import with_one_id
from tests.support.datasets import dataset_of

ITEMS, USERS = 8, 8


def done(*rows: tuple[int, int]) -> Interactions:
    """What users took; odd items are of platform b."""
    pairs = Interactions.of_pairs([user for user, _ in rows], [item for _, item in rows])
    return replace(pairs, platform=pairs.item % 2, platforms=("a", "b"))


def world() -> tuple[Dataset, Split]:
    """Items 0 and 1 are one product, which four users took twice; 2 and 3 are one, which nobody could tell."""
    train = done(*((user, item) for user in range(4) for item in (0, 1)), (4, 0), (5, 0), (6, 2), (7, 4))
    split = Split(train, done((4, 1), (5, 3)), done((5, 1), (6, 3), (7, 1), (7, 5)))
    return dataset_of(train.joined(split.valid).joined(split.test), USERS, ITEMS), split


def rows(part: Interactions) -> list[tuple[int, int]]:
    return sorted(zip(part.user.tolist(), part.item.tolist(), strict=True))


def test_what_is_found_is_one_item_of_both_platforms() -> None:
    data, split, counts = with_one_id(*world(), None)
    assert counts == {"same products, found": 1}
    assert 1 not in split.train.item
    assert 1 not in data.interactions.item
    assert {(0, 0), (0, 1)} <= set(zip(split.train.item.tolist(), split.train.platform.tolist(), strict=True))
    assert rows(split.valid) == [(5, 3)], "user 4 has the product already"
    assert rows(split.test) == [(6, 3), (7, 0), (7, 5)], "user 5 too"


def test_what_the_set_states_is_left_out_of_the_test_alone() -> None:
    data, split = world()
    _, found, counts = with_one_id(data, split, np.array([[0, 1], [2, 3]]))
    assert rows(found.test) == [(7, 0), (7, 5)]
    assert 3 in found.valid.item
    assert counts == {
        "same products, found": 1,
        "same products, stated": 2,
        "same products, found of those stated": 1,
        "held-out rows of products owned under the other id": 2,
    }


def test_the_test_tells_of_no_product() -> None:
    data, split = world()
    held_out = Split(done((0, 4)), done((1, 4)), split.train)
    assert with_one_id(data, held_out, None)[2] == {"same products, found": 0}
    assert with_one_id(data, held_out, None)[1].test is split.train
