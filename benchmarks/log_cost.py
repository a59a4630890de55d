"""Say what a log of interactions takes on some workers, by stage, from constants that were measured.

    python benchmarks/log_cost.py [--interactions 100000000] [--users 5000000] [--items 500000] [--workers 2]
        [--measured FILE]

The stages are those of benchmarks/large_log.py, whose ``--out`` FILE is: then it is asked for the size of that log, and
what each stage took stands beside what is said here. Memory is that of one machine on which all workers are.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MIB = 2**20
_TESTED, _NEAREST, _PART = 5_000, 100, 1_000_000
"""As benchmarks/large_log.py has them."""

_START_S = 1.7
"""Seconds of a processor in any stage: packages are imported, workers begin."""
_IMPORTED_S, _COUNTED_S, _READ_S = 1.74e-6, 0.02e-6, 0.27e-6
"""Of a row that is imported, counted, put into the matrix."""
_PAIRED_S, _SOLVED_S, _GATHERED_S = 7e-9, 0.18e-3, 0.045e-6
"""Of a pair of items in one history, of a system of the nearest, of an entry in one of their columns."""
_SCORED_S = 28e-9
"""Of an item that is scored for a user, by two rankers."""

_PROCESS_MIB, _WORKER_MIB = 90, 45
"""Of a process and of each worker, of what is not shared between them."""
_PART_MIB, _SORTED_MIB, _BLOCK_MIB, _PAIRED_MIB, _RANKED_MIB = 240, 900, 10, 150, 150
"""Of a worker: a part of a million rows, a block of a million that is sorted or read, products of 20 million pairs; and
lists ranked."""


@dataclass(frozen=True)
class Size:
    """How large a log is, and how many workers there are.

    Attributes:
        uneven: the mean square of the lengths of histories over the square of their mean; None as
            benchmarks/large_log.py makes them.
    """

    interactions: int
    users: int
    items: int
    workers: int
    uneven: float | None = None

    @property
    def blocks(self) -> int:
        """Blocks of users in which the log is kept: as many as parts, within limits."""
        return min(max(self.interactions // _PART, 64), 512)

    @property
    def pairs(self) -> float:
        """Pairs of items in one history, of all histories."""
        # Whoever is at place r of u does as r**-.5 says: the sum of 1 / r is log u + .577, that of r**-.5 is 2 u**.5.
        uneven = (math.log(self.users) + 0.577) / 4 if self.uneven is None else self.uneven
        return uneven * self.interactions**2 / self.users + self.interactions


@dataclass(frozen=True)
class Cost:
    """What a stage takes.

    Attributes:
        processor_s: seconds of processors, of all workers together.
        seconds: from beginning to end, where each worker has a processor of its own and nothing is waited for.
        memory_mib: peak, of all processes together.
    """

    processor_s: float
    seconds: float
    memory_mib: float


def costs(size: Size) -> dict[str, Cost]:
    """What each stage takes, by its name."""
    n, rows, items = size.interactions, size.interactions / size.blocks, size.items
    matrix_mib = (8 * n + 8 * size.users) / MIB
    systems = _SOLVED_S * items + _GATHERED_S * _NEAREST * n
    work = {
        "import": (_IMPORTED_S * n, max(_PART_MIB * min(1, n / _PART / size.workers), _SORTED_MIB * rows / 1e6)),
        "count": (_COUNTED_S * n, _BLOCK_MIB * rows / 1e6),
        "matrix": (_READ_S * n, _BLOCK_MIB * rows / 1e6),
        "ridge": (_PAIRED_S * size.pairs + systems, _PAIRED_MIB),
        "rank": (_SCORED_S * _TESTED * items, 0),
    }
    shared = {
        "matrix": 2 * matrix_mib,
        "ridge": 6 * matrix_mib + 16 * _NEAREST * items / MIB,
        "rank": matrix_mib + _RANKED_MIB,
    }
    return {
        stage: Cost(
            _START_S + seconds,
            _START_S + seconds / (1 if stage == "rank" else size.workers),
            _PROCESS_MIB + size.workers * (_WORKER_MIB + of_worker) + shared.get(stage, 0),
        )
        for stage, (seconds, of_worker) in work.items()
    }


def table(size: Size, measured: dict[str, Any]) -> Table:
    """What is said of each stage, and beside it what it took where that was measured."""
    columns = ("stage", "processor s", "seconds", "peak MiB")
    shown = Table(*columns, *(f"{name}, measured" for name in columns[1:] if measured))
    for stage, cost in costs(size).items():
        found = measured.get(stage, {})
        took = [f"{found[name]:,.0f}" if name in found else "" for name in ("cpu_seconds", "seconds", "peak_mib")]
        said = (cost.processor_s, cost.seconds, cost.memory_mib)
        shown.add_row(stage, *(f"{number:,.0f}" for number in said), *(took if measured else ()))
    return shown


def main() -> None:
    """See the module."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--interactions", type=int, default=100_000_000)
    arguments.add_argument("--users", type=int, default=5_000_000)
    arguments.add_argument("--items", type=int, default=500_000)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--measured", type=Path)
    given = vars(arguments.parse_args())
    file = given.pop("measured")
    measured = json.loads(file.read_text(encoding="utf-8")) if file else {}
    size = Size(**{name: measured.get(name, value) for name, value in given.items()})
    Console().print(table(size, measured.get("results", {})))


if __name__ == "__main__":
    main()
