"""Updates of the model that answers, in a process of their own: after some time, and when answers drift."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_LOOK_EVERY_S = 5.0
_BETWEEN_DRIFTS_S = 3_600.0
"""Least seconds between two updates for drift: what an update does not mend, the next one will not either."""
_ENDS_WITHIN_S = 5.0
_NICE = 10
"""Answers come first where there are not processors enough."""
_SAID_CHARACTERS = 300


@dataclass(frozen=True)
class UpdateFigures:
    """How updates went.

    Attributes:
        outcomes: how many ended in which way: ``done``, or ``failed``, refused ones among these.
        last: what the last one that failed said; None where the last one was done, or none was run.
        age_s: seconds since the last one ended; None before.
        running: whether one is under way.
    """

    outcomes: Mapping[str, int]
    last: str | None
    age_s: float | None
    running: bool


class Updates:
    """Runs a command, which brings the bundle up to date; whoever swaps models notices what it writes.

    Args:
        command: program and arguments.
        every_s: seconds from the end of one to the next.
        drifted: whether answers are not what they were in training.
        said: is told, in a sentence, how each ended.
        look_every_s: how often it is looked whether one is due; None for every five seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        every_s: float,
        drifted: Callable[[], bool],
        said: Callable[[str], None],
        look_every_s: float | None = None,
    ) -> None:
        self._command, self._every_s, self._drifted, self._said = list(command), every_s, drifted, said
        self._look_every_s = _LOOK_EVERY_S if look_every_s is None else look_every_s
        self._outcomes: Counter[str] = Counter()
        self._last: str | None = None
        self._ended: float | None = None
        self._began = time.monotonic()
        self._running: subprocess.Popen[str] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kgrec updates", daemon=True)

    def start(self) -> None:
        """Wait for the first that is due."""
        self._thread.start()

    def close(self) -> None:
        """End; one that is under way is stopped, and nothing of it is left. It can be called twice."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def figures(self) -> UpdateFigures:
        """How they went so far."""
        age = None if self._ended is None else time.monotonic() - self._ended
        return UpdateFigures(dict(self._outcomes), self._last, age, self._running is not None)

    @property
    def _is_due(self) -> bool:
        since = time.monotonic() - (self._began if self._ended is None else self._ended)
        return since >= self._every_s or ((self._ended is None or since >= _BETWEEN_DRIFTS_S) and self._drifted())

    def _run(self) -> None:
        while not self._closed.wait(self._look_every_s):
            if self._is_due:
                self._update()
                self._ended = time.monotonic()

    def _update(self) -> None:
        try:
            self._running = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        except OSError as error:
            self._note(f"it could not be started: {error}")
            return
        process = self._running
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        told: list[str] = []
        reader = threading.Thread(target=lambda: told.extend(process.stderr or ()), daemon=True)
        reader.start()
        while process.poll() is None:
            if self._closed.wait(0.1):
                _stop(process)
        reader.join()
        if process.stderr is not None:
            process.stderr.close()
        self._running = None
        if not self._closed.is_set():
            words = " ".join("".join(told).split())[-_SAID_CHARACTERS:]
            self._note(None if process.returncode == 0 else words or f"exit code {process.returncode}")

    def _note(self, failure: str | None) -> None:
        self._outcomes["done" if failure is None else "failed"] += 1
        self._last = failure
        self._said("the model was brought up to date" if failure is None else f"an update came to nothing: {failure}")


def update_command(store: str, bundle: str) -> list[str]:
    """The command line that brings a bundle up to date with its graph, by the Python that runs this."""
    run = "from kgrec.cli.app import main; main()"
    return [sys.executable, "-c", run, "update", "--store", store, "--bundle", bundle, "--quiet"]


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
