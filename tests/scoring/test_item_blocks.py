"""Blocks have each item once, know what is largest in them, and hold what is alike together."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.scoring import item_blocks
from kgrec.scoring.item_blocks import ItemBlocks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_blocks, "_ITEMS", 4)


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 200])
@pytest.mark.parametrize("d", [0, 3])
def test_each_item_is_in_one_block(n: int, d: int) -> None:
    rng = np.random.default_rng(n)
    items = np.sort(rng.choice(300, n, replace=False))
    vectors = rng.normal(size=(300, d)).astype(np.float32)
    prior = rng.normal(size=300).astype(np.float32)
    blocks = ItemBlocks.of(items, prior[items], vectors[items])
    assert sorted(blocks.items.tolist()) == items.tolist()
    assert blocks.sizes.sum() == n
    assert (blocks.sizes > 0).all()
    assert (blocks.sizes <= 2 * 4).all()
    each = np.split(blocks.items, blocks.starts[1:]) if n else []
    assert blocks.largest(prior).tolist() == [float(prior[one].max()) for one in each]
    asked = np.arange(len(blocks))[::-2]
    places, block = blocks.places(asked)
    assert blocks.items[places].tolist() == [item for block in asked.tolist() for item in each[block].tolist()]
    assert block.tolist() == [block for block in asked.tolist() for _ in each[block]]
    balls = blocks.balls(vectors, np.full(d, 0.25))
    of_blocks = zip(each, np.split(balls.distances, blocks.starts[1:]), balls.centres, balls.radii, strict=False)
    for one, distances, centre, radius in of_blocks:
        away = vectors[one].astype(np.float64) - 0.25
        np.testing.assert_allclose(centre, away.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(distances, np.linalg.norm(away - centre, axis=1), atol=1e-9)
        assert radius == distances.max()


def test_the_most_popular_stand_first_and_what_is_alike_stands_together() -> None:
    rng = np.random.default_rng(0)
    prior = np.arange(200, dtype=np.float32)
    kind = rng.integers(0, 5, 200)
    vectors = (10 * np.eye(5)[kind] + 0.01 * rng.normal(size=(200, 5))).astype(np.float32)
    blocks = ItemBlocks.of(np.arange(200), prior, vectors)
    assert set(blocks.items[:16].tolist()) == set(range(184, 200)), "the first stratum"
    assert np.median(blocks.balls(vectors, np.zeros(5)).radii) < 0.1
    again = ItemBlocks.of(np.arange(200), prior, vectors)
    np.testing.assert_array_equal(again.items, blocks.items)
