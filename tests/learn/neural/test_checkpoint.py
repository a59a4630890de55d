"""Checkpoints: training goes on from them to the bit, and only where they fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from kgrec.data.dataset import Array
from kgrec.errors import BundleError, ConfigError
from kgrec.learn.fit import fit
from kgrec.learn.neural.checkpoint import fingerprint
from kgrec.learn.neural.epoch_loop import Epoch
from kgrec.learn.neural.trainer import Trainer
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import quick
from tests.support.killed_training import EPOCHS, FIT, LOSSES, STEPS, WRITING, killed_trainings
from tests.support.training import TEXTS, WORLD, assert_same, quality, trainer

pytestmark = pytest.mark.usefixtures("few_triples")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Checkpoints of trainings that SIGKILL ended."""
    return killed_trainings(tmp_path_factory.mktemp("killed"))


@pytest.mark.parametrize("epoch", EPOCHS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_kill_after_an_epoch_changes_nothing(epoch: int, loss: str, killed: dict[str, Path]) -> None:
    folder, config = killed[f"{loss}, epoch {epoch}"], quick(patience=6, loss=loss)
    assert (folder / f"epoch-{epoch}.safetensors").exists()
    told: list[Epoch] = []
    assert_same(trainer(config, folder).fit(quality, told.append), trainer(config).fit(quality))
    assert told[0]["epoch"] == epoch + 1


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_within_an_epoch_changes_nothing(step: int, killed: dict[str, Path]) -> None:
    config = quick(patience=6)
    assert_same(trainer(config, killed[f"step {step}"]).fit(quality), trainer(config).fit(quality))


def test_a_kill_while_the_checkpoint_is_written_changes_nothing(killed: dict[str, Path]) -> None:
    folder = killed[WRITING]
    assert json.loads((folder / "state.json").read_text())["tensors"] == "epoch-2.safetensors"
    assert (folder / "epoch-3.safetensors").exists()
    assert_same(trainer(quick(), folder).fit(), trainer(quick()).fit())


def test_a_fit_of_all_parts_that_was_killed_goes_on(killed: dict[str, Path]) -> None:
    resumed, whole = fit(WORLD, quick(epochs=3), checkpoint=killed[FIT]), fit(WORLD, quick(epochs=3))
    np.testing.assert_array_equal(resumed.embeddings.source, whole.embeddings.source)
    assert resumed.metrics == whole.metrics


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    config = quick(epochs=3)
    first = trainer(config, tmp_path).fit(quality)
    told: list[Epoch] = []
    assert_same(trainer(config, tmp_path).fit(quality, told.append), first)
    assert told == []


def test_a_checkpoint_is_safetensors_and_json(tmp_path: Path) -> None:
    trainer(quick(epochs=3), tmp_path).fit()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-3.safetensors", "state.json"]


def test_a_checkpoint_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        trainer(quick(epochs=1), tmp_path / "file" / "run").fit()
    assert str(caught.value) == (
        "ConfigError: the checkpoint folder cannot be made.\n"
        f"  where     {tmp_path / 'file' / 'run'}\n"
        "  found     Not a directory\n"
        "  expected  a folder that can be written to\n"
        "  next      name another folder"
    )


def test_other_settings_do_not_open_a_checkpoint(tmp_path: Path) -> None:
    trainer(quick(epochs=2), tmp_path).fit()
    with pytest.raises(ConfigError) as caught:
        trainer(quick(epochs=2, learning_rate=0.001, embedding_dim=4), tmp_path).fit()
    assert str(caught.value) == (
        "ConfigError: the checkpoint was made with other settings.\n"
        f"  where     {tmp_path}\n"
        "  found     embedding_dim 8, learning_rate 0.005\n"
        "  expected  embedding_dim 4, learning_rate 0.001\n"
        "  next      use the same settings, or another checkpoint folder"
    )


def test_a_setting_that_training_does_not_read_goes_on(tmp_path: Path) -> None:
    kept = trainer(quick(epochs=2), tmp_path).fit()
    assert trainer(quick(epochs=2, cold_item_cost=0.5), tmp_path).fit().log == kept.log


def test_a_checkpoint_with_the_old_name_of_a_setting_goes_on(tmp_path: Path) -> None:
    kept = trainer(quick(epochs=2), tmp_path).fit()
    state = json.loads((tmp_path / "state.json").read_text())
    state["config"]["new_item_cost"] = state["config"].pop("cold_item_cost")
    (tmp_path / "state.json").write_text(json.dumps(state))
    assert trainer(quick(epochs=2), tmp_path).fit().log == kept.log


def test_other_data_do_not_open_a_checkpoint(tmp_path: Path) -> None:
    trainer(quick(epochs=2), tmp_path).fit()
    fewer = WORLD.with_interactions(WORLD.interactions.select(np.arange(len(WORLD.interactions) - 1)))
    with pytest.raises(ConfigError, match="the checkpoint was made from other data") as caught:
        trainer(quick(epochs=2), tmp_path, fewer).fit()
    assert caught.value.next == "use another checkpoint folder"


@pytest.mark.parametrize("damage", ["json", "tensors", "gone", "key"])
def test_a_damaged_checkpoint_is_refused(damage: str, tmp_path: Path) -> None:
    trainer(quick(epochs=2), tmp_path).fit()
    state, tensors = tmp_path / "state.json", tmp_path / "epoch-2.safetensors"
    if damage == "json":
        state.write_text("{")
    elif damage == "key":
        state.write_text("{}")
    elif damage == "gone":
        tensors.unlink()
    else:
        tensors.write_bytes(tensors.read_bytes()[:-100])
    with pytest.raises(BundleError, match="the checkpoint is damaged") as caught:
        trainer(quick(epochs=2), tmp_path).fit()
    assert (caught.value.where, caught.value.next) == (str(tmp_path), "delete the folder and train again")


def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path) -> None:
    trainer(quick(epochs=2), tmp_path).fit()
    tensors = tmp_path / "epoch-2.safetensors"
    save_file({**load_file(tensors), "model.another": torch.zeros(1)}, tensors)
    with pytest.raises(BundleError, match="another version of kgrec") as caught:
        trainer(quick(epochs=2), tmp_path).fit()
    assert (caught.value.where, caught.value.next) == (str(tmp_path), "delete the folder and train again")


def test_other_texts_or_another_prior_do_not_open_a_checkpoint(tmp_path: Path) -> None:
    trainer(quick(epochs=1), tmp_path).fit()
    n_items = len(WORLD.items)
    history = HistoryWeights().matrix(WORLD.interactions, len(WORLD.users), n_items)
    prior = np.linspace(-2, 0, n_items)
    for texts, start in ((None, prior), (-TEXTS, prior), (TEXTS, prior + 1)):
        with pytest.raises(ConfigError, match="the checkpoint was made from other data"):
            Trainer(WORLD, texts, start, quick(epochs=1), history, tmp_path).fit()


def test_a_fingerprint_changes_with_values_types_and_shapes() -> None:
    ones = np.ones(4, np.float32)
    others: list[Array] = [ones * 2, ones.astype(np.float64), ones.reshape(2, 2), ones[:3]]
    assert len({fingerprint(a=array) for array in (ones, *others)}) == 5
    assert fingerprint(a=ones, b=None) == fingerprint(a=ones)
    assert len(fingerprint(a=ones)) == 16
