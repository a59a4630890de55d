"""API keys: shown once, kept as hashes; how often each may be used."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kgrec.errors import ConfigError
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing, RateLimits


def test_a_key_is_kept_as_a_hash(tmp_path: Path) -> None:
    ring, key = KeyRing.empty().with_new("front", [Scope.READ, Scope.WRITE], 5.0, "ann")
    ring, other = ring.with_new("back", [Scope.ADMIN])
    ring.save(tmp_path / "keys")
    text = (tmp_path / "keys").read_text()
    assert key not in text
    assert key.rpartition("_")[2] not in text
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600
    read = KeyRing.load(tmp_path / "keys")
    assert read == ring
    found = read.key_of(key)
    assert found is not None
    assert (found.name, found.caller.user) == ("front", "ann")
    assert found.caller.scopes == {Scope.READ, Scope.WRITE}
    mixed = f"{key.rpartition('_')[0]}_{other.rpartition('_')[2]}"
    for wrong in ("", "kgrec", "kgrec_", f"{key}x", key[:-1], mixed, "kgrec_00000000_", "ä_ö_ü", "\ud800"):
        assert read.key_of(wrong) is None
    assert read.without("front").key_of(key) is None
    assert read.without("front").key_of(other) is not None


def test_what_cannot_be_a_key(tmp_path: Path) -> None:
    ring, _ = KeyRing.empty().with_new("front", [Scope.READ])
    for name, scopes, rate in (
        ("front", [Scope.READ], 1.0),
        ("b", [], 1.0),
        ("b", [Scope.READ], 0.0),
        ("b", [Scope.EXPLAIN_ANYBODY], 1.0),
        ("b", [Scope.EXPLAIN_ANYBODY, Scope.ADMIN], 1.0),
    ):
        with pytest.raises(ConfigError):
            ring.with_new(name, scopes, rate)
    for of_everybody in (Scope.EXPLAIN_ANYBODY, Scope.ADMIN):
        with pytest.raises(ConfigError, match="concern everybody") as refused:
            ring.with_new("b", [Scope.READ, Scope.WRITE, of_everybody], user="ann")
        assert refused.value.found == of_everybody
    with pytest.raises(ConfigError, match="needs the person's id"):
        ring.with_new("b", [Scope.READ], user=" ")
    assert ring.with_new("b", [Scope.READ, Scope.WRITE], user=" ann\u0301 ")[0].keys[1].user == "an\u0144"
    with pytest.raises(ConfigError):
        ring.without("back")
    for content in (None, "", "{}", '{"secret": "00", "keys": [{}]}', '{"secret": "00", "keys": 7}'):
        if content is not None:
            (tmp_path / "keys").write_text(content)
        with pytest.raises(ConfigError, match="cannot be read"):
            KeyRing.load(tmp_path / "keys")


def test_a_pseudonym_is_the_same_for_the_same_user_of_one_ring() -> None:
    ring = KeyRing.empty()
    assert ring.pseudonym("ann") == ring.pseudonym("ann") != ring.pseudonym("bob")
    assert "ann" not in ring.pseudonym("ann")
    assert KeyRing.empty().pseudonym("ann") != ring.pseudonym("ann")


def test_a_bucket_fills_with_the_rate_and_holds_twice_that() -> None:
    ring, _ = KeyRing.empty().with_new("front", [Scope.READ], 2.0)
    ring, _ = ring.with_new("back", [Scope.READ], 2.0)
    front, back = ring.keys
    rates = RateLimits(ring.keys)
    assert [rates.seconds_to_wait(front, 100.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert rates.seconds_to_wait(back, 100.0) == 0
    assert rates.seconds_to_wait(front, 100.25) == 0.25
    assert rates.seconds_to_wait(front, 100.5) == 0
    assert [rates.seconds_to_wait(front, 1e9) for _ in range(5)] == [0, 0, 0, 0, 0.5]
