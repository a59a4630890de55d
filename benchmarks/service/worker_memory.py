"""The memory of several processes that answer from one bundle, beside that of one: workers of a service, and services.

    python -m kgrec_benchmarks.service.worker_memory BUNDLE [BUNDLE ...] [--workers 4] [--lists 200]

A service is a ``kgrec serve`` without a graph, which keeps no answers and is asked for the lists of users from all
over the bundle, as many for each process. Proportional set sizes (Linux) of all processes are added up, so that a page
that several have counts once. What the bundle takes is that without what services take whose bundle has next to nothing
in it.
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


class Service:
    """Answers from a bundle alone, by some workers."""

    def __init__(self, bundle: Path, state: Path, workers: int = 1) -> None:
        options = ["--bundle", str(bundle), "--store", "", "--state", str(state), "--cache", "0"]
        command = [*_COMMAND, *options, "--workers", str(workers)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"a service did not start: {said}")
            said += line
        self._url = json.loads(said)["url"]

    def list(self, user: str) -> None:
        """Ask for the list of a user."""
        with urllib.request.urlopen(f"{self._url}/v1/recommend?user={quote(user, safe='')}") as answer:
            answer.read()

    @property
    def megabytes(self) -> float:
        """Its part of the memory of all."""
        first = psutil.Process(self._process.pid)
        return sum(float(one.memory_full_info().pss) / 1e6 for one in (first, *first.children()))

    def close(self) -> None:
        """End it."""
        with self._process:  # its pipe is closed, too
            self._process.terminate()


def megabytes(bundle: Path, services: int, workers: int, n_lists: int) -> float:
    """What some services take together, each of so many workers, after so many lists of each worker on average."""
    users = list(Bundle.load(bundle).users)
    asked = [users[n] for n in np.linspace(0, len(users) - 1, min(n_lists, len(users))).astype(int)]
    running: list[Service] = []
    try:
        with tempfile.TemporaryDirectory() as state:
            running.extend(Service(bundle, Path(state), workers) for _ in range(services))
            for service in running:
                for user in asked * workers:
                    service.list(user)
            return sum(service.megabytes for service in running)
    finally:
        for service in running:
            service.close()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--lists", type=int, default=200)
    given = parser.parse_args()
    ways = {"one": (1, 1), "workers": (1, given.workers), "services": (given.workers, 1)}
    with tempfile.TemporaryDirectory() as folder:
        smallest_bundle().save(Path(folder) / "least.bundle")
        bundles = {"next to nothing": Path(folder) / "least.bundle", **{str(path): path for path in given.bundles}}
        say: dict[str, dict[str, Any]] = {}
        for name, bundle in bundles.items():
            whole = {way: megabytes(bundle, *of, given.lists) for way, of in ways.items()}
            say[name] = {way: round(mb, 1) for way, mb in whole.items()}
            say[name] |= {f"{way}, times one": round(whole[way] / whole["one"], 2) for way in ("workers", "services")}
    sys.stdout.write(json.dumps(say, indent=1) + "\n")


if __name__ == "__main__":
    main()
