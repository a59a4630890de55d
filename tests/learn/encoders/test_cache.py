"""The cache of text vectors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError
from kgrec.learn.encoders.cache import encode_cached
from kgrec.learn.encoders.hashing import HashingEncoder


class CountingEncoder:
    """Remembers which texts it encoded."""

    def __init__(self, name: str = "counting", dim: int = 4) -> None:
        self.name, self.dim = name, dim
        self.encoded: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Array:
        self.encoded.append(list(texts))
        return HashingEncoder(self.dim).encode(texts)


def test_the_second_call_reads_the_cache() -> None:
    encoder, texts = CountingEncoder(), ["one", "two", "one", ""]
    first = encode_cached(encoder, texts)
    assert [sorted(texts) for texts in encoder.encoded] == [["", "one", "two"]]
    again = encode_cached(encoder, texts)
    assert len(encoder.encoded) == 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, HashingEncoder(4).encode(texts))


def test_only_what_is_new_is_encoded_and_rows_keep_their_place() -> None:
    encoder = CountingEncoder()
    encode_cached(encoder, ["one", "two"])
    found = encode_cached(encoder, ["three", "two", "four", "one"])
    assert [sorted(texts) for texts in encoder.encoded[1:]] == [["four", "three"]]
    np.testing.assert_array_equal(found, HashingEncoder(4).encode(["three", "two", "four", "one"]))


def test_encoders_do_not_share_a_cache_and_no_texts_need_none(cache: Path) -> None:
    assert encode_cached(CountingEncoder("a"), []).shape == (0, 4)
    assert not cache.exists()
    encode_cached(CountingEncoder("a"), ["one"])
    other = CountingEncoder("b")
    encode_cached(other, ["one"])
    assert other.encoded == [["one"]]


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
    assert encoder.encoded == [texts]
    encode_cached(encoder, texts)
    assert len(encoder.encoded) == 1


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
    assert encoder.encoded == []


def test_an_encoder_that_breaks_its_promise_is_named() -> None:
    class Double(CountingEncoder):
        def encode(self, texts: Sequence[str]) -> Array:
            return super().encode(texts).astype(np.float64)

    with pytest.raises(ConfigError) as caught:
        encode_cached(Double(), ["one", "two"])
    assert caught.value.found == "float64 of shape (2, 4) for 2 texts"
    assert caught.value.expected == "float32 of shape (2, 4)"
