"""Nothing that a part adds to an item is more than its bounds say, and they say something."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import sparse

from kgrec.scoring import item_blocks
from kgrec.scoring.bounded_parts import BoundedPart, LowRankPart, RemainingPart, Weighted
from kgrec.scoring.item_blocks import ItemBlocks
from kgrec.scoring.low_rank_bounds import LowRankBounds
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.reach import Remainder

N = 60
ITEMS = np.arange(10, N)


def parts(seed: int) -> Iterator[tuple[ItemBlocks, BoundedPart, np.ndarray]]:
    """Blocks, one part of each kind, and what it adds to each item of the catalogue."""
    rng = np.random.default_rng(seed)
    source, target = (rng.normal(size=(N, 4)).astype(np.float32) for _ in range(2))
    target += np.repeat(rng.normal(size=(N // 10, 4)).astype(np.float32), 10, axis=0) * 3
    prior = rng.normal(size=N).astype(np.float32)
    blocks = ItemBlocks.of(ITEMS, prior[ITEMS], target[ITEMS])
    yield blocks, Weighted(0.4, prior, blocks.largest(prior)), 0.4 * prior.astype(np.float64)
    past = sparse.csr_matrix(([1.0, 0.5], ([0, 0], [3, 5])), shape=(1, N))
    bounds = LowRankBounds.of(LowRankMatrix(source, target), ITEMS)
    said = bounds.said(past)
    assert said is not None
    low_rank = LowRankPart(said, 0.7, blocks.balls(target, bounds.mean))
    yield blocks, low_rank, 0.7 * (target.astype(np.float64) @ said.user)
    adds = rng.random(N)
    yield blocks, RemainingPart(Remainder(1.0, lambda rows: adds[rows]), 0.3), 0.3 * adds


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_hold(kind: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_blocks, "_ITEMS", 4)
    blocks, part, adds = list(parts(seed))[kind]
    np.testing.assert_allclose(part.of_items(ITEMS), adds[ITEMS], atol=1e-9)
    every = np.arange(len(blocks))
    places, block = blocks.places(every)
    items = blocks.items[places]
    in_blocks = np.broadcast_to(part.at_most_in_blocks(), len(blocks))
    of_items = np.broadcast_to(part.at_most_of(places, block, items), len(items))
    nearly, exact = part.nearly(items), part.of_items(items)
    assert (nearly >= exact - 1e-12).all()
    assert (nearly <= exact + 1e-3).all()
    assert (of_items >= exact - 1e-12).all()
    assert (in_blocks[block] >= of_items - 1e-12).all()
    assert part.at_most >= exact.max()
    assert part.at_most <= 3 * np.abs(exact).max(), "bounds that say nothing test nothing"
    if kind == 1:
        assert in_blocks.min() < exact.max(), "no block would ever be passed over"
