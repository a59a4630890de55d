"""RunCache: outcomes of a long run in a folder, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from kgrec_benchmarks.runs.outcome import Outcome


class RunCache:
    """Outcomes by key, in memory and in a folder.

    Args:
        folder: made when the first outcome is kept; None keeps outcomes in memory only.
        run: fingerprint of the data and versions; an outcome of another run is never taken.

    Attributes:
        resumed: keys of the outcomes that were read from the folder.
    """

    def __init__(self, folder: Path | None = None, run: str = "") -> None:
        self._folder = folder
        self._run = run
        self._made: dict[str, Outcome] = {}
        self.resumed: list[str] = []

    def get(self, key: str, make: Callable[[], Outcome], depends_on: object = "") -> Outcome:
        """The outcome of a key: from memory, from the folder, or made now and kept. A damaged file is made again.

        Args:
            key: a name that a reader understands; one outcome of this run.
            make: makes the outcome.
            depends_on: settings whose text the stored outcome must have been made with.
        """
        if key in self._made:
            return self._made[key]
        name = hashlib.blake2b(f"{self._run} {depends_on} {key}".encode(), digest_size=8).hexdigest()
        outcome = self._load(name)
        if outcome is None:
            outcome = make()
            self._save(name, outcome)
        else:
            self.resumed.append(key)
        self._made[key] = outcome
        return outcome

    def _load(self, name: str) -> Outcome | None:
        if self._folder is None:
            return None
        try:
            stored = json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))
            with np.load(self._folder / f"{name}.npz", allow_pickle=False) as arrays:
                users = {
                    row: {metric: arrays[f"{number}/{metric}"] for metric in metrics}
                    for number, (row, metrics) in enumerate(stored.pop("of_users").items())
                }
            return Outcome(**stored, users=users)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _save(self, name: str, outcome: Outcome) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        arrays = {
            f"{number}/{metric}": values
            for number, of_row in enumerate(outcome.users.values())
            for metric, values in of_row.items()
        }
        np.savez(self._folder / f"{name}.npz", **arrays)  # type: ignore[arg-type]  # its stubs take no mapping
        stored = {**asdict(outcome), "of_users": {row: list(of_row) for row, of_row in outcome.users.items()}}
        del stored["users"]
        # The description comes last and at once: without it the arrays beside it do not count.
        draft = self._folder / f"{name}.tmp"
        draft.write_text(json.dumps(stored), encoding="utf-8")
        draft.replace(self._folder / f"{name}.json")
