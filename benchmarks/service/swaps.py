"""Models swapped under load: no request fails, no answer mixes two models, memory stays.

    python -m kgrec_benchmarks.service.swaps BUNDLE GRAPH.kgl [--swaps 1000] [--connections 4]

The second model is the first with a mark in every name: an answer that says that it comes from it has the mark in each
name, one from the first has it nowhere.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec_benchmarks.service.http_client import Answer, Connection, request_bytes
from kgrec_benchmarks.service.request_load import percentiles, say
from kgrec_benchmarks.service.request_mix import RequestMix
from kgrec_benchmarks.service.served import Served, copies

MARK = "\u2042"
_SHARES = {"recommend": 0.5, "recommend short": 0.4, "similar": 0.1}


def marked(folder: Path) -> str:
    """Id of a second version, which stands beside the first: the same model with a mark in every name."""
    versions = BundleVersions(folder / "a.bundle")
    first = Bundle.load(versions.path)
    names = tuple(f"{name}{MARK}" for name in first.names)
    languages = {code: tuple(name and f"{name}{MARK}" for name in of) for code, of in first.names_by_language.items()}
    other = replace(first, names=names, names_by_language=languages)
    other.save(folder / "second.bundle")
    (folder / "a.bundle").rename(folder / "first.bundle")
    (folder / "second.bundle").rename(folder / "a.bundle")
    second = versions.take_in()
    (folder / "a.bundle").rename(folder / "second.bundle")
    (folder / "first.bundle").rename(folder / "a.bundle")
    return second


def fault_of(answer: Answer, second: str) -> str:
    """What is wrong with an answer, empty where nothing is."""
    if answer.status != 200:
        return f"status {answer.status}"
    has_mark = MARK.encode() in answer.body
    if answer.headers.get("x-kgrec-model") != second:
        return "the first model with names of the second" if has_mark else ""
    listed = answer.json()
    names = [one["name"] for one in listed.get("recommendations", listed.get("similar", []))]
    return "" if all(name.endswith(MARK) for name in names) else "the second model with names of the first"


async def swapped(served: Served, versions: Sequence[str], swaps: int, connections: int) -> dict[str, Any]:
    """Figures of some swaps under load."""
    faults: Counter[str] = Counter()
    ms: list[float] = []
    models: Counter[str] = Counter()
    swap_ms: list[float] = []
    over = False

    async def ask(number: int) -> None:
        mix = RequestMix.of_bundle(served.folder / "a.bundle", _SHARES, number)
        async with Connection(served.url) as connection:
            while not over:
                began = time.perf_counter()
                answer = await connection.ask(mix.next().sent)
                ms.append(1e3 * (time.perf_counter() - began))
                models[answer.headers.get("x-kgrec-model", "none")] += 1
                if fault := fault_of(answer, versions[1]):
                    faults[fault] += 1

    tasks = [asyncio.create_task(ask(number)) for number in range(connections)]
    await asyncio.sleep(2.0)
    before = served.memory_mb
    most = before
    async with Connection(served.url) as connection:
        for number in range(swaps):
            began = time.perf_counter()
            change = request_bytes("POST", "/v1/model/versions", {"version": versions[(number + 1) % 2]})
            answer = await connection.ask(change)
            swap_ms.append(1e3 * (time.perf_counter() - began))
            if answer.status != 200:
                faults[f"swap: status {answer.status}"] += 1
            most = max(most, served.memory_mb)
            await asyncio.sleep(0.02)
    over = True
    await asyncio.gather(*tasks)
    await asyncio.sleep(1.0)
    after = served.memory_mb
    return {
        "swaps": swaps,
        "requests": len(ms),
        "of_each_model": sorted(models.values()),
        "faults": dict(faults),
        "ms": percentiles(ms),
        "swap_ms": percentiles(swap_ms),
        "memory_mb": {"before": round(before, 1), "most": round(most, 1), "after": round(after, 1)},
        "memory_ratio": round(after / before, 3),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Swap and say what failed, which is to be nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--swaps", type=int, default=1_000)
    parser.add_argument("--connections", type=int, default=4)
    asked = parser.parse_args(arguments)
    with copies(asked.bundle, asked.graph) as folder:
        first, second = BundleVersions(folder / "a.bundle").take_in(), marked(folder)
        BundleVersions(folder / "a.bundle").use(first)
        served = Served(folder)
        try:
            found = asyncio.run(swapped(served, [first, second], asked.swaps, asked.connections))
        finally:
            served.stop()
    say("swaps", **found)
    if found["faults"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
