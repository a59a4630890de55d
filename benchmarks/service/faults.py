"""Faults of disks, stores, clocks and clients: what the service answers meanwhile, and that it goes on afterwards.

    python -m kgrec_benchmarks.service.faults BUNDLE GRAPH.kgl [--event '{"kind": "rate", "weight": 4}'] [--only NAME]

Each line says which statuses were answered during the fault, which were expected, and whether a list is answered
afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil

from kgrec_benchmarks.service.http_client import Answer, Connection, request_bytes
from kgrec_benchmarks.service.request_load import percentiles, say
from kgrec_benchmarks.service.served import Served, copies, users_and_items

_IDLE = 1_000
_ROOM_BYTES = 40_000
_SMALL_DISK, _SMALL_BYTES = "small", 1_000_000
_EVENTS_TO_FILL = 300
_CLOCK = "import time; now = time.time; time.time = lambda: now() + float(open('clock').read())"
"""Where the file says so, the clock of the process is set back."""


class Subject:
    """A service that is to be hurt, and what to ask it."""

    def __init__(self, served: Served, event: dict[str, Any]) -> None:
        self.served = served
        users, self.items = users_and_items(served.folder / "a.bundle")
        self.user = users[0]
        self._event, self._number = event, 0

    def ask(self, method: str, address: str, body: Any = None) -> Answer:
        """One answer, over a connection of its own."""

        async def asked() -> Answer:
            async with Connection(self.served.url) as connection:
                return await connection.ask(request_bytes(method, address, body))

        return asyncio.run(asked())

    def list(self, more: str = "") -> Answer:
        """The list of a user."""
        return self.ask("GET", f"/v1/recommend?user={quote(self.user, safe='')}{more}")

    def event(self) -> Answer:
        """What became of a new event."""
        self._number += 1
        report = {"id": f"fault-{time.time_ns()}-{self._number}", "user": self.user, "item": self.items[0]}
        return self.ask("POST", "/v1/events", report | self._event)


Statuses = dict[str, Any]
"""By what was asked."""


def store_down(subject: Subject) -> Statuses:
    """The graph cannot be reached: lists and events go on, reasons say what is missing, nobody is forgotten."""
    reasons = subject.list("&explain=short").json()["recommendations"]
    return {
        "list": subject.list().status,
        "reasons say so": int(all(one["explanation"]["degraded"] for one in reasons)),
        "ready": subject.ask("GET", "/health/ready").json()["status"],
        "event": subject.event().status,
        "forget": subject.ask("DELETE", f"/v1/users/{quote(subject.user, safe='')}").status,
    }


def damaged_bundle(subject: Subject) -> Statuses:
    """The bundle is written over in its middle: the model that answers goes on, with the same numbers."""
    before = subject.list().json()
    arrays = subject.served.folder / "a.bundle" / "arrays.safetensors"
    size = arrays.stat().st_size
    with arrays.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\x7f" * min(2_000, size // 4))
    time.sleep(5.0)
    standing = subject.ask("GET", "/v1/model/versions").json()
    with arrays.open("r+b") as file:
        file.truncate(100)
    time.sleep(5.0)
    return {
        "same list": int(subject.list().json() == before),
        "refusal": int("damaged" in (standing["refusal"] or "") or standing["refusal"] is None),
        "list": subject.list().status,
    }


def disk_full(subject: Subject) -> Statuses:
    """The disk of the event log is full: events are refused and none is lost; lists go on; it works with room again."""
    small = subject.served.folder / _SMALL_DISK
    disk = _filled_disk(small) if small.is_mount() else _files_that_grow_no_further(subject.served)
    with disk as what:
        statuses = Counter(subject.event().status for _ in range(_EVENTS_TO_FILL))
        full = {"list": subject.list().status, "ready": subject.ask("GET", "/health/ready").status}
    after = subject.event()
    return {
        "disk": what,
        "events": sorted(statuses),
        **full,
        "event with room again": after.status,
        "none lost, none kept": int(after.json()["events"][0]["offset"] == statuses[200] + 1),
    }


@contextmanager
def small_disk(folder: Path) -> Iterator[list[str]]:
    """Options of a service whose event log is on a disk of its own; none where this process may not mount one."""
    small = folder / _SMALL_DISK
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_BYTES}", "tmpfs", str(small)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        yield []
        return
    try:
        yield ["--events", f"{_SMALL_DISK}/events.db"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


@contextmanager
def _filled_disk(small: Path) -> Iterator[str]:
    """A disk that fills up while it is open; then it is larger."""
    yield "tmpfs"
    subprocess.run(["mount", "-o", f"remount,size={8 * _SMALL_BYTES}", str(small)], check=True)


@contextmanager
def _files_that_grow_no_further(served: Served) -> Iterator[str]:
    process = psutil.Process(served.process.pid)
    largest = max(file.stat().st_size for file in served.folder.glob("events.db*"))
    process.rlimit(psutil.RLIMIT_FSIZE, (largest + _ROOM_BYTES, resource.RLIM_INFINITY))
    yield "limit of a file's size"
    process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def clock_set_back(subject: Subject) -> Statuses:
    """The clock runs, then is an hour behind: no event is lost or comes before an earlier one."""
    first = [subject.event().status for _ in range(3)]
    (subject.served.folder / "clock").write_text("-3600")
    answers = [subject.event() for _ in range(3)]
    offsets = [answer.json()["events"][0]["offset"] for answer in answers]
    return {
        "event before": first[0],
        "event after": answers[0].status,
        "in order": int(offsets == sorted(set(offsets))),
        "list": subject.list().status,
    }


def large_body(subject: Subject) -> Statuses:
    """A body of 10 MB."""
    return {"body": subject.ask("POST", "/v1/recommend", b" " * 10_000_000).status}


def long_history(subject: Subject) -> Statuses:
    """A history of 10,000 items."""
    history = [subject.items[n % len(subject.items)] for n in range(10_000)]
    return {"history": subject.ask("POST", "/v1/recommend", {"history": history}).status}


def slow_client(subject: Subject) -> Statuses:
    """A body that comes byte by byte is given up; others are answered meanwhile."""
    where = urlsplit(subject.served.url)
    with socket.create_connection((where.hostname or "", where.port or 80), timeout=30) as slow:
        slow.sendall(b"POST /v1/recommend HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        slow.settimeout(1.0)
        began, said = time.perf_counter(), b""
        ms: list[float] = []
        while not said and time.perf_counter() - began < 30:
            slow.sendall(b" ")
            asked = time.perf_counter()
            assert subject.list().status == 200
            ms.append(1e3 * (time.perf_counter() - asked))
            try:
                said = slow.recv(100)
            except TimeoutError:
                continue
    return {"slow": int(said.split()[1]), "others, ms": percentiles(ms)}


def idle_connections(subject: Subject) -> Statuses:
    """A thousand connections that say nothing."""
    where = urlsplit(subject.served.url)
    with _many_files():
        idle = [socket.create_connection((where.hostname or "", where.port or 80)) for _ in range(_IDLE)]
        ms = []
        for _ in range(20):
            began = time.perf_counter()
            status = subject.list().status
            ms.append(1e3 * (time.perf_counter() - began))
        for one in idle:
            one.close()
    return {"list": status, "ms": percentiles(ms)}


@contextmanager
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


FAULTS: dict[str, tuple[Callable[[Subject], Statuses], Statuses]] = {
    "store down": (
        store_down,
        {"list": 200, "reasons say so": 1, "ready": "degraded", "event": 200, "forget": 503},
    ),
    "damaged bundle": (damaged_bundle, {"same list": 1, "refusal": 1, "list": 200}),
    "disk full": (
        disk_full,
        {"events": [200, 503], "list": 200, "ready": 200, "event with room again": 200, "none lost, none kept": 1},
    ),
    "clock set back": (clock_set_back, {"event before": 200, "event after": 200, "in order": 1, "list": 200}),
    "10 MB body": (large_body, {"body": 413}),
    "10,000-item history": (long_history, {"history": 422}),
    "slow client": (slow_client, {"slow": 408}),
    "1,000 idle connections": (idle_connections, {"list": 200}),
}
"""Each fault with what is to be answered; what is not named may be anything."""


def suffered(name: str, bundle: Path, graph: Path, event: dict[str, Any]) -> dict[str, Any]:
    """What was answered during a fault, and afterwards."""
    hurt, expected = FAULTS[name]
    with copies(bundle, graph) as folder, ExitStack() as opened:
        options = ["--store", "neo4j://127.0.0.1:9/neo4j"] if name == "store down" else []
        if name == "disk full":
            options = opened.enter_context(small_disk(folder))
        (folder / "clock").write_text("0")
        served = Served(folder, options, _CLOCK if name == "clock set back" else "")
        try:
            subject = Subject(served, event)
            subject.list()
            found = hurt(subject)
            after = subject.list().status
            lives = served.lives
        finally:
            served.stop()
    as_expected = all(found[name] == value for name, value in expected.items())
    return {"fault": name, "found": found, "as_expected": as_expected, "list_afterwards": after, "lives": lives}


def main(arguments: Sequence[str] | None = None) -> None:
    """Suffer every fault in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--event", type=json.loads, default={}, help="further fields of each event, as JSON")
    parser.add_argument("--only", choices=FAULTS, action="append")
    asked = parser.parse_args(arguments)
    whole = True
    for name in asked.only or FAULTS:
        found = suffered(name, asked.bundle, asked.graph, asked.event)
        say(**{"what": found.pop("fault"), **found})
        whole = whole and found["as_expected"] and found["list_afterwards"] == 200
    if not whole:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
