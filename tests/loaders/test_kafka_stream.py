"""A real broker: partitions are read by offsets of ours, and what it deleted unread is counted."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from kgrec.data.messages import EMPTY, Message
from kgrec.errors import ConfigError, MissingExtraError, SourceError
from kgrec.live.streams import open_stream
from kgrec.testing.event_stream import EventStreamContract
from kgrec_loaders import kafka_stream
from kgrec_loaders.kafka_stream import KafkaStream
from tests.support.brokers import running_kafka
from tools.kafka.broker import KafkaBroker


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    with running_kafka() as running:
        yield running


@pytest.fixture
def topic(broker: KafkaBroker) -> str:
    name = f"t{uuid.uuid4().hex}"
    broker.topic(name)
    return name


@pytest.fixture
def stream(broker: KafkaBroker, topic: str) -> Iterator[KafkaStream]:
    opened = KafkaStream(f"kafka://{broker.address}/{topic}")
    yield opened
    opened.close()


def produce(broker: KafkaBroker, topic: str, contents: Sequence[bytes | None], partition: int = 0) -> None:
    producer = Producer({"bootstrap.servers": broker.address})
    for content in contents:
        producer.produce(topic, content, partition=partition)
    assert producer.flush(30) == 0


def some(stream: KafkaStream, after: str, count: int) -> tuple[list[Message], str, int]:
    """So many messages, the offset after them, and how many were missed."""
    found, missed, until = list[Message](), 0, time.monotonic() + 20
    while len(found) < count and time.monotonic() < until:
        batch = stream.read(after, count - len(found), 0.2)
        found += batch.messages
        after, missed = batch.offset, missed + batch.missed
    return found, after, missed


def silent_for(stream: KafkaStream, offset: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert not stream.read(offset, 9, 0.1).messages


@pytest.mark.slow
class TestKafkaStream(EventStreamContract):
    @pytest.fixture
    def address(self, broker: KafkaBroker, topic: str) -> str:
        self.broker = broker
        return f"kafka://{broker.address}/{topic}"

    @pytest.fixture
    def away(self, broker: KafkaBroker) -> str:
        return f"kafka://{broker.address}/nobody-made-it"

    @pytest.fixture
    def wrong(self) -> Mapping[str, str]:
        return {"no topic": "kafka://h:1"}

    def send(self, address: str, contents: Sequence[bytes]) -> None:
        produce(self.broker, address.rpartition("/")[2], contents)


@pytest.mark.slow
def test_partitions_have_offsets_of_their_own_and_may_become_more(
    broker: KafkaBroker, topic: str, stream: KafkaStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce(broker, topic, [b'{"id": 1}', None])
    (one, nothing), offset, _ = some(stream, "", 2)
    assert (one.place, nothing.place, nothing.fault) == ("partition 0, offset 0", "partition 0, offset 1", EMPTY)
    assert one.sent is not None
    assert abs(one.sent - time.time()) < 300
    monkeypatch.setattr(kafka_stream, "_LOOK_FOR_PARTITIONS_S", 0.0)
    admin = AdminClient({"bootstrap.servers": broker.address})
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(30)
    produce(broker, topic, [b'{"id": 2}'], partition=2)
    produce(broker, topic, [b'{"id": 3}'], partition=0)
    found, offset, missed = some(stream, offset, 2)
    assert {one.place for one in found} == {"partition 2, offset 0", "partition 0, offset 2"}
    assert (offset, missed) == ('{"0": 3, "1": 0, "2": 1}', 0)


@pytest.mark.slow
def test_what_was_deleted_unread_is_counted_once(broker: KafkaBroker, topic: str, stream: KafkaStream) -> None:
    def delete(before: int) -> None:
        admin = AdminClient({"bootstrap.servers": broker.address})
        (gone,) = admin.delete_records([TopicPartition(topic, 0, before)]).values()
        gone.result(30)

    produce(broker, topic, [b'{"id": 0}'] * 10)
    delete(2)  # before anybody followed
    found, offset, missed = some(stream, "", 3)
    assert ([one.place for one in found], missed) == ([f"partition 0, offset {n}" for n in (2, 3, 4)], 0)
    delete(7)
    stream.close()
    again = KafkaStream(stream.name)
    found, offset, missed = some(again, offset, 3)
    assert ([one.place for one in found], missed) == ([f"partition 0, offset {n}" for n in (7, 8, 9)], 2)
    again.close()
    stranger = KafkaStream(stream.name)
    found, _, missed = some(stranger, '{"0": 99}', 3)  # of a topic of this name that was deleted
    assert ([one.place for one in found], missed) == ([f"partition 0, offset {n}" for n in (7, 8, 9)], 0)
    stranger.close()


@pytest.mark.slow
def test_a_broker_that_goes_and_comes_back_is_read_on() -> None:
    with running_kafka() as broker:
        broker.topic("t")
        produce(broker, "t", [b'{"id": 1}'])
        stream = KafkaStream(f"kafka://{broker.address}/t")
        _, offset, _ = some(stream, "", 1)
        broker.kill()
        with pytest.raises(SourceError, match="cannot be read"):
            silent_for(stream, offset, 60)
        broker.start()
        produce(broker, "t", [b'{"id": 2}'])
        until = time.monotonic() + 60
        found = list[Message]()
        while not found and time.monotonic() < until:
            try:
                found += stream.read(offset, 9, 0.1).messages
            except SourceError:
                time.sleep(0.2)
        assert [one.place for one in found] == ["partition 0, offset 1"]
        stream.close()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("kafka://h:1", "kafka: no topic"),
        ("kafka:/t", "kafka: no host"),
        ("kafka://h:1/a/b", "kafka: no topic"),
        ("kafka://u:secret@h/t?enable.auto.commit=true", "kafka: a setting that is not free: enable.auto.commit"),
        ("kafka://u:secret@h/t?no.such.setting=1", "no.such.setting"),
    ],
)
def test_what_is_no_address_is_refused(address: str, shown: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_stream(address)
    assert shown in str(caught.value)
    assert "secret" not in str(caught.value)


def test_nobody_answers() -> None:
    stream = KafkaStream("kafka://ann:secret@127.0.0.1:1/t?security.protocol=SASL_PLAINTEXT")
    assert stream.name == "kafka://127.0.0.1:1/t"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(kafka_stream, "_TIMEOUT_S", 0.2)
        with pytest.raises(SourceError) as caught:
            stream.read("", 9, 0.1)
    assert "secret" not in str(caught.value)
    stream.close()
    stream.close()


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    monkeypatch.delitem(sys.modules, "kgrec_loaders.kafka_stream")
    with pytest.raises(MissingExtraError) as caught:
        open_stream("kafka://localhost/t")
    assert caught.value.next == "pip install 'kgrec[kafka]'"
