"""Trainings that SIGKILL ends at a certain point: no handler, no ``finally``, nothing that is written on the way out.

``python -m tests.support.killed_training FOLDER`` makes a checkpoint folder for each of :data:`CASES` in a process of
its own, forked from one that has loaded torch once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from kgrec.progress import Event, Progress
from tests.support import ROOT

EPOCHS, STEPS, LOSSES = (1, 5), (0, 3, 11), ("exact_bce", "sampled_bce")
WRITING = "while the checkpoint of epoch 3 is written"
FIT = "a fit of all parts, after two epochs"
CASES = (*(f"{loss}, epoch {n}" for loss in LOSSES for n in EPOCHS), *(f"step {n}" for n in STEPS), WRITING, FIT)


def killed_trainings(folder: Path) -> dict[str, Path]:
    """The checkpoint folder of each case, whose training was killed, which is looked at."""
    command = [sys.executable, "-m", "tests.support.killed_training", str(folder)]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300).stdout
    ended = dict(line.rsplit(": ", 1) for line in said.splitlines())
    assert ended == dict.fromkeys(CASES, str(int(signal.SIGKILL)))
    return {case: folder / case for case in CASES}


def _kill_me() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives this")


def _train(case: str, folder: Path) -> None:
    import torch

    from kgrec.learn.fit import fit
    from tests.support.datasets import quick
    from tests.support.training import WORLD, quality, trainer

    def after(epoch: int) -> Callable[[dict[str, float]], None]:
        return lambda entry: _kill_me() if entry["epoch"] == epoch else None

    def before(owner: type, name: str, is_time: Callable[[], bool]) -> None:
        real = getattr(owner, name)

        def step(*given: Any, **named: Any) -> object:
            return _kill_me() if is_time() else real(*given, **named)

        setattr(owner, name, step)

    what, _, number = case.rpartition(" ")
    if case == FIT:
        heard = Progress(lambda event: _kill_me() if _is_second_epoch(event) else None)
        fit(WORLD, quick(epochs=3), checkpoint=folder, progress=heard)
    elif case == WRITING:
        before(Path, "replace", (folder / "epoch-3.safetensors").exists)
        trainer(quick(), folder).fit()
    elif what == "step":
        countdown = iter(range(int(number)))
        before(torch.optim.Adam, "step", lambda: next(countdown, None) is None)
        trainer(quick(patience=6), folder).fit(quality)
    else:
        trainer(quick(patience=6, loss=what.split(",")[0]), folder).fit(quality, after(int(number)))


def _is_second_epoch(event: Event) -> bool:
    return event.unit == "epochs" and event.done == 2


def main(folder: Path) -> None:
    """Kill a training for each case, and print which signal ended it."""
    # Loaded once, before the processes part.
    from kgrec.learn import fit
    from kgrec.learn.neural import batch_losses
    from tests.support import training

    batch_losses._TRIPLES = 128
    assert all((training.WORLD, fit.fit))
    for case in CASES:
        child = os.fork()
        if child == 0:
            _train(case, folder / case)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else f"it came to its end, {status}"
        sys.stdout.write(f"{case}: {ended}\n")
        sys.stdout.flush()  # or the next child would have it as well


if __name__ == "__main__":
    main(Path(sys.argv[1]))
