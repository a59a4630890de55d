"""What every maker of a channel must fulfil."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.learn.channels.plugin_channels import ChannelMaker
from kgrec.scoring.matrix_kinds import matrix_class

_USERS, _ITEMS, _ENTITIES = 12, 10, 3


class ChannelContract:
    """Tests of a maker; a subclass whose name starts with ``Test`` has the fixture ``maker`` that returns it.

    .. code-block:: python

        class TestMyChannel(ChannelContract):
            @pytest.fixture
            def maker(self) -> ChannelMaker:
                return my_channel
    """

    @pytest.mark.parametrize("kind", ["whole", "without times", "without facts and texts", "without interactions"])
    def test_it_makes_a_finite_matrix_over_all_items(self, maker: ChannelMaker, kind: str) -> None:
        everything = np.arange(_ITEMS)
        block = maker(_dataset(kind)).block(everything, everything)
        assert block.shape == (_ITEMS, _ITEMS)
        assert np.isfinite(block).all()

    def test_the_same_data_give_the_same_matrix(self, maker: ChannelMaker) -> None:
        everything = np.arange(_ITEMS)
        first, again = (maker(_dataset("whole")).block(everything, everything) for _ in range(2))
        np.testing.assert_array_equal(first, again)

    def test_a_bundle_can_keep_the_matrix(self, maker: ChannelMaker) -> None:
        matrix, everything = maker(_dataset("whole")), np.arange(_ITEMS)
        again = matrix_class(matrix.kind).from_arrays(matrix.arrays(), _ITEMS)
        block = matrix.block(everything, everything)
        np.testing.assert_allclose(again.block(everything, everything), block, rtol=1e-5)

    def test_the_data_are_as_they_were(self, maker: ChannelMaker) -> None:
        dataset, untouched = _dataset("whole"), _dataset("whole")
        maker(dataset)
        for name in ("user", "item", "time", "weight", "kind", "platform"):
            np.testing.assert_array_equal(
                getattr(dataset.interactions, name), getattr(untouched.interactions, name), err_msg=name
            )


def _dataset(kind: str) -> Dataset:
    """A few users, items of which the last has no interaction, and facts."""
    rng = np.random.default_rng(0)
    pairs = [(user, int(item)) for user in range(_USERS) for item in rng.choice(_ITEMS - 1, 3, replace=False)]
    user, item = np.array(pairs if kind != "without interactions" else np.zeros((0, 2), np.int64)).T
    time = None if kind == "without times" else np.arange(len(user)) * 3_600.0
    bare = kind == "without facts and texts"
    nodes = [f"Item:i{n}" for n in range(_ITEMS)] + [f"Entity:e{n}" for n in range(_ENTITIES)]
    head, tail = np.arange(_ITEMS), _ITEMS + np.arange(_ITEMS) % _ENTITIES
    return Dataset(
        users=Vocabulary(f"u{n}" for n in range(_USERS)),
        items=Vocabulary(f"i{n}" for n in range(_ITEMS)),
        nodes=Vocabulary(nodes),
        interactions=Interactions.of_pairs(user, item, time),
        facts=Facts.none() if bare else Facts(head, np.zeros(_ITEMS, np.int64), tail, ("HAS",)),
        names=tuple(nodes),
        texts=tuple("" if bare else f"about {name}" for name in nodes),
    )
