"""Every text encoder keeps what text encoders promise."""

from __future__ import annotations

from functools import cache

import pytest

from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.encoders.named_encoders import known_encoders, open_encoder
from kgrec.learn.encoders.protocol import TextEncoder
from kgrec.testing.text_encoder import TextEncoderContract

opened = cache(open_encoder)
"""Some models take seconds to load."""


@pytest.mark.parametrize("name", known_encoders())
class TestNamedEncoders(TextEncoderContract):
    @pytest.fixture
    def encoder(self, name: str) -> TextEncoder:
        found = opened(name)
        assert found is not None
        return found


class TestNarrowHashing(TextEncoderContract):
    @pytest.fixture
    def encoder(self) -> TextEncoder:
        return HashingEncoder(3)
