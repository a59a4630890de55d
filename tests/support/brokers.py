"""Brokers to test with, or why there are none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tools.kafka.broker import KafkaBroker
from tools.published_jars import JarsMissingError
from tools.redis_server import RedisMissingError, RedisServer


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A Redis server, or the test is skipped; it fails where KGREC_REQUIRE_REDIS is 1."""
    try:
        server = RedisServer()
    except RedisMissingError as error:
        if os.environ.get("KGREC_REQUIRE_REDIS") == "1":
            pytest.fail(f"KGREC_REQUIRE_REDIS=1 and no Redis to test with: {error}", pytrace=False)
        pytest.skip(f"no Redis to test with: {error}")
    with server:
        yield server


@contextmanager
def running_kafka() -> Iterator[KafkaBroker]:
    """A Kafka broker, or the test is skipped; it fails where KGREC_REQUIRE_KAFKA is 1."""
    try:
        broker = KafkaBroker()
    except JarsMissingError as error:
        if os.environ.get("KGREC_REQUIRE_KAFKA") == "1":
            pytest.fail(f"KGREC_REQUIRE_KAFKA=1 and no Kafka to test with: {error}", pytrace=False)
        pytest.skip(f"no Kafka to test with: {error}")
    with broker:
        yield broker
