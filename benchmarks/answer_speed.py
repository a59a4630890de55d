"""How fast one person is answered from a bundle and its graph, against another version of kgrec in the same run.

    python benchmarks/answer_speed.py BUNDLE STORE [--against CHECKOUT] [--users 50] [--rounds 3] [--only TEXT]
        [--out FILE.json]

Each version answers in a process of its own. They are asked in turns, question by question (A B, B A ...), so that
whatever else the machine does meets both alike. Times are of the process (CPU) and of the clock, the best of some
rounds for each user; a ratio below 1 says that this version is faster than CHECKOUT, the root of another working copy.
Every process opens the store read-only; where STORE is ``none``, the bundle answers alone.
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


def answer(bundle: str, store: str, n_users: int) -> None:
    """Answer on stdin's questions, lines of what is asked and the user's number, with milliseconds (CPU, clock).

    The first line says what it took to open, the memory (MB) and what can be asked.
    """
    before = time.perf_counter()
    from kgrec.explanation.wording.sentence import Length, sentence
    from kgrec.recommendation import Recommender
    from kgrec.recommendation.documents import told_list
    from kgrec.service.json_answers import encoded

    imported = time.perf_counter()
    recommender = Recommender.open(bundle, None if store == _NO_STORE else store)
    opened = time.perf_counter()
    names = list(recommender.bundle.users)
    users = [names[n] for n in np.linspace(0, len(names) - 1, n_users).astype(int)]
    recommender.recommend(users[0], explain=True)
    answered = time.perf_counter()
    last = {user: recommender.recommend(user)[-1].item for user in users}
    latest = {user: recommender.history(user)[-1].item for user in users}
    shortest = {"counterfactuals": False} if "counterfactuals" in signature(recommender.recommend).parameters else {}

    def listed(user: str, **options: Any) -> Any:
        return recommender.recommend(user, explain=True, **options)

    def told(user: str, length: Length = "standard", **options: Any) -> list[str]:
        return [sentence(one.explanation, "en", length) for one in listed(user, **options) if one.explanation]

    asked: dict[str, Callable[[str], Any]] = {
        "recommend 10": recommender.recommend,
        "what if, both lists": lambda user: recommender.what_if(user, without=[latest[user]]),
        "explain 1": lambda user: recommender.explain(user, last[user]),
        "explain 10": lambda user: recommender.recommend(user, explain=True),
        "explain 10, sentences": told,
        "explain 10, short": lambda user: told(user, "short", **shortest),
        "short document": lambda user: encoded(told_list(listed(user, **shortest), "short", "en")),
        "standard document": lambda user: encoded(told_list(listed(user), "standard", "en")),
    }
    _say(
        {
            "import_s": imported - before,
            "open_s": opened - imported,
            "first_answer_s": answered - opened,
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "asked": list(asked),
        }
    )
    for line in sys.stdin:
        what, number = json.loads(line)
        process, clock = time.process_time(), time.perf_counter()
        asked[what](users[number])
        _say([1e3 * (time.process_time() - process), 1e3 * (time.perf_counter() - clock)])


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Version:
    """A process in which a version of kgrec answers."""

    def __init__(self, root: Path, bundle: str, store: str, users: int) -> None:
        environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, __file__, bundle, store, "--users", str(users), "--worker"]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.opened: dict[str, Any] = self._heard()

    def time(self, what: str, user: int) -> list[float]:
        """Milliseconds of the process and of the clock."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, user]) + "\n")
        self._process.stdin.flush()
        taken: list[float] = self._heard()
        return taken

    def _heard(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


def measured(versions: dict[str, Version], n_users: int, rounds: int, only: str) -> dict[str, Any]:
    """What it took each version to open, and percentiles over users of each one's times; ratios of two versions."""
    sides = list(versions)
    asked = [what for what in versions[sides[0]].opened.pop("asked") if only in what]
    result: dict[str, Any] = {side: versions[side].opened for side in sides}
    for side in sides[1:]:
        versions[side].opened.pop("asked")
    for what in asked:
        times = np.empty((len(sides), n_users, rounds, 2))
        for user in range(n_users):
            for n in range(rounds):
                for at in sorted(range(len(sides)), reverse=bool(n % 2)):
                    times[at, user, n] = versions[sides[at]].time(what, user)
        for side, best in zip(sides, times.min(axis=2), strict=True):
            result[side][what] = {of: _percentiles(best[:, n]) for n, of in enumerate(("cpu_ms", "wall_ms"))}
    return result


def _percentiles(times: Any) -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(times, p)), 2) for p in _PERCENTILES}


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
    parser.add_argument("--only", default="", help="what is asked has this in its name")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        answer(given.bundle, given.store, given.users)
        return
    sides = {"now": (_HERE, given.bundle)}
    if given.against:
        sides["then"] = (given.against.resolve(), given.against_bundle or given.bundle)
    versions = {side: Version(*of, given.store, given.users) for side, of in sides.items()}
    result = measured(versions, given.users, given.rounds, given.only)
    for version in versions.values():
        version.close()
    if "then" in result:
        result["ratio"] = ratios(result["now"], result["then"])
    text = json.dumps({"users": given.users, "rounds": given.rounds, **result}, indent=1)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
