"""PyKEEN's models on held-out facts, in a process of their own: `python -m kgrec.pykeen_benchmark`, JSON in and out.

PyKEEN loads scikit-learn, whose OpenMP library finds no room for its thread-local data in a process that has loaded
Arrow and a graph store before ("cannot allocate memory in static TLS block"). A fresh process has room.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

import numpy as np

from kgrec.dataset import Facts
from kgrec.errors import KgrecError
from kgrec.learn.pykeen_models import PykeenScorer, PykeenSetting, fit_pykeen, missing_pykeen
from kgrec.report.link_prediction import link_prediction

_ENDS = ("head", "relation", "tail")


def compare_pykeen(
    train: Facts,
    valid: Facts,
    test: Facts,
    n_nodes: int,
    *,
    models: Sequence[str],
    grid: Sequence[PykeenSetting],
    seed: int = 0,
) -> dict[str, Any]:
    """Train each model with each setting, keep the best on validation, and measure it on the test once.

    Returns:
        ``rows`` (model -> ``mrr, hits@1, hits@3, hits@10``), ``validation`` (model -> mrr), ``settings``, and
        ``timings_s`` of the fit that was kept.

    Raises:
        MissingExtraError: PyKEEN is not installed.
        KgrecError: the process failed.
    """
    refuse_missing(models)
    job = {
        **{
            name: {end: getattr(facts, end).tolist() for end in _ENDS}
            for name, facts in (("train", train), ("valid", valid), ("test", test))
        },
        "relations": list(train.relations),
        "n_nodes": n_nodes,
        "models": list(models),
        "grid": [asdict(setting) for setting in grid],
        "seed": seed,
    }
    command = [sys.executable, "-m", "kgrec.pykeen_benchmark"]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise KgrecError(
            "PyKEEN's models could not be measured.",
            where=" ".join(command[1:]),
            found=(done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1],
            expected="exit code 0",
            next="see whether `python -c 'import pykeen.models'` works",
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def refuse_missing(models: Sequence[str]) -> None:
    """Say at once, before long work, that PyKEEN is asked for and not there.

    Raises:
        MissingExtraError: PyKEEN is not installed.
    """
    if models and find_spec("pykeen") is None:
        raise missing_pykeen("No module named 'pykeen'")


def measure(job: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`compare_pykeen` returns, made in this process."""
    relations = tuple(job["relations"])
    train, valid, test = (_facts(job[name], relations) for name in ("train", "valid", "test"))
    rest = train.joined(valid)
    n_nodes: int = job["n_nodes"]

    def validate(scorer: PykeenScorer) -> float:
        return link_prediction(scorer, valid, rest, n_nodes)["mrr"]

    found: dict[str, Any] = {"rows": {}, "validation": {}, "settings": {}, "timings_s": {}}
    for name in job["models"]:
        best = -np.inf
        for setting in job["grid"]:
            started = time.perf_counter()
            scorer = fit_pykeen(name, train, n_nodes, PykeenSetting(**setting), seed=job["seed"], validate=validate)
            seconds = time.perf_counter() - started
            if (quality := validate(scorer)) > best:
                best, kept = quality, scorer
                found["validation"][name], found["settings"][name] = quality, setting
                found["timings_s"][name] = seconds
        found["rows"][name] = link_prediction(kept, test, rest.joined(test), n_nodes)
    return found


def _facts(columns: Mapping[str, list[int]], relations: tuple[str, ...]) -> Facts:
    head, relation, tail = (np.array(columns[end], np.int64) for end in _ENDS)
    return Facts(head, relation, tail, relations)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(json.load(sys.stdin))) + "\n")
