"""Streams by address."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.errors import ConfigError
from kgrec.live.streams import known_streams, open_stream, open_streams


def test_a_stream_has_an_address(tmp_path: Path) -> None:
    assert {"jsonl"} <= set(known_streams())
    assert open_stream(f"jsonl:{tmp_path}").name == f"jsonl:{tmp_path}"


@pytest.mark.parametrize(
    ("address", "found"),
    [("redsi://a", "redsi, did you mean 'redis'?"), ("folder", "no scheme"), ("amqp://u:secret@h", "amqp")],
)
def test_what_nobody_follows_is_said_without_a_login(address: str, found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_stream(address)
    assert caught.value.found == found
    assert "secret" not in str(caught.value)
    assert "jsonl:" in str(caught.value)


def test_several_streams_are_different_ones(tmp_path: Path) -> None:
    a, b = (tmp_path / name for name in "ab")
    assert [one.name for one in open_streams([f"jsonl:{a}", f"jsonl:{b}"], "e.db")] == [f"jsonl:{a}", f"jsonl:{b}"]
    with pytest.raises(ConfigError, match="twice"):
        open_streams([f"jsonl:{a}", f"jsonl:{tmp_path}/./a"], "e.db")
    assert open_streams([], None) == []
    with pytest.raises(ConfigError, match="needs an event log"):
        open_streams([f"jsonl:{a}"], None)
