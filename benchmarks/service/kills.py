"""`kill -9` at random moments under load: every event that was acknowledged is there, exactly once.

    python -m kgrec_benchmarks.service.kills BUNDLE GRAPH.kgl [--kills 50] [--event '{"kind": "rate", "weight": 4}']

Each event is about a user of its own, so that what the graph holds can be counted. While events are sent, lists are
asked for as well. A line is said after each kill.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kgrec.graph import open_store
from kgrec.live.event_log import EventLog
from kgrec_benchmarks.service.http_client import GONE, Connection, request_bytes
from kgrec_benchmarks.service.request_load import say
from kgrec_benchmarks.service.request_mix import MIXES, RequestMix
from kgrec_benchmarks.service.served import Served, copies, users_and_items

SENDERS, READERS = 3, 2
_LONGEST_S = 1.0
_AGAIN_AT_ONCE = 500


async def sent_until_killed(
    served: Served, round_number: int, mix: RequestMix, items: Sequence[str], more: dict[str, Any], rng: random.Random
) -> list[str]:
    """Ids of the events that were acknowledged before the service was killed."""
    acknowledged: list[str] = []
    over = False

    async def send(sender: int) -> None:
        number = 0
        async with Connection(served.url) as connection:
            while not over:
                ids = [f"{round_number}-{sender}-{number + n}" for n in range(rng.randint(1, 4))]
                number += len(ids)
                reports = [report_of(id, rng.choice(items), more) for id in ids]
                sent = request_bytes("POST", "/v1/events", reports + reports[:1])
                while (answer := await connection.ask(sent)).status in (GONE, 503) and served.lives:
                    await asyncio.sleep(0.1)  # too slow, so sent again under the same ids
                if answer.status in (GONE, 503):
                    return
                if answer.status != 200:
                    raise RuntimeError(f"an event was refused: {answer.body.decode()}")
                acknowledged.extend(ids)

    async def read() -> None:
        async with Connection(served.url) as connection:
            while not over and (await connection.ask(mix.next().sent)).status != GONE:
                pass

    tasks = [asyncio.create_task(send(n)) for n in range(SENDERS)] + [
        asyncio.create_task(read()) for _ in range(READERS)
    ]
    while not acknowledged and not any(task.done() for task in tasks):
        await asyncio.sleep(0.001)
    await asyncio.sleep(rng.uniform(0.0, _LONGEST_S))
    served.kill()
    over = True
    await asyncio.gather(*tasks)
    return acknowledged


def report_of(event: str, item: str, more: dict[str, Any]) -> dict[str, Any]:
    """An event about a user of its own."""
    return {"id": event, "user": f"user of {event}", "item": item, **more}


async def what_became(
    served: Served, events: Sequence[str], items: Sequence[str], more: dict[str, Any]
) -> Counter[str]:
    """Statuses of events that are sent once more; offsets are told apart."""
    found: Counter[str] = Counter()
    offsets = set[int]()
    async with Connection(served.url) as connection:
        for start in range(0, len(events), _AGAIN_AT_ONCE):
            reports = [report_of(event, items[0], more) for event in events[start : start + _AGAIN_AT_ONCE]]
            sent = request_bytes("POST", "/v1/events", reports)
            while (answer := await connection.ask(sent)).status in (429, 503):
                await asyncio.sleep(0.1)
            if answer.status != 200:
                raise RuntimeError(f"events that were acknowledged: status {answer.status}, {answer.body.decode()}")
            found.update(one["status"] for one in answer.json()["events"])
            offsets |= {one["offset"] for one in answer.json()["events"]}
    found["offsets"] = len(offsets)
    return found


def counted(folder: Path, acknowledged: Sequence[str]) -> dict[str, Any]:
    """What log and graph hold of the events that were acknowledged."""
    log_of = EventLog(folder / "events.db", takes_in=False)
    with log_of as log, open_store(f"kglite:{folder / 'g.kgl'}", read_only=True) as store:
        places = [place for place, _ in log.after(0, 10**9)]
        times = Counter(len(store.history(f"user of {event}")) for event in acknowledged)
        return {
            "acknowledged": len(acknowledged),
            "in_log": len(places),
            "without_gaps": places == list(range(1, len(places) + 1)),
            "graph_is_at": store.finished_batches(f"events {log.identity}"),
            "missing_in_graph": times[0],
            "once_in_graph": times[1],
            "more_often": sum(n for count, n in times.items() if count > 1),
        }


def killed(
    bundle: Path,
    graph: Path,
    kills: int,
    more: dict[str, Any],
    seed: int = 0,
    told: Callable[..., None] = lambda what, **figures: None,
) -> dict[str, Any]:
    """Figures of some kills; ``told`` is called after each with its own."""
    rng = random.Random(seed)
    acknowledged: list[str] = []
    starts: list[float] = []
    with copies(bundle, graph) as folder:
        _, items = users_and_items(folder / "a.bundle")
        mix = RequestMix.of_bundle(folder / "a.bundle", MIXES["short"], seed)
        for number in range(kills):
            served = Served(folder)
            starts.append(served.start_s)
            fresh = asyncio.run(sent_until_killed(served, number, mix, items, more, rng))
            acknowledged += fresh
            told("kill", number=number + 1, start_s=round(served.start_s, 2), acknowledged=len(fresh))
        served = Served(folder)
        try:
            again = asyncio.run(what_became(served, acknowledged, items, more))
        finally:
            stop_s = served.stop()
        found = counted(folder, acknowledged)
    whole = again["repeated"] == again["offsets"] == found["once_in_graph"] == len(acknowledged)
    whole = whole and found["without_gaps"] and found["graph_is_at"] == found["in_log"]
    times = {"start_s": round(max(starts), 2), "stop_s": round(stop_s, 2)}
    return {"kills": kills, **found, "again": dict(again), **times, "exactly_once": whole}


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill and say what was lost, which is to be nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0, help="other seeds kill at other moments")
    parser.add_argument("--event", type=json.loads, default={}, help="further fields of each event, as JSON")
    asked = parser.parse_args(arguments)
    found = killed(asked.bundle, asked.graph, asked.kills, asked.event, asked.seed, say)
    say("kills", **found)
    if not found["exactly_once"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
