"""The channel of what people elsewhere take together: against the ridge over all their rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import SourceError
from kgrec.learn.channels.ease import ease
from kgrec.learn.federated.elsewhere import channel_of_sums, ridge_of_sums
from kgrec.learn.federated.item_sums import ItemSums
from kgrec.learn.federated.noise import noised
from kgrec.learn.fit import fit
from kgrec.scoring.channel_names import ELSEWHERE
from kgrec.scoring.evidence import TAKEN_TOGETHER, evidence_of
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import genre_world, quick

RNG = np.random.default_rng(0)
DATA = Interactions.of_pairs(RNG.integers(0, 50, 600), RNG.integers(0, 20, 600))
ITEMS = Vocabulary(f"i{n}" for n in range(20))


def test_it_is_the_ridge_over_all_rows() -> None:
    parts = [ItemSums.of(DATA.select(DATA.user % 3 == n), 50, ITEMS, list(ITEMS), float("inf")) for n in range(3)]
    together = parts[0].plus(parts[1]).plus(parts[2])
    central = ItemSums.of(DATA, 50, ITEMS, list(ITEMS), float("inf"))
    np.testing.assert_allclose(ridge_of_sums(together.gram, 2.0), ridge_of_sums(central.gram, 2.0), atol=1e-9)
    by_rows = ease(DATA.matrix(50, 20), 2.0, item_exponent=0.5).toarray()
    np.testing.assert_allclose(ridge_of_sums(together.gram, 2.0), by_rows, atol=1e-5)


def test_noise_leaves_weights_that_are_numbers() -> None:
    sums = noised(ItemSums.of(DATA, 50, ITEMS, list(ITEMS), 1.0), 30.0, np.random.default_rng(1))
    assert (np.linalg.eigvalsh(sums.gram) < 0).any()
    weights = ridge_of_sums(sums.gram, 0.1)
    assert np.isfinite(weights).all()
    assert not weights.diagonal().any()


def test_it_is_laid_over_the_catalogue_by_ids(tmp_path: Path) -> None:
    common = ["i5", "elsewhere only", "i2", "i9"]
    there = Vocabulary([*ITEMS, "elsewhere only"])
    sums = ItemSums.of(DATA, 50, there, common, float("inf"))
    sums.save(tmp_path / "a.sums")
    (channel,) = channel_of_sums(str(tmp_path / "a.sums"), ITEMS, HistoryWeights())
    weights = channel.matrix.block(np.arange(20), np.arange(20))
    assert sorted(set(np.flatnonzero(weights.any(axis=0)).tolist())) == [2, 5, 9]
    expected = ridge_of_sums(sums.gram[np.ix_([0, 2, 3], [0, 2, 3])], 4.0)
    np.testing.assert_allclose(weights[np.ix_([5, 2, 9], [5, 2, 9])], expected, atol=1e-7)
    assert evidence_of(channel.name) == TAKEN_TOGETHER
    assert channel_of_sums("", ITEMS, HistoryWeights()) == []
    with pytest.raises(SourceError, match="of no item of this one"):
        channel_of_sums(str(tmp_path / "a.sums"), Vocabulary(["x"]), HistoryWeights())


@pytest.mark.usefixtures("one_gate_search")
def test_a_small_platform_learns_from_a_large_one(tmp_path: Path) -> None:
    """Forty people here, three hundred elsewhere, the same tastes."""
    large = genre_world(np.random.default_rng(1), n_users=300, n_items=40, taken=6, texts=False)
    small = genre_world(np.random.default_rng(2), n_users=40, n_items=40, taken=4, texts=False)
    small = replace(small, facts=Facts.none())
    ItemSums.of(large.interactions, 300, large.items, list(large.items), float("inf")).save(tmp_path / "a.sums")
    config = quick(epochs=1, num_layers=0)
    alone = fit(small, config, refit_on_all=False)
    with_others = fit(small, config.model_copy(update={"sums": str(tmp_path / "a.sums")}), refit_on_all=False)
    names = [channel.name for channel in with_others.model.channels]
    assert ELSEWHERE in names
    assert ELSEWHERE not in [channel.name for channel in alone.model.channels]
    assert with_others.model.gates.by_history.channels[:, :, names.index(ELSEWHERE)].any()
    assert with_others.metrics["fused"] > alone.metrics["fused"]
