"""Servers that streams are read from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.brokers import running_redis
from tools.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
