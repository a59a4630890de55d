"""What every event stream promises, as tests: each message once, in the same place whenever it is read."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import pytest

from kgrec.data.messages import NO_JSON, NO_OBJECT, EventStream, Message
from kgrec.errors import ConfigError, SourceError
from kgrec.live.streams import open_stream

_SOON_S, _LATE_S = 0.1, 10.0


class EventStreamContract:
    """Tests of a stream; a subclass whose name starts with ``Test`` says where it is and how something is sent there.

    .. code-block:: python

        class TestMyStream(EventStreamContract):
            @pytest.fixture
            def address(self) -> str:
                ...

            def send(self, address: str, contents: Sequence[bytes]) -> None:
                ...
    """

    longest_wait_s = _LATE_S
    """Seconds after which a message that was sent must have been read."""

    @pytest.fixture
    def address(self) -> str:
        """The address of a stream without messages."""
        raise NotImplementedError

    @pytest.fixture
    def away(self) -> str:
        """The address of a stream that cannot be reached."""
        raise NotImplementedError

    @pytest.fixture
    def wrong(self) -> Mapping[str, str]:
        """Addresses that are none, by a text that the error shows."""
        raise NotImplementedError

    def send(self, address: str, contents: Sequence[bytes]) -> None:
        """Append messages, one after the other; they are there when it returns."""
        raise NotImplementedError

    @pytest.fixture
    def stream(self, address: str) -> Iterator[EventStream]:
        """The stream of that address."""
        opened = open_stream(address)
        yield opened
        opened.close()

    def test_messages_come_in_their_order_and_once(self, stream: EventStream, address: str) -> None:
        self.send(address, _reports(0, 7))
        messages, offset = self.all_of(stream, "", 7)
        assert [one.report for one in messages] == [{"id": n, "text": "雪"} for n in range(7)]
        assert len({one.place for one in messages}) == 7
        assert all(one.place and not one.fault for one in messages)
        self.send(address, _reports(7, 9))
        more, _ = self.all_of(stream, offset, 2)
        assert [one.report and one.report["id"] for one in more] == [7, 8]
        assert not {one.place for one in more} & {one.place for one in messages}

    def test_whoever_comes_later_goes_on_at_an_offset(self, stream: EventStream, address: str) -> None:
        self.send(address, _reports(0, 5))
        batch = self.some_of(stream, "", 2)
        other = open_stream(address)
        try:
            rest, end = self.all_of(other, batch[1], 3)
            assert [one.report and one.report["id"] for one in rest] == [2, 3, 4]
            nothing = other.read(end, 10, _SOON_S)
            assert (list(nothing.messages), nothing.offset, nothing.missed) == ([], end, 0)
        finally:
            other.close()

    def test_however_many_at_once_they_are_the_same(self, stream: EventStream, address: str) -> None:
        self.send(address, [*_reports(0, 4), b"[1]", *_reports(4, 6)])
        whole, _ = self.all_of(stream, "", 7)
        for most in (1, 2, 3):
            found: list[Message] = []
            offset = ""
            while len(found) < len(whole):
                some, offset = self.some_of(stream, offset, most)
                assert 0 < len(some) <= most
                found += some
            assert found == whole

    def test_an_earlier_offset_is_read_again(self, stream: EventStream, address: str) -> None:
        """Who could not write down what was read asks for it once more."""
        self.send(address, _reports(0, 6))
        first, offset = self.some_of(stream, "", 2)
        once, _ = self.all_of(stream, offset, 4)
        assert self.all_of(stream, offset, 4)[0] == once
        assert self.some_of(stream, "", 2)[0] == first

    def test_what_is_no_event_keeps_its_place(self, stream: EventStream, address: str) -> None:
        odd = [b"{half", b"[1, 2]", b"\xff\xfe", b"7", b'{"id": ' + b"9" * 5_000 + b"}", b"[" * 100_000]
        self.send(address, [*_reports(0, 1), *odd, *_reports(1, 2)])
        messages, _ = self.all_of(stream, "", len(odd) + 2)
        assert [one.fault for one in messages] == ["", NO_JSON, NO_OBJECT, NO_JSON, NO_OBJECT, NO_JSON, NO_JSON, ""]
        assert [one.report is None for one in messages] == [False, *[True] * len(odd), False]
        assert len({one.place for one in messages}) == len(messages)

    def test_what_comes_is_read_at_once(self, stream: EventStream, address: str) -> None:
        nothing = stream.read("", 10, _SOON_S)
        assert not nothing.messages
        later = threading.Timer(0.2, self.send, (address, _reports(0, 1)))
        later.start()
        try:
            began = time.monotonic()
            messages, _ = self.all_of(stream, nothing.offset, 1)
            assert time.monotonic() - began < self.longest_wait_s
            assert messages[0].report == {"id": 0, "text": "雪"}
        finally:
            later.join()

    def test_what_is_away_is_an_error_that_can_be_tried_again(self, away: str) -> None:
        stream = open_stream(away)
        try:
            for _ in range(2):
                with pytest.raises(SourceError) as caught:
                    stream.read("", 10, _SOON_S)
                error = caught.value
                assert (error.where or "") in (stream.name, error.where)
                assert error.summary.endswith(".")
                assert all((error.found, error.expected, error.next))
        finally:
            stream.close()
            stream.close()

    def test_what_is_no_address_is_refused(self, wrong: Mapping[str, str]) -> None:
        assert wrong
        for shown, address in wrong.items():
            with pytest.raises(ConfigError) as caught:
                open_stream(address)
            assert shown in str(caught.value)
            assert "secret" not in str(caught.value)
            assert all((caught.value.expected, caught.value.next))

    def some_of(self, stream: EventStream, after: str, most: int) -> tuple[list[Message], str]:
        """The next messages; there is one."""
        until = time.monotonic() + _LATE_S
        while time.monotonic() < until:
            batch = stream.read(after, most, _SOON_S)
            if batch.messages:
                return list(batch.messages), batch.offset
            after = batch.offset
        raise AssertionError("a message that was sent does not come")

    def all_of(self, stream: EventStream, after: str, count: int) -> tuple[list[Message], str]:
        """The next messages, so many, in as few batches as they come in."""
        found: list[Message] = []
        while len(found) < count:
            some, after = self.some_of(stream, after, count - len(found))
            found += some
        return found, after


def _reports(first: int, end: int) -> list[bytes]:
    return [json.dumps({"id": n, "text": "雪"}, ensure_ascii=n % 2 == 0).encode() for n in range(first, end)]
