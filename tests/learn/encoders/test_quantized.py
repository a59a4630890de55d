"""Text encoders with weights of a byte each, against those whose weights they round."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from kgrec.errors import MissingExtraError
from kgrec.learn.encoders import quantized
from kgrec.learn.encoders.named_encoders import open_encoder
from kgrec.learn.encoders.quantized import QuantizedEncoder, minilm_int8
from kgrec.learn.encoders.transformer import TransformerEncoder, minilm
from kgrec.testing.text_encoder import TextEncoderContract
from tests.learn.encoders.test_transformer import saved_model

TEXTS = ["A film about war in space", "Spaceships battle among the stars", "", "How to bake an apple pie"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_model(tmp_path_factory.mktemp("models") / "tiny", seed=3)


@pytest.fixture(scope="module")
def made(folder: Path) -> bytes:
    """The model of the folder, quantized once for all tests."""
    return quantized._quantized(str(folder))


@pytest.fixture
def encoder(folder: Path, made: bytes, monkeypatch: pytest.MonkeyPatch) -> QuantizedEncoder:
    monkeypatch.setattr(quantized, "_quantized", lambda _: made)
    return QuantizedEncoder(str(folder), "tiny")


class TestQuantized(TextEncoderContract):
    pass


def test_it_says_nearly_what_the_model_says_in_less_than_a_third_of_its_bytes(
    encoder: QuantizedEncoder, folder: Path, made: bytes
) -> None:
    whole = TransformerEncoder(str(folder))
    assert encoder.dim == whole.dim
    cosines = (encoder.encode(TEXTS) * whole.encode(TEXTS)).sum(1)
    assert cosines[[0, 1, 3]].min() > 0.99
    assert cosines[2] == 0
    assert not np.array_equal(encoder.encode(TEXTS), whole.encode(TEXTS))
    assert len(made) < (folder / "model.safetensors").stat().st_size / 3


def test_a_long_text_is_cut(folder: Path, encoder: QuantizedEncoder) -> None:
    short = QuantizedEncoder(str(folder), "tiny", max_length=6)
    words = "one two three four five six seven"
    cut = " ".join(words.split()[:4])  # and a token at each end
    np.testing.assert_array_equal(short.encode([words]), short.encode([cut]))
    assert not np.array_equal(encoder.encode([words]), encoder.encode([cut]))
    assert short.name != encoder.name


def test_it_is_made_once_and_made_anew_where_its_file_is_damaged(
    folder: Path, encoder: QuantizedEncoder, made: bytes, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = (cache.parent / "models").iterdir()
    assert path.read_bytes() == made
    expected = encoder.encode(TEXTS)

    def refuse(_: str) -> bytes:
        raise AssertionError("it is there")

    monkeypatch.setattr(quantized, "_quantized", refuse)
    np.testing.assert_array_equal(QuantizedEncoder(str(folder), "tiny").encode(TEXTS), expected)
    path.write_bytes(made[:1000])
    monkeypatch.setattr(quantized, "_quantized", lambda _: made)
    np.testing.assert_array_equal(QuantizedEncoder(str(folder), "tiny").encode(TEXTS), expected)
    assert path.read_bytes() == made


def test_a_cache_that_cannot_be_written_costs_the_making_only(
    folder: Path, encoder: QuantizedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path / "file"))
    np.testing.assert_array_equal(QuantizedEncoder(str(folder), "tiny").encode(TEXTS), encoder.encode(TEXTS))


def test_it_travels_to_workers(encoder: QuantizedEncoder) -> None:
    expected = encoder.encode(TEXTS)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(encoder)).encode(TEXTS), expected)


def test_without_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        open_encoder("minilm-int8")
    assert caught.value.next == "pip install 'kgrec[onnx]'"


@pytest.mark.slow  # a model of 90 MB is exported and quantized
def test_the_packaged_model_knows_meaning_and_draws_nothing(
    no_network: list[object], capfd: pytest.CaptureFixture[str]
) -> None:
    encoder = minilm_int8()
    vectors = encoder.encode(TEXTS)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[3] + 0.2
    assert (vectors * minilm().encode(TEXTS)).sum(1)[[0, 1, 3]].min() > 0.97
    assert len(encoder._model) < 24e6
    assert no_network == []
    assert capfd.readouterr() == ("", "")
