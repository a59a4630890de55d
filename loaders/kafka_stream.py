"""A topic of Kafka: ``kafka://HOST:PORT,HOST:PORT/TOPIC``, a message an event as JSON.

Partitions are read by offsets that stand with the events: no consumer group is joined and nothing is committed to the
broker. New partitions are found after a while.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from kgrec.data.messages import EMPTY, Message, MessageBatch, message_of
from kgrec.errors import ConfigError, SourceError, missing_extra

try:
    from confluent_kafka import (
        TIMESTAMP_NOT_AVAILABLE,
        Consumer,
        KafkaError,
        KafkaException,
        TopicPartition,
    )
    from confluent_kafka import Message as KafkaMessage
except ImportError as error:
    raise missing_extra("kafka", "confluent_kafka", where="--follow kafka:...", found=str(error)) from error

_TIMEOUT_S = 5.0
_LOOK_FOR_PARTITIONS_S = 30.0
_OWN = ("bootstrap.servers", "group.id", "enable.auto.commit", "auto.offset.reset", "enable.partition.eof")


class KafkaStream:
    """Reads all partitions of a topic, each in its order.

    An offset is JSON: the next offset of each partition by its number. One that the broker no longer has is counted up
    to the first one that it has.

    Args:
        address: as above; user and password may stand in it, and settings of librdkafka after ``?``.

    Raises:
        ConfigError: it is no such address.
    """

    def __init__(self, address: str) -> None:
        try:
            parts = urlsplit(address)
            _, _, hosts = parts.netloc.rpartition("@")
            self._topic = parts.path.strip("/")
            if not (hosts and self._topic) or "/" in self._topic:
                raise ValueError("no topic" if hosts else "no host")
            settings = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
            if own := sorted(settings.keys() & set(_OWN)):
                raise ValueError(f"a setting that is not free: {own[0]}")
            if parts.username:
                mechanism = {"sasl.mechanism": "PLAIN", "security.protocol": "SASL_SSL"}
                login = {"sasl.username": unquote(parts.username), "sasl.password": unquote(parts.password or "")}
                settings = mechanism | settings | login
            self._failure: KafkaError | None = None
            self._consumer = Consumer(
                {
                    "bootstrap.servers": hosts,
                    "group.id": "kgrec",  # it has to be named, and is not joined
                    "enable.auto.commit": "false",
                    "auto.offset.reset": "error",  # what is gone is counted, not passed over
                    "fetch.wait.max.ms": "50",
                    "reconnect.backoff.max.ms": "1000",
                    "error_cb": self._noted,
                    "log_level": "0",
                    **settings,
                }
            )
        except (ValueError, KafkaException) as error:
            found = error.args[0].str() if isinstance(error, KafkaException) else str(error)
            raise ConfigError(
                "the address names no topic of Kafka.",
                where="--follow",
                found=f"kafka: {found}",
                expected="kafka://HOST:PORT/TOPIC, where needed with USER:PASSWORD@ before the host and ?SETTING=VALUE",
                next="put it into quotes, so that the shell leaves it in one piece",
            ) from error
        self.name = f"kafka://{hosts}/{self._topic}"
        self._at: dict[int, int] = {}
        self._looked_at = 0.0
        self._gone = False

    def read(self, after: str, most: int, wait_s: float) -> MessageBatch:
        """As :class:`~kgrec.data.messages.EventStream` says."""
        wanted = {int(partition): offset for partition, offset in json.loads(after or "{}").items()}
        try:
            missed = self._assign(wanted)
            messages = [_message(one) for one in self._received(most, 0.0 if missed else wait_s)]
            if not messages and self._failure is not None:
                self._partitions()  # whether it is still so
                self._failure = None
        except KafkaException as error:
            self._at = {}
            raise SourceError(
                "the topic of Kafka cannot be read.",
                where=self.name,
                found=error.args[0].str(),
                expected="brokers that answer, and a topic of this name",
                next="start them, make the topic, or correct the address",
            ) from error
        return MessageBatch(messages, json.dumps(self._at), missed)

    def close(self) -> None:
        """Leave the brokers."""
        self._consumer.close()

    def _assign(self, wanted: Mapping[int, int]) -> int:
        """How many messages are gone that were to be read next; from now on what comes after them is received."""
        if (
            wanted
            and wanted == self._at
            and not self._gone
            and time.monotonic() < self._looked_at + _LOOK_FOR_PARTITIONS_S
        ):
            return 0
        partitions = self._partitions()
        if wanted == self._at and not self._gone and wanted.keys() == set(partitions):
            return 0
        starts, missed = {}, 0
        for partition in partitions:
            place = TopicPartition(self._topic, partition)
            first, end = self._consumer.get_watermark_offsets(place, _TIMEOUT_S)
            start = wanted.get(partition, first)
            if start > end:
                start = first  # the topic was made anew
            missed += max(0, first - start)
            starts[partition] = max(first, start)
        self._consumer.assign([TopicPartition(self._topic, one, start) for one, start in starts.items()])
        self._at, self._gone = starts, False
        return missed

    def _received(self, most: int, wait_s: float) -> Iterator[KafkaMessage]:
        """The next messages that are no errors."""
        first = self._consumer.poll(wait_s)
        others = self._consumer.consume(most - 1, 0.0) if first is not None and most > 1 else []
        for one in [] if first is None else [first, *others]:
            fault = one.error()
            if fault is not None:
                if fault.code() not in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                    raise KafkaException(fault)
                self._gone = True  # meanwhile: the next reading finds out how many
                return
            partition, offset = one.partition(), one.offset()
            if partition is not None and offset is not None:  # what is no error has both
                self._at[partition] = offset + 1
                yield one

    def _partitions(self) -> list[int]:
        about = self._consumer.list_topics(self._topic, timeout=_TIMEOUT_S).topics[self._topic]
        if about.error is not None:
            raise KafkaException(about.error)
        self._looked_at = time.monotonic()
        return sorted(about.partitions)

    def _noted(self, failure: KafkaError) -> None:
        self._failure = failure


def _message(one: KafkaMessage) -> Message:
    place = f"partition {one.partition()}, offset {one.offset()}"
    kind, at = one.timestamp()
    sent = None if kind == TIMESTAMP_NOT_AVAILABLE else at / 1e3
    content = one.value()
    return Message(place, None, EMPTY, sent) if content is None else message_of(content, place, sent)
