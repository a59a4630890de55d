"""`kill -9` at random moments of following: every event that was sent is there, exactly once.

    python -m kgrec_benchmarks.service.stream_kills BUNDLE GRAPH.kgl --broker redis [--kills 50]
        [--event '{"kind": "rate", "weight": 4}']

Events arrive all the time, also while the service starts, so that each start finds some that wait. Each is about a user
of its own, so that what the graph holds can be counted. Every second one has no id and is known by its place only;
of the others every fifth is sent twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kgrec.live.event_log import EventLog
from kgrec_benchmarks.service.http_client import Connection, request_bytes
from kgrec_benchmarks.service.kills import counted
from kgrec_benchmarks.service.request_load import say
from kgrec_benchmarks.service.served import Served, copies, users_and_items
from kgrec_benchmarks.service.stream_brokers import BROKERS, Broker

_LONGEST_S, _PATIENCE_S, _TICK_S = 1.0, 600.0, 0.02


class Sender:
    """Sends events at a rate until it is stopped.

    Attributes:
        events: names of those that were sent.
        messages: how many were sent, those that were sent twice counted twice.
        failure: what ended it too soon.
    """

    def __init__(self, broker: Broker, items: Sequence[str], rate: float, more: Mapping[str, Any]) -> None:
        self._broker, self._items, self._rate, self._more = broker, items, rate, more
        self.events: list[str] = []
        self.messages = 0
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
        began = time.monotonic()
        try:
            while not self._over.wait(_TICK_S):
                due = int(self._rate * (time.monotonic() - began)) - len(self.events)
                names = [str(len(self.events) + n) for n in range(due)]
                reports = [self._report(name) for name in names]
                reports += [report for report in reports if "id" in report and int(report["id"]) % 5 == 0]
                if reports:
                    self._broker.send(reports)
                    self.events += names
                    self.messages += len(reports)
        except Exception as error:
            self.failure = error

    def _report(self, name: str) -> dict[str, Any]:
        report = {"user": f"user of {name}", "item": self._items[int(name) % len(self._items)], **self._more}
        return report | ({"id": name} if int(name) % 2 else {})


def taken_in(folder: Path) -> int:
    """How many messages stand in the log as taken in."""
    with EventLog(folder / "events.db", takes_in=False) as log:
        return sum(one.messages for one in log.streams().values())


def _refuse_set_aside(folder: Path) -> None:
    with EventLog(folder / "events.db", takes_in=False) as log:
        if reasons := log.set_aside():
            raise RuntimeError(f"events are set aside ({', '.join(reasons)}): say with --event what they lack")


def stream_killed(
    bundle: Path,
    graph: Path,
    broker: str,
    kills: int,
    more: Mapping[str, Any],
    *,
    rate: float = 100.0,
    seed: int = 0,
    told: Callable[..., None] = lambda what, **figures: None,
) -> dict[str, Any]:
    """Figures of some kills; ``told`` is called after each with its own."""
    rng = random.Random(seed)
    with copies(bundle, graph) as folder, BROKERS[broker]() as to:
        _, items = users_and_items(folder / "a.bundle")
        sender, follow = Sender(to, items, rate, more), ["--follow", to.address]
        for number in range(kills):
            before = taken_in(folder)
            served = Served(folder, follow)
            _waited(lambda: taken_in(folder) > before or not served.lives)  # noqa: B023
            time.sleep(rng.uniform(0.0, _LONGEST_S))
            served.kill()
            told("kill", number=number + 1, start_s=round(served.start_s, 2), taken_in=taken_in(folder) - before)
            _refuse_set_aside(folder)
        sender.stop()
        served = Served(folder, follow)
        try:
            _waited(lambda: taken_in(folder) >= sender.messages and _all_in_graph(served))
        finally:
            stop_s = served.stop()
        found, messages = counted(folder, sender.events), taken_in(folder)
    sent = found.pop("acknowledged")
    once = sent == found["in_log"] == found["once_in_graph"] == found["graph_is_at"] and found["without_gaps"]
    figures = {"broker": broker, "kills": kills, "events": sent, "messages": sender.messages, "taken_in": messages}
    return figures | found | {"stop_s": round(stop_s, 2), "exactly_once": once and messages == sender.messages}


def _all_in_graph(served: Served) -> bool:
    async def standing() -> dict[str, Any]:
        async with Connection(served.url) as connection:
            answer: dict[str, Any] = (await connection.ask(request_bytes("GET", "/v1/events"))).json()
            return answer

    now = asyncio.run(standing())
    return bool(now["applied_offset"] == now["last_offset"])


def _waited(until: Callable[[], bool]) -> None:
    patience = time.monotonic() + _PATIENCE_S
    while not until():
        if time.monotonic() > patience:
            raise RuntimeError("events that were sent are not taken in")
        time.sleep(0.05)


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill and say what was lost or came twice, which is to be nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--broker", choices=BROKERS, default="redis")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rate", type=float, default=100.0, help="events a second")
    parser.add_argument("--seed", type=int, default=0, help="other seeds kill at other moments")
    parser.add_argument("--event", type=json.loads, default={}, help="further fields of each event, as JSON")
    asked = parser.parse_args(arguments)
    how = {"rate": asked.rate, "seed": asked.seed}
    found = stream_killed(asked.bundle, asked.graph, asked.broker, asked.kills, asked.event, **how, told=say)
    say("kills", **found)
    if not found["exactly_once"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
