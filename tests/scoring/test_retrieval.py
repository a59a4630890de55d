"""When all items are scored after all, and what is worked out once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.scoring import item_blocks, path_matrix, retrieval
from kgrec.scoring.compacting import CompactableModel
from kgrec.scoring.int8_matrices import LowRankInt8Matrix
from kgrec.scoring.matrices import ItemMatrix, SparseMatrix
from kgrec.scoring.mixing import Mix
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.retrieved import Retrieved
from kgrec.scoring.trend import Trend
from tests.support.bundles import random_model
from tests.support.trends import START, random_events, with_trend

N = 40
PAST = Interactions.of_pairs([0, 0, 0], [3, 8, 20], [1.0, 2.0, 3.0])


@pytest.fixture(autouse=True)
def of_small_catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "RETRIEVED_FROM", N)
    monkeypatch.setattr(retrieval, "_MOST_TERMS", 1e9)


def open_model() -> AdditiveModel:
    """All channels open."""
    model = random_model(np.random.default_rng(3), N)
    table = model.gates.by_history
    gates = model.gates.with_known(channels=np.full(table.channels.shape, 0.5), prior=np.full(table.prior.shape, 0.5))
    return replace(model, gates=gates)


class Other(SparseMatrix):
    """A matrix as a package may add one: it has nothing to say but scores."""

    reach: Any = None


def test_a_large_catalogue_is_retrieved_from_and_a_small_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_model().scored(PAST).mix, Retrieved)
    monkeypatch.setattr(retrieval, "RETRIEVED_FROM", N + 1)
    assert isinstance(open_model().scored(PAST).mix, Mix)


def test_where_more_is_reached_than_there_is_all_items_are_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "_MOST_TERMS", 0.01)
    assert isinstance(open_model().scored(PAST).mix, Mix)


def test_negative_weights_have_no_bounds() -> None:
    model = open_model()
    shape = model.gates.by_history.prior.shape
    assert isinstance(replace(model, gates=model.gates.with_known(prior=np.full(shape, -0.1))).scored(PAST).mix, Mix)


def test_matrices_of_unknown_kind_have_none() -> None:
    model = open_model()
    first = model.channels[0].matrix
    assert isinstance(first, SparseMatrix)
    other = model.with_matrices([cast(ItemMatrix, Other(first.weights)), *(one.matrix for one in model.channels[1:])])
    assert isinstance(other.scored(PAST).mix, Mix)


def test_paths_that_are_not_all_added_up_need_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_matrix, "_REACHED", 1)
    model = open_model()
    assert isinstance(model.scored(PAST).mix, Retrieved)
    channels = tuple(replace(one, unit=0.0) for one in model.channels)
    assert isinstance(replace(model, channels=channels).scored(PAST).mix, Mix)


def test_the_index_and_the_trend_of_a_moment_are_kept() -> None:
    events = random_events(np.random.default_rng(0), N, 30)
    model = with_trend(open_model(), Trend.of(events, N, 3e5), 0.5)
    at = START + 3e6
    first, second, other = (model.scored(PAST, moment).mix for moment in (at, at, at + 9e5))
    assert isinstance(first, Retrieved)
    assert isinstance(second, Retrieved)
    assert isinstance(other, Retrieved)
    assert first.trend is not None
    assert second.trend is not None
    assert other.trend is not None
    assert first.trend.at is second.trend.at
    assert other.trend.most is first.trend.most
    everything = np.arange(N)
    assert not np.allclose(first.trend.of_items(everything), other.trend.of_items(everything))
    early = model.scored(PAST, START + 9e4).mix  # when not all was past that is counted
    assert isinstance(early, Retrieved)
    assert early.trend is not None
    assert model.trend is not None
    known = np.flatnonzero(~model.is_cold)
    expected = early.trend.weight * model.trend.at(np.array([START + 9e4]), known)[0]
    np.testing.assert_array_equal(early.trend.of_items(known), expected)
    assert early.trend.at_most_in_blocks().max() == expected.max()
    later = model.with_later(np.array([at]), np.array([5]))
    assert later._mixing._index is model._mixing._index
    mix = later.scored(PAST, at + 1.0).mix
    assert isinstance(mix, Retrieved)
    assert mix.trend is not None
    assert mix.trend.of_items(np.array([5])) > first.trend.of_items(np.array([5]))
    assert model.with_matrices([one.matrix for one in model.channels])._mixing._index is model._mixing._index
    without_prior = model.without_prior._mixing._index
    assert without_prior.blocks is model._mixing._index.blocks
    assert not np.concatenate(without_prior.largest_prior).any()


def test_items_of_a_compacted_model_are_alike_by_their_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_blocks, "_ITEMS", 4)
    model = CompactableModel.of(open_model()).with_shares({})
    matrices = [one.matrix for one in model.channels]
    floats = [one.in_floats() if isinstance(one, LowRankInt8Matrix) else one for one in matrices]
    expected = model.with_matrices(floats)._mixing._index
    found = model._mixing._index
    known = np.flatnonzero(~model.is_cold)
    by_prior = known[np.argsort(-model.prior[known], kind="stable")]
    assert found.blocks[0].items.tolist() != by_prior.tolist()
    for group in (0, 1):
        np.testing.assert_array_equal(found.blocks[group].items, expected.blocks[group].items)


def test_what_everybody_needs_is_ready_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model()
    model.prepare()
    monkeypatch.setattr(item_blocks.ItemBlocks, "balls", None)
    monkeypatch.setattr(item_blocks.ItemBlocks, "of", None)
    assert isinstance(model.scored(PAST).mix, Retrieved)
    assert model.found_by == "retrieval"
    monkeypatch.setattr(retrieval, "RETRIEVED_FROM", N + 1)
    small = open_model()
    small.prepare()
    assert small.found_by == "all scores"
