"""Brokers to test with, or why there are none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tools.kafka.broker import KafkaBroker
from tools.published_jars import JarsMissingError
from tools.redis_server import RedisMissingError, RedisServer

_Broker = TypeVar("_Broker", RedisServer, KafkaBroker)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A Redis server, or the test is skipped; it fails where KGREC_REQUIRE_REDIS is 1."""
    with _started(RedisServer, RedisMissingError, "Redis") as server:
        yield server


@contextmanager
def running_kafka() -> Iterator[KafkaBroker]:
    """A Kafka broker, or the test is skipped; it fails where KGREC_REQUIRE_KAFKA is 1."""
    with _started(KafkaBroker, JarsMissingError, "Kafka") as broker:
        yield broker


def _started(start: Callable[[], _Broker], missing: type[Exception], name: str) -> _Broker:
    try:
        return start()
    except missing as error:
        variable = f"KGREC_REQUIRE_{name.upper()}"
        if os.environ.get(variable) == "1":
            pytest.fail(f"{variable}=1 and no {name} to test with: {error}", pytrace=False)
        pytest.skip(f"no {name} to test with: {error}")
