"""Events at a steady rate into a stream that a service follows: whether it keeps up, and how soon a list changes.

    python -m kgrec_benchmarks.service.stream_load BUNDLE GRAPH.kgl [--broker redis] [--rate 2000] [--seconds 180]
        [--event JSON] [--users 50000] [--serve=OPTION ...]

The events are of so many made-up users and of items of the bundle. Beside them, one probe after the other: an item of a
user's list is sent as an event of theirs, and the list is asked for until it is another. The time of a probe counts
from the moment before it is sent. A line is said every ``--every`` seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from kgrec_benchmarks.service.http_client import Connection, request_bytes
from kgrec_benchmarks.service.request_load import percentiles, say
from kgrec_benchmarks.service.served import Served, copies, users_and_items
from kgrec_benchmarks.service.stream_brokers import BROKERS, Broker

_TICK_S = 0.02
_ASK_EVERY_S = 0.01
_LATEST_S = 30.0


class SteadyLoad:
    """Sends events at a rate until it is stopped.

    Attributes:
        sent: how many.
        late_s: seconds by which the sender itself was behind its rate, at most.
        failure: what ended it too soon.
    """

    def __init__(self, broker: Broker, users: int, items: Sequence[str], rate: float, more: Mapping[str, Any]) -> None:
        self._broker, self._users, self._items, self._rate, self._more = broker, users, items, rate, more
        self.sent, self.late_s = 0, 0.0
        self.failure: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more.

        Raises:
            RuntimeError: it had stopped by itself.
        """
        self._over.set()
        self._thread.join()
        if self.failure is not None:
            raise RuntimeError("events could not be sent") from self.failure

    def _run(self) -> None:
        rng, began = random.Random(0), time.monotonic()
        try:
            while not self._over.wait(_TICK_S):
                due = int(self._rate * (time.monotonic() - began)) - self.sent
                self.late_s = max(self.late_s, due / self._rate - _TICK_S)
                self._broker.send(
                    [
                        {
                            "id": f"load-{self.sent + n}",
                            "user": f"load-{rng.randrange(self._users)}",
                            "item": rng.choice(self._items),
                            **self._more,
                        }
                        for n in range(due)
                    ]
                )
                self.sent += due
        except Exception as error:
            self.failure = error


async def probed(
    served: Served, broker: Broker, users: Sequence[str], more: Mapping[str, Any], until: float, begin: int
) -> list[float]:
    """Milliseconds from event to changed list, of one probe after the other until a moment."""
    found: list[float] = []
    async with Connection(served.url) as connection:

        async def items_of(user: str) -> list[str]:
            sent = request_bytes("GET", f"/v1/recommend?user={quote(user, safe='')}&k=10&explain=none")
            answer = await connection.ask(sent)
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}: {answer.body.decode()}")
            return [one["item"] for one in answer.json()["recommendations"]]

        number = begin
        while time.perf_counter() < until:
            user = users[number % len(users)]
            item = (await items_of(user))[0]
            began = time.perf_counter()
            event = {"id": f"probe-{number}", "user": user, "item": item, **more}
            await asyncio.to_thread(broker.send, [event])
            while item in await items_of(user):
                if time.perf_counter() - began > _LATEST_S:
                    raise RuntimeError(f"{_LATEST_S} s after an event the list is the same")
                await asyncio.sleep(_ASK_EVERY_S)
            found.append(1e3 * (time.perf_counter() - began))
            number += 1
    return found


async def standing(served: Served) -> dict[str, Any]:
    """What the service says of events."""
    async with Connection(served.url) as connection:
        answer: dict[str, Any] = (await connection.ask(request_bytes("GET", "/v1/events"))).json()
    return {**answer, **answer["streams"][0]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Send, probe and say the figures as lines of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--broker", choices=BROKERS, default="redis")
    parser.add_argument("--rate", type=float, default=2_000.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--every", type=float, default=15.0, help="seconds between two lines of figures")
    parser.add_argument("--users", type=int, default=50_000, help="whose events they are")
    parser.add_argument("--event", type=json.loads, default={}, help="further fields of each event, as JSON")
    parser.add_argument("--serve", action="append", default=[], metavar="OPTION", help="of `kgrec serve`")
    asked = parser.parse_args(arguments)
    with copies(asked.bundle, asked.graph) as folder, BROKERS[asked.broker]() as broker:
        users, items = users_and_items(folder / "a.bundle")
        served = Served(folder, [*asked.serve, "--follow", broker.address])
        try:
            found = loaded(served, broker, users, items, asked)
        finally:
            served.stop()
    say("stream", broker=asked.broker, **found)


def loaded(
    served: Served, broker: Broker, users: Sequence[str], items: Sequence[str], asked: argparse.Namespace
) -> dict[str, Any]:
    """Figures of some time of load; a line is said of each part of it."""
    process, began = psutil.Process(served.process.pid), time.perf_counter()
    asyncio.run(probed(served, broker, users, asked.event, began + 2.0, 0))  # the first of everything
    load, began = SteadyLoad(broker, asked.users, items, asked.rate, asked.event), time.perf_counter()
    everything: list[float] = []
    waiting = 0
    used = sum(process.cpu_times()[:2])
    while (passed := time.perf_counter() - began) < asked.seconds:
        until = began + min(asked.seconds, passed + asked.every)
        ms = asyncio.run(probed(served, broker, users, asked.event, until, 1_000 + len(everything)))
        everything += ms
        now = asyncio.run(standing(served))
        waiting = max(waiting, load.sent - now["messages"])
        figures = {"sent": load.sent, "taken_in": now["messages"], "in_graph": now["applied_offset"]}
        memory = round(served.memory_mb, 1)
        say("load", s=round(time.perf_counter() - began, 1), **figures, ms=percentiles(ms), memory_mb=memory)
    load.stop()
    seconds = time.perf_counter() - began
    processor = sum(process.cpu_times()[:2]) - used
    ended = time.perf_counter()
    now = asyncio.run(standing(served))
    while now["applied_offset"] < now["last_offset"] or now["messages"] < load.sent + len(everything):
        time.sleep(0.05)
        now = asyncio.run(standing(served))
    return {
        "sent_per_s": round(load.sent / seconds, 1),
        "seconds": round(seconds, 1),
        "sender_late_s": round(load.late_s, 2),
        "most_waiting": waiting,
        "all_in_graph_after_s": round(time.perf_counter() - ended, 2),
        "event_to_list_ms": percentiles(everything),
        "processors": round(processor / seconds, 2),
        "refused": now["refused"],
        "set_aside": now["set_aside"],
    }


if __name__ == "__main__":
    main()
