"""The key of a graph's pseudonyms is the one that they were made with."""

from __future__ import annotations

import pytest

from kgrec.errors import ConfigError
from kgrec.graph.pseudonym_key import key_of
from kgrec.privacy.pseudonyms import KEY, PseudonymKey
from kgrec.schema.load import parse_schema
from tests.support.schemas import GOOD

SECRET = "0123456789abcdef" * 2


def test_whose_key_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = parse_schema(GOOD, "my.yaml")
    users = parse_schema(GOOD.replace("role: user", "role: user\n    pseudonymise: true"), "my.yaml")
    key = PseudonymKey(SECRET.encode())
    monkeypatch.delenv(KEY, raising=False)
    assert key_of(plain, None, "here") is None
    with pytest.raises(ConfigError, match="need a key"):
        key_of(users, None, "here")
    monkeypatch.setenv(KEY, SECRET)
    assert key_of(users, None, "here") == key_of(users, key.check, "here") == key
    with pytest.raises(ConfigError, match="with another key"):
        key_of(users, "00000000", "here")
