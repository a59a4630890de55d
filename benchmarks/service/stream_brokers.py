"""Brokers of this machine that events are sent to, so that a service may follow them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.redis_server import RedisServer

Reports = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Broker:
    """Somewhere that events are sent to.

    Attributes:
        address: under which they are followed.
        send: returns when they are there.
    """

    address: str
    send: Callable[[Reports], None]


@contextmanager
def folder() -> Iterator[Broker]:
    """A folder of JSON lines; a file ends after 10,000 and another begins."""
    with tempfile.TemporaryDirectory(prefix="kgrec-arriving-") as name:
        sent = 0

        def send(reports: Reports) -> None:
            nonlocal sent
            with (Path(name) / f"{sent // 10_000:06}.jsonl").open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(report) + "\n" for report in reports)
            sent += len(reports)

        yield Broker(f"jsonl:{name}", send)


@contextmanager
def redis() -> Iterator[Broker]:
    """A stream of a Redis server."""
    with RedisServer() as server, server.client() as client:

        def send(reports: Reports) -> None:
            with client.pipeline(transaction=False) as several:
                for report in reports:
                    several.xadd("events", {"json": json.dumps(report)})
                several.execute()

        yield Broker(f"{server.url}?stream=events", send)


@contextmanager
def kafka() -> Iterator[Broker]:
    """A topic of three partitions of a Kafka broker."""
    from confluent_kafka import Producer  # whoever follows another one needs no such package

    from tools.kafka.broker import KafkaBroker

    with KafkaBroker() as broker:
        broker.topic("events", 3)
        producer = Producer({"bootstrap.servers": broker.address, "linger.ms": "1", "acks": "all"})

        def send(reports: Reports) -> None:
            for report in reports:
                producer.produce("events", json.dumps(report).encode(), key=str(report["user"]).encode())
            if left := producer.flush(30):
                raise RuntimeError(f"{left} events did not reach the broker")

        yield Broker(f"kafka://{broker.address}/events", send)


BROKERS = {"folder": folder, "redis": redis, "kafka": kafka}
