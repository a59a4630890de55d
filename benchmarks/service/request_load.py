"""Load on a service: percentiles, errors and memory over time; beside it a bare FastAPI answer of the same bytes.

    python -m kgrec_benchmarks.service.request_load BUNDLE GRAPH.kgl [--mix site] [--rate 100 | --connections 16]
        [--seconds 30] [--every 10] [--event JSON] [--serve=OPTION ...] [--no-bare]

With ``--rate``, requests come at random moments at that rate on average, in bursts of ``--burst``, whatever becomes of
those before (open loop): the time of one counts from the moment at which it should have been sent. Without, each
connection asks again as soon as it is answered (closed loop). ``--seconds 1800`` is the soak. The bare answer, of a
short list with ``--mix short``, otherwise of a list, is sent by uvicorn, and by Granian where that is installed;
``service_in_its`` are the service's last figures in those of the bare one. ``cpu_ms_a_request`` is what the service
takes of a processor for each, which other work on the machine does not make longer as it does the times.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kgrec_benchmarks.service.http_client import Answer, Connection, request_bytes
from kgrec_benchmarks.service.request_mix import MIXES, Asked, RequestMix
from kgrec_benchmarks.service.served import Served, copies

_MOST_CONNECTIONS = 256


@dataclass
class Outcome:
    """What became of the requests of some time.

    Attributes:
        ms: times, by kind of request.
        statuses: how often each was answered.
    """

    ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)

    def note(self, asked: Asked, answer: Answer, seconds: float) -> None:
        """One answer."""
        self.ms[asked.kind].append(1e3 * seconds)
        self.statuses[answer.status] += 1

    def figures(self, seconds: float) -> dict[str, Any]:
        """Rates, errors and percentiles in milliseconds."""
        everything = [one for of_kind in self.ms.values() for one in of_kind]
        return {
            "requests": len(everything),
            "per_s": round(len(everything) / seconds, 1),
            "errors": sum(n for status, n in self.statuses.items() if not 200 <= status < 300),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "ms": {kind: percentiles(of_kind) for kind, of_kind in {"all": everything, **self.ms}.items()},
        }


def percentiles(ms: Sequence[float]) -> dict[str, float]:
    """The usual ones, rounded."""
    if not ms:
        return {}
    names = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
    return {name: round(float(np.percentile(ms, at)), 2) for name, at in names.items()} | {"n": len(ms)}


async def closed_loop(url: str, mixes: Sequence[RequestMix], seconds: float, outcome: Outcome) -> None:
    """One connection for each mix, which asks as soon as it is answered."""
    until = time.perf_counter() + seconds

    async def run(mix: RequestMix) -> None:
        async with Connection(url) as connection:
            while (began := time.perf_counter()) < until:
                asked = mix.next()
                answer = await connection.ask(asked.sent)
                outcome.note(asked, answer, time.perf_counter() - began)

    await asyncio.gather(*map(run, mixes))


async def open_loop(url: str, mix: RequestMix, rate: float, burst: int, seconds: float, outcome: Outcome) -> None:
    """Requests at random moments, ``rate`` a second on average, ``burst`` at once."""
    idle: list[Connection] = []
    under_way: set[asyncio.Task[None]] = set()
    rng, began = random.Random(1), time.perf_counter()
    at = began

    async def one(asked: Asked, due: float) -> None:
        connection = idle.pop() if idle else Connection(url)
        answer = await connection.ask(asked.sent)
        outcome.note(asked, answer, time.perf_counter() - due)
        idle.append(connection)

    while at < began + seconds:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        for _ in range(burst):
            if len(under_way) < _MOST_CONNECTIONS:
                task = asyncio.create_task(one(mix.next(), at))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            else:
                outcome.statuses[-1] += 1  # the service is so far behind that nothing more is sent
        at += rng.expovariate(rate / burst)
    await asyncio.gather(*under_way)
    for connection in idle:
        connection.close()


def loaded(url: str, bundle: Path, arguments: argparse.Namespace, round: int, seconds: float) -> dict[str, Any]:
    """Figures of some seconds of load."""
    outcome, shares = Outcome(), MIXES[arguments.mix]
    began = time.perf_counter()
    if arguments.rate:
        mix = RequestMix.of_bundle(bundle, shares, round, arguments.event)
        asyncio.run(open_loop(url, mix, arguments.rate, arguments.burst, seconds, outcome))
    else:
        seeds = range(1_000 * round, 1_000 * round + arguments.connections)
        mixes = [RequestMix.of_bundle(bundle, shares, seed, arguments.event) for seed in seeds]
        asyncio.run(closed_loop(url, mixes, seconds, outcome))
    return outcome.figures(time.perf_counter() - began)


_BARE = """
from fastapi import FastAPI, Response

body = open("body.json", "rb").read()
app = FastAPI()


@app.get("/v1/recommend")
def answer(user: str) -> Response:
    return Response(body, media_type="application/json")
"""
BARE_SERVERS = {
    "uvicorn": ("-m", "uvicorn", "bare:app", "--no-access-log", "--log-level", "warning", "--port"),
    "granian": ("-m", "granian", "bare:app", "--interface", "asgi", "--log-level", "warning", "--port"),
}
"""How Python starts each, up to the port."""


def bare(url: str, folder: Path, server: str, arguments: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Figures of a FastAPI application that does nothing but send the bytes of one of the service's answers."""
    name = arguments.mix if arguments.mix == "short" else "lists"

    async def asked(url: str) -> bytes:
        async with Connection(url) as connection:
            mix = RequestMix.of_bundle(folder / "a.bundle", MIXES[name])
            return (await connection.ask(mix.next().sent)).body

    (folder / "body.json").write_bytes(asyncio.run(asked(url)))
    (folder / "bare.py").write_text(_BARE)
    port = str(20_000 + os.getpid() % 20_000)
    process = subprocess.Popen([sys.executable, *BARE_SERVERS[server], port], cwd=folder, start_new_session=True)
    try:
        other = f"http://127.0.0.1:{port}"
        while not asyncio.run(_answers(other)):
            time.sleep(0.1)
        of_one_kind = argparse.Namespace(**{**vars(arguments), "mix": name})
        return loaded(other, folder / "a.bundle", of_one_kind, 0, seconds)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # one of them has its worker in a process of its own
        process.wait()


def ratios(service: dict[str, Any], of_bare: dict[str, Any]) -> dict[str, float | None]:
    """The service's rate and times in those of the bare answer; None where one of them answered nothing."""
    ours, theirs = service["ms"]["all"], of_bare["ms"]["all"]
    both = bool(ours and theirs)
    of = {"per_s": round(service["per_s"] / of_bare["per_s"], 3) if both else None}
    return of | {name: round(ours[name] / theirs[name], 2) if both else None for name in ("p50", "p99")}


async def _answers(url: str) -> bool:
    async with Connection(url) as connection:
        return (await connection.ask(request_bytes("GET", "/v1/recommend?user=u"))).status == 200


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and say the figures as lines of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--mix", choices=MIXES, default="site")
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; without, a closed loop")
    parser.add_argument("--burst", type=int, default=1)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two lines of figures")
    parser.add_argument("--event", type=json.loads, default={}, help="further fields of each event, as JSON")
    parser.add_argument("--serve", action="append", default=[], metavar="OPTION", help="of `kgrec serve`")
    parser.add_argument("--no-bare", action="store_true", help="measure no bare FastAPI answer beside it")
    asked = parser.parse_args(arguments)
    with copies(asked.bundle, asked.graph) as folder:
        served = Served(folder, asked.serve)
        try:
            say("start", seconds=round(served.start_s, 2), memory_mb=round(served.memory_mb, 1))
            loaded(served.url, folder / "a.bundle", asked, 999, 1.0)  # the first of everything
            for round_number in range(max(1, round(asked.seconds / asked.every))):
                before = served.cpu_s
                found = loaded(served.url, folder / "a.bundle", asked, round_number, min(asked.every, asked.seconds))
                cpu_ms = round(1e3 * (served.cpu_s - before) / max(found["requests"], 1), 2)
                say("load", memory_mb=round(served.memory_mb, 1), cpu_ms_a_request=cpu_ms, **found)
            for server in () if asked.no_bare else filter(find_spec, BARE_SERVERS):
                of_bare = bare(served.url, folder, server, asked, min(asked.every, asked.seconds))
                say("bare FastAPI", server=server, service_in_its=ratios(found, of_bare), **of_bare)
        finally:
            served.stop()


def say(what: str, **figures: Any) -> None:
    """A line of JSON on stdout."""
    sys.stdout.write(json.dumps({"what": what, **figures}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
