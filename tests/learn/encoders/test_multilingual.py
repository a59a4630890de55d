"""The packaged text encoder for many languages."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.learn.encoders.multilingual import MultilingualEncoder


def test_the_packaged_multilingual_model_joins_chinese_and_english(no_network: list[object]) -> None:
    encoder = MultilingualEncoder()
    a, b, c, empty = encoder.encode(["一部关于太空战争的电影", "a film about war in space", "an apple pie recipe", ""])
    assert a @ b > a @ c + 0.2
    assert encoder.dim == len(a) == 512
    assert np.linalg.norm(a) == pytest.approx(1.0, abs=1e-5)
    assert (empty == 0).all()
    assert no_network == []
