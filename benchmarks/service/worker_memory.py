"""The memory of several workers that answer from one bundle, beside that of one.

    python -m kgrec_benchmarks.service.worker_memory BUNDLE [BUNDLE ...] [--workers 4] [--lists 200]

Each worker is a ``kgrec serve`` without a graph, which keeps no answers and is asked for the lists of users from all
over the bundle. Their proportional set sizes (Linux) are added up, so that a page that several have counts once. What
the bundle takes is that without what as many workers take whose bundle has next to nothing in it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil

from kgrec.bundle.bundle import Bundle, Manifest
from kgrec.data.dataset import Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel, Channel

_COMMAND = [sys.executable, "-c", "from kgrec.cli.app import main; main()", "serve", "--port", "0", "--json"]


def smallest_bundle() -> Bundle:
    """A bundle of two users and two items."""
    table = np.ones((2, 1), np.float32)
    gates = Gates.common(np.ones(1), 0.0)
    model = AdditiveModel((Channel("semantic", LowRankMatrix(table, table)),), gates, table[:, 0], np.zeros(2, bool))
    manifest = Manifest(None, None, {}, 0, {}, None, {}, [], "2026-01-01T00:00:00+00:00")
    users, items, nodes = Vocabulary(["u0", "u1"]), Vocabulary(["i0", "i1"]), Vocabulary(["Item:i0", "Item:i1"])
    past = Interactions.of_pairs([0, 1], [0, 1])
    return Bundle(manifest, model, users, items, nodes, ("i0", "i1"), (), past, table, np.zeros((0, 1), np.float32))


class Worker:
    """A service that answers from a bundle alone."""

    def __init__(self, bundle: Path, state: Path) -> None:
        options = ["--bundle", str(bundle), "--store", "", "--state", str(state), "--cache", "0"]
        self._process = subprocess.Popen([*_COMMAND, *options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"a worker did not start: {said}")
            said += line
        self._url = json.loads(said)["url"]

    def list(self, user: str) -> None:
        """Ask for the list of a user."""
        with urllib.request.urlopen(f"{self._url}/v1/recommend?user={quote(user, safe='')}") as answer:
            answer.read()

    @property
    def megabytes(self) -> float:
        """Its part of the memory of all."""
        return float(psutil.Process(self._process.pid).memory_full_info().pss) / 1e6

    def close(self) -> None:
        """End it."""
        with self._process:  # its pipe is closed, too
            self._process.terminate()


def megabytes(bundle: Path, n_workers: int, n_lists: int) -> float:
    """What some workers take together, each after so many lists."""
    users = list(Bundle.load(bundle).users)
    asked = [users[n] for n in np.linspace(0, len(users) - 1, min(n_lists, len(users))).astype(int)]
    workers: list[Worker] = []
    try:
        with tempfile.TemporaryDirectory() as state:
            workers.extend(Worker(bundle, Path(state)) for _ in range(n_workers))
            for worker in workers:
                for user in asked:
                    worker.list(user)
            return sum(worker.megabytes for worker in workers)
    finally:
        for worker in workers:
            worker.close()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--lists", type=int, default=200)
    given = parser.parse_args()
    counts = 1, given.workers
    with tempfile.TemporaryDirectory() as folder:
        smallest_bundle().save(Path(folder) / "least.bundle")
        least = [megabytes(Path(folder) / "least.bundle", n, given.lists) for n in counts]
    say: dict[str, Any] = {"workers": list(counts), "without a bundle": [round(mb, 1) for mb in least]}
    for bundle in given.bundles:
        whole = [megabytes(bundle, n, given.lists) for n in counts]
        own = [mb - base for mb, base in zip(whole, least, strict=True)]
        say[str(bundle)] = {
            "all": [round(mb, 1) for mb in whole],
            "of the bundle": [round(mb, 1) for mb in own],
            "times one": round(own[1] / own[0], 2),
        }
    sys.stdout.write(json.dumps(say, indent=1) + "\n")


if __name__ == "__main__":
    main()
