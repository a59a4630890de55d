"""The channel of next-item factors: where there is none and why, and what it adds to a model where there is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Dataset, Interactions
from kgrec.learn import next_items
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit
from kgrec.learn.fit_result import FitResult
from kgrec.learn.limits import LIMITS
from kgrec.learn.next_items import why_no_factors
from kgrec.progress import Event, Progress
from kgrec.scoring.channel_names import NEXT_ITEM_FACTORS, SHORT_TERM
from kgrec.scoring.evidence import evidence_of
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.model import Channel
from tests.support.datasets import genre_world, quick
from tests.support.next_item_world import N_ITEMS, N_USERS, next_item_world

WORLD, VALID, _ = next_item_world()
SETTINGS = quick(num_layers=0, epochs=16, learning_rate=0.02, batch_size=64, next_item_dim=16, text_encoder="none")


@pytest.fixture(scope="module")
def told() -> list[Event]:
    return []


@pytest.fixture(scope="module")
def learned(told: list[Event]) -> FitResult:
    """Where a world as small as this one has the channel, although two past items tell little by their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(next_items, "LIMITS", replace(LIMITS, next_item_events=100))
        patch.setattr(next_items, "order_tells", lambda *arguments: True)
        return fit(WORLD, SETTINGS, valid=VALID, progress=Progress(told.append))


def test_what_follows_by_groups_is_found_by_no_other_channel(learned: FitResult, told: list[Event]) -> None:
    metrics = learned.metrics
    others = max(value for name, value in metrics.items() if name not in (NEXT_ITEM_FACTORS, "fused"))
    assert metrics[NEXT_ITEM_FACTORS] > 1.2 * others
    assert metrics["fused"] >= metrics[NEXT_ITEM_FACTORS]
    place = [channel.name for channel in learned.model.channels].index(NEXT_ITEM_FACTORS)
    assert (learned.chosen.gates.by_history.channels[..., place] > 0).all()
    assert learned.chosen.next_item_epochs >= 1
    assert learned.chosen.next_items == ""
    assert learned.chosen.as_dict()["next_item_epochs"] == learned.chosen.next_item_epochs
    # once until validation stops it, once from everything, for as many epochs as were best
    assert [event.total for event in told if event.step == "next-item factors" and event.done == 1] == [
        SETTINGS.epochs,
        learned.chosen.next_item_epochs,
    ]


def test_its_scores_are_sums_over_past_items(learned: FitResult) -> None:
    history = Interactions.of_pairs([0, 0], [3, 14], [1.0, 2.0])
    items = np.arange(N_ITEMS)
    parts = learned.model.contributions(history, items)
    whole = learned.model.scores(learned.model.histories(history, 1))[0]
    np.testing.assert_allclose(parts.base + parts.values.sum(axis=(0, 1)), whole, atol=1e-5)
    place = parts.channels.index(NEXT_ITEM_FACTORS)
    assert np.abs(parts.values[place]).max() > 0


def test_it_is_said_as_what_others_took_next() -> None:
    assert evidence_of(NEXT_ITEM_FACTORS) == "taken_next"


def test_it_comes_back_from_a_bundle(learned: FitResult, tmp_path: Path) -> None:
    to_bundle(WORLD, learned, SETTINGS).save(tmp_path / "b.bundle")
    (channel,) = (one for one in learned.model.channels if one.name == NEXT_ITEM_FACTORS)
    (again,) = (one for one in Bundle.load(tmp_path / "b.bundle").model.channels if one.name == NEXT_ITEM_FACTORS)
    assert again.history == channel.history
    assert channel.history.recency < 1
    assert isinstance(again.matrix, LowRankMatrix)
    assert isinstance(channel.matrix, LowRankMatrix)
    np.testing.assert_array_equal(again.matrix.source, channel.matrix.source)


def last_few(weights: sparse.csr_matrix) -> list[Channel]:
    return [Channel(SHORT_TERM, SparseMatrix(weights), HistoryWeights(recency=0.7))]


def reason(world: Dataset = WORLD, **settings: object) -> str | None:
    silent_ridge = last_few(sparse.csr_matrix((N_ITEMS, N_ITEMS), dtype=np.float32))
    return why_no_factors(world, quick(**settings), silent_ridge, VALID.matrix(N_USERS, N_ITEMS))


def test_why_there_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason() == f"{len(WORLD.interactions):,} events are too few, 100,000 are needed"
    monkeypatch.setattr(next_items, "LIMITS", replace(LIMITS, next_item_events=100))
    assert reason(next_item_dim=0) == "next_item_dim is 0"
    untimed = replace(WORLD.interactions, time=np.full(len(WORLD.interactions), np.nan))
    assert reason(WORLD.with_interactions(untimed)) == "not all times are known"
    assert reason() == "histories in their order find no more of validation than shuffled ones"


def test_a_model_without_it_says_why() -> None:
    told: list[Event] = []
    found = fit(genre_world(np.random.default_rng(0)), quick(epochs=1), progress=Progress(told.append))
    assert NEXT_ITEM_FACTORS not in {channel.name for channel in found.model.channels}
    assert found.chosen.next_items == found.chosen.as_dict()["next_items"] == "not all times are known"
    assert found.chosen.next_item_epochs == 0
    assert "none: not all times are known" in [event.note for event in told if event.step == "next-item factors"]
