"""Channels of other packages: found by entry point, made as a bundle keeps them, refused where they cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Dataset
from kgrec.errors import ConfigError, MissingExtraError
from kgrec.learn.channels import plugin_channels as module
from kgrec.learn.channels.plugin_channels import CHANNEL_GROUP, plugin_channels
from kgrec.progress import silent
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from kgrec.testing.channel import ChannelContract
from tests.support.datasets import genre_world

WORLD = genre_world(np.random.default_rng(0), n_users=12, n_items=8, taken=2, texts=False)
Installed = Callable[..., None]


def sparse_matrix(dataset: Dataset) -> ItemMatrix:
    return SparseMatrix(sparse.identity(len(dataset.items), format="csr") * 0.1)


def low_rank_matrix(dataset: Dataset) -> ItemMatrix:
    return LowRankMatrix(*np.random.default_rng(0).normal(size=(2, len(dataset.items), 3)))


def too_small(dataset: Dataset) -> ItemMatrix:
    return SparseMatrix(sparse.identity(3, format="csr"))


def not_a_number(dataset: Dataset) -> ItemMatrix:
    return SparseMatrix(sparse.identity(len(dataset.items), format="csr") * np.nan)


def nothing(dataset: Dataset) -> None:
    return None


def failing(dataset: Dataset) -> ItemMatrix:
    return SparseMatrix(sparse.csr_matrix(dataset.films))  # type: ignore[attr-defined]


def needs_more(dataset: Dataset) -> ItemMatrix:
    raise MissingExtraError("this needs a package that is not installed.")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Makes functions of this file the plug-ins that are installed, by name."""

    def install(**makers: str) -> None:
        points = [EntryPoint(name, f"{__name__}:{maker}", CHANNEL_GROUP) for name, maker in makers.items()]
        monkeypatch.setattr(module, "entry_points", lambda group: points if group == CHANNEL_GROUP else [])

    return install


class TestSparse(ChannelContract):
    @pytest.fixture
    def maker(self) -> Callable[[Dataset], ItemMatrix]:
        return sparse_matrix


class TestLowRank(ChannelContract):
    @pytest.fixture
    def maker(self) -> Callable[[Dataset], ItemMatrix]:
        return low_rank_matrix


def test_nothing_is_plugged_into_kgrec_itself() -> None:
    assert plugin_channels(WORLD, HistoryWeights(), silent) == []


def test_channels_come_by_name_with_the_weights_of_histories_and_in_the_precision_of_a_bundle(
    installed: Installed,
) -> None:
    installed(b_low_rank="low_rank_matrix", a_sparse="sparse_matrix")
    history = HistoryWeights(recency=0.9)
    first, second = plugin_channels(WORLD, history, silent)
    assert (first.name, second.name) == ("a_sparse", "b_low_rank")
    assert first.history == second.history == history
    assert isinstance(first.matrix, SparseMatrix)
    assert first.matrix.weights.dtype == np.float32
    assert isinstance(second.matrix, LowRankMatrix)
    assert second.matrix.source.dtype == second.matrix.target.dtype == np.float32


def test_a_plug_in_that_cannot_be_loaded_is_named(installed: Installed) -> None:
    installed(mine="no_such_function")
    with pytest.raises(ConfigError) as caught:
        plugin_channels(WORLD, HistoryWeights(), silent)
    assert str(caught.value) == (
        "ConfigError: a channel plug-in does not make an item-item matrix of the data set.\n"
        f"  where     entry point 'mine = {__name__}:no_such_function' of the group kgrec.channels\n"
        f"  found     AttributeError: module '{__name__}' has no attribute 'no_such_function'\n"
        "  expected  a function from a data set to an ItemMatrix, here over 8 items\n"
        "  next      repair or uninstall its package"
    )


@pytest.mark.parametrize(
    ("maker", "found"),
    [
        ("too_small", "ValueError"),
        ("nothing", "'NoneType' object has no attribute 'arrays'"),
        ("failing", "AttributeError: 'Dataset' object has no attribute 'films'"),
        ("not_a_number", "nan or inf in data, as float32"),
    ],
)
def test_a_plug_in_that_makes_no_matrix_is_named(maker: str, found: str, installed: Installed) -> None:
    installed(mine=maker)
    with pytest.raises(ConfigError, match="entry point 'mine = ") as caught:
        plugin_channels(WORLD, HistoryWeights(), silent)
    assert found in str(caught.value)


def test_what_a_plug_in_says_itself_is_left_as_it_is(installed: Installed) -> None:
    installed(mine="needs_more")
    with pytest.raises(MissingExtraError):
        plugin_channels(WORLD, HistoryWeights(), silent)


@pytest.mark.parametrize("name", ["behaviour", "semantic", "My channel", "a.b", ""])
def test_a_plug_in_has_a_name_of_its_own(name: str, installed: Installed) -> None:
    installed(**{name: "sparse_matrix"})
    with pytest.raises(ConfigError, match="has no name of its own") as caught:
        plugin_channels(WORLD, HistoryWeights(), silent)
    assert f"the name '{name}'" in str(caught.value)


def test_two_plug_ins_of_one_name_are_refused(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint("mine", f"{__name__}:{maker}", CHANNEL_GROUP) for maker in ("sparse_matrix", "nothing")]
    monkeypatch.setattr(module, "entry_points", lambda group: points)
    with pytest.raises(ConfigError, match="the name 'mine' twice"):
        plugin_channels(WORLD, HistoryWeights(), silent)
