"""How fast one person is answered from a bundle and its graph, against earlier versions of kgrec in the same run.

    python benchmarks/answer_speed.py BUNDLE STORE [--against CHECKOUT] [--users 50] [--rounds 3] [--out FILE.json]

Each version answers in a process of its own, in turns (A B B A ...), so that whatever else the machine does meets both
alike. Times are of the process (CPU) and of the clock, the best of two calls for each user; a ratio below 1 says that
this version is faster than CHECKOUT, the root of another working copy. Every process opens the store read-only; where
STORE is ``none``, the bundle answers alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

_HERE = Path(__file__).resolve().parent.parent
_PERCENTILES = (50, 95, 99)
_NO_STORE = "none"
Times = dict[str, list[list[float]]]
"""Milliseconds of the process and of the clock, a pair per user, by what was asked."""


def measured(bundle: str, store: str, n_users: int) -> dict[str, Any]:
    """Times of one process, what it took to open, and its memory (MB)."""
    before = time.perf_counter()
    from kgrec.explanation.wording.sentence import Length, sentence
    from kgrec.recommendation import Recommender

    imported = time.perf_counter()
    recommender = Recommender.open(bundle, None if store == _NO_STORE else store)
    opened = time.perf_counter()
    names = list(recommender.bundle.users)
    users = [names[n] for n in np.linspace(0, len(names) - 1, n_users).astype(int)]
    recommender.recommend(users[0], explain=True)
    answered = time.perf_counter()
    explained = {user: recommender.recommend(user, explain=True)[-1].item for user in users}

    latest = {user: recommender.history(user)[-1].item for user in users}
    shortest = {"counterfactuals": False} if "counterfactuals" in signature(recommender.recommend).parameters else {}

    def told(user: str, length: Length = "standard", **options: Any) -> list[str]:
        listed = recommender.recommend(user, explain=True, **options)
        return [sentence(one.explanation, "en", length) for one in listed if one.explanation]

    asked: dict[str, Callable[[str], Any]] = {
        "recommend 10": recommender.recommend,
        "what if, both lists": lambda user: recommender.what_if(user, without=[latest[user]]),
        "explain 1": lambda user: recommender.explain(user, explained[user]),
        "explain 10": lambda user: recommender.recommend(user, explain=True),
        "explain 10, sentences": told,
        "explain 10, short": lambda user: told(user, "short", **shortest),
    }
    return {
        "import_s": imported - before,
        "open_s": opened - imported,
        "first_answer_s": answered - opened,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "times": {what: [_best(ask, user) for user in users] for what, ask in asked.items()},
    }


def _best(ask: Callable[[str], Any], user: str) -> list[float]:
    """Milliseconds of the process and of the clock, the least of two calls."""
    found = []
    for _ in range(2):
        process, clock = time.process_time(), time.perf_counter()
        ask(user)
        found.append([1e3 * (time.process_time() - process), 1e3 * (time.perf_counter() - clock)])
    return [float(least) for least in np.min(found, axis=0)]


def _in_a_process(root: Path, bundle: str, store: str, users: int) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, bundle, store, "--users", str(users), "--worker"]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Percentiles over users of the median round, and the medians of what it took to open."""
    result: dict[str, Any] = {
        name: round(float(np.median([one[name] for one in rounds])), 3) for name in rounds[0] if name != "times"
    }
    for what in rounds[0]["times"]:
        each = np.median([one["times"][what] for one in rounds], axis=0)
        result[what] = {
            of: {f"p{p}": round(float(np.percentile(each[:, n], p)), 2) for p in _PERCENTILES}
            for n, of in enumerate(("cpu_ms", "wall_ms"))
        }
    return result


def ratios(now: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """Each number of now over that of then."""
    return {
        name: ratios(value, then[name]) if isinstance(value, dict) else round(value / then[name], 3)
        for name, value in now.items()
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle")
    parser.add_argument("store")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--against-bundle", help="where the other version cannot read the same one")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        sys.stdout.write(json.dumps(measured(given.bundle, given.store, given.users)) + "\n")
        return
    sides = {"now": (_HERE, given.bundle)}
    if given.against:
        sides["then"] = (given.against.resolve(), given.against_bundle or given.bundle)
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for n in range(given.rounds):
        for side in sorted(sides, reverse=bool(n % 2)):
            found[side].append(_in_a_process(*sides[side], given.store, given.users))
    result = {side: summary(rounds) for side, rounds in found.items()}
    if "then" in result:
        result["ratio"] = ratios(result["now"], result["then"])
    text = json.dumps({"users": given.users, "rounds": given.rounds, **result}, indent=1)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
