"""PyKEEN's models on held-out facts, in a process of their own that takes and gives JSON.

It is started as `python -m kgrec_benchmarks.protocols.pykeen_process`.
PyKEEN loads scikit-learn, whose OpenMP library finds no room for its thread-local data in a process that has loaded
Arrow and a graph store before ("cannot allocate memory in static TLS block"). A fresh process has room.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from kgrec.data.triples import Facts
from kgrec.errors import KgrecError
from kgrec.progress import Progress, silent
from kgrec_benchmarks.protocols.link_prediction import link_prediction
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.systems.pykeen_models import PykeenScorer, PykeenSetting, fit_pykeen

_ENDS = ("head", "relation", "tail")


def measure_pykeen(
    model: str,
    train: Facts,
    valid: Facts,
    test: Facts,
    n_nodes: int,
    *,
    grid: Sequence[PykeenSetting],
    seed: int = 0,
    progress: Progress = silent,
) -> Outcome:
    """The outcome of a model that is trained with the best setting on validation and measured on the test once.

    Returns:
        Under the model's name ``mrr, hits@1, hits@3, hits@10``, the mrr of validation, the setting, and the seconds of
        the training that was kept, looks at validation included.

    Raises:
        KgrecError: the process failed.
    """
    job = {
        **{
            name: {end: getattr(facts, end).tolist() for end in _ENDS}
            for name, facts in (("train", train), ("valid", valid), ("test", test))
        },
        "relations": list(train.relations),
        "n_nodes": n_nodes,
        "model": model,
        "grid": [asdict(setting) for setting in grid],
        "seed": seed,
    }
    command = [sys.executable, "-m", "kgrec_benchmarks.protocols.pykeen_process"]
    measured: dict[str, Any] = {}
    with tempfile.TemporaryFile("w+") as job_file, tempfile.TemporaryFile("w+", errors="replace") as errors:
        json.dump(job, job_file)
        job_file.seek(0)
        with subprocess.Popen(command, stdin=job_file, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            try:
                for line in process.stdout or ():
                    message = json.loads(line) if line.startswith("{") else {}
                    if "epochs" in message:
                        progress("training", message["epochs"], None, f"mrr {message['mrr']:.4f}", unit="epochs")
                    elif message:
                        measured = message
            except BaseException:
                process.kill()  # or leaving would wait for its next line
                raise
        errors.seek(0)
        complaint = errors.read().strip().splitlines() or [f"exit code {process.returncode}"]
    if process.returncode != 0 or not measured:
        raise KgrecError(
            f"PyKEEN's {model} could not be measured.",
            where=" ".join(command[1:]),
            found=complaint[-1],
            expected="exit code 0 and a result",
            next="see whether `python -c 'import pykeen.models'` works",
        )
    return Outcome(
        {model: measured["row"]},
        settings={model: measured["setting"]},
        cost={model: measured["seconds"]},
        validation={model: measured["validation"]},
    )


def measure_model(job: Mapping[str, Any], send: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Row, setting, seconds and validation of :func:`measure_pykeen`, made here; every look at validation is sent."""
    relations = tuple(job["relations"])
    train, valid, test = (_facts(job[name], relations) for name in ("train", "valid", "test"))
    rest = train.joined(valid)
    n_nodes: int = job["n_nodes"]

    def validate(scorer: PykeenScorer) -> float:
        return link_prediction(scorer, valid, rest, n_nodes)["mrr"]

    def look(epochs: int, mrr: float) -> None:
        send({"epochs": epochs, "mrr": mrr})

    grid = [PykeenSetting(**setting) for setting in job["grid"]]
    best = fit_pykeen(job["model"], train, n_nodes, grid, seed=job["seed"], validate=validate, report=look)
    return {
        "row": link_prediction(best.scorer(), test, rest.joined(test), n_nodes),
        "setting": asdict(best.setting),
        "seconds": best.seconds,
        "validation": best.quality,
    }


def _facts(columns: Mapping[str, list[int]], relations: tuple[str, ...]) -> Facts:
    head, relation, tail = (np.array(columns[end], np.int64) for end in _ENDS)
    return Facts(head, relation, tail, relations)


if __name__ == "__main__":

    def send_line(message: Mapping[str, Any]) -> None:
        """Write one line of JSON, at once."""
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    send_line(measure_model(json.load(sys.stdin), send_line))
