"""A channel that a package adds: weighed on validation, kept by the bundle, shown in explanations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Interactions
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit
from kgrec.recommendation import Recommender
from tests.support.datasets import dataset_of, quick

PLUG_IN = '''
import numpy as np
from scipy import sparse

from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix


def shelf(dataset):
    """Items of the same shelf, which only this package knows, speak for each other."""
    shelves = np.array([int(item.removeprefix("i")) % 4 for item in dataset.items])
    return LowRankMatrix(np.eye(4)[shelves], np.eye(4)[shelves])


def misleading(dataset):
    """Items of other shelves speak for each other."""
    same = shelf(dataset)
    return SparseMatrix(sparse.csr_matrix(1.0 - same.source @ same.target.T))
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with two channels, as pip would leave it."""
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path))
    (tmp_path / "shelf_channels.py").write_text(PLUG_IN)
    package = tmp_path / "shelf_channels-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf-channels\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[kgrec.channels]\nmisleading = shelf_channels:misleading\nshelf = shelf_channels:shelf\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_a_plugged_in_channel_is_weighed_kept_and_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each user has a shelf and took little of it, each something else: what goes together is hard to see.
    rng = np.random.default_rng(0)
    took = [rng.choice(np.arange(user % 4, 80, 4), 3, replace=False) for user in range(60)]
    world = dataset_of(Interactions.of_pairs(np.repeat(np.arange(60), 3), np.concatenate(took)), 60, 80)
    config = quick(epochs=1, num_layers=0)
    learned = fit(world, config)
    names = [channel.name for channel in learned.model.channels]
    assert names == ["behaviour", "misleading", "shelf", "co_taking"]
    assert {"shelf", "misleading"} <= set(learned.metrics)
    gates = dict(zip(names, learned.model.gates.by_history.channels.reshape(-1, 4).T, strict=True))
    assert gates["shelf"].min() > 0.0
    assert gates["misleading"].max() == 0.0

    to_bundle(world, learned, config).save(tmp_path / "bundle")
    monkeypatch.undo()  # the package is gone, and the bundle answers without it
    bundle = Bundle.load(tmp_path / "bundle")
    assert [channel.name for channel in bundle.model.channels] == names
    first, again = (model.histories(world.interactions, 60) for model in (learned.model, bundle.model))
    np.testing.assert_array_equal(bundle.model.scores(again), learned.model.scores(first))

    (best, *_) = Recommender(bundle).recommend("u0", k=3, explain=True)
    explanation = best.explanation
    assert explanation is not None
    assert explanation.channels["shelf"] > 0.0
    assert any(part.channel == "shelf" and part.value > 0.0 for part in explanation.contributions)
    total = explanation.base + sum(part.value for part in explanation.contributions)
    assert total == pytest.approx(explanation.score, abs=1e-5)
