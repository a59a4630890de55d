"""The text encoder without a model."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from kgrec.learn.encoders.hashing import HashingEncoder


def test_hashing_is_unit_length_and_an_empty_text_is_zero() -> None:
    vectors = HashingEncoder(32).encode(["a star", "", "  ", "星球大战"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1.0, 0.0, 0.0, 1.0], abs=1e-6)


def test_hashing_is_the_same_in_every_process() -> None:
    code = (
        "from kgrec.learn.encoders.hashing import HashingEncoder; "
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
