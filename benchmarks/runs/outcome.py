"""Outcome: what one run of one system on one task left behind; and the folder that keeps outcomes of a long run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import Split
from kgrec.metrics.ranking import Measured

PerUser = dict[str, Array]
"""``metric@k`` to float32 ``(n_users,)``, nan for a user without a test item."""


@dataclass(frozen=True)
class Outcome:
    """Rows, what they are the means of, and what they cost.

    Attributes:
        rows: row name (``ease``, ``ease_train_only``) to metric to value.
        users: row name to values per user.
        settings: what validation chose.
        cost: of lists ``tuning_s, fit_s, ranking_s, tried, capped, peak_memory_mb, memory_growth_mb``, see
            :class:`kgrec_benchmarks.runs.cost.Watch`; of other protocols seconds by what took them.
        validation: validation metrics by what they were measured of.
        refused: why the system was not run; empty where it was.
    """

    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    users: dict[str, PerUser] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    validation: dict[str, float] = field(default_factory=dict)
    refused: str = ""

    @classmethod
    def of(cls, measured: Mapping[str, Measured], n_users: int, **further: Any) -> Outcome:
        """From what was measured for each row."""
        users: dict[str, PerUser] = {}
        for row, found in measured.items():
            users[row] = {}
            for metric, values in found.per_user.items():
                whole = np.full(n_users, np.nan, np.float32)
                whole[found.users] = values
                users[row][metric] = whole
        return cls({row: found.means for row, found in measured.items()}, users, **further)


class RunCache:
    """Outcomes by key in a folder, so that a run that was stopped goes on where it was.

    Args:
        folder: made when the first outcome is kept; None keeps nothing.
        run: fingerprint of everything that all outcomes depend on; an outcome of another run is never found.

    Attributes:
        resumed: keys of the outcomes that were found and not made again.
    """

    def __init__(self, folder: Path | None, run: str) -> None:
        self._folder = folder
        self._run = run
        self._made: dict[str, Outcome] = {}
        self.resumed: list[str] = []

    def get(self, key: str, make: Callable[[], Outcome]) -> Outcome:
        """The outcome of a key: of this run, of the folder, or made now and kept. A damaged one is made again."""
        if key in self._made:
            return self._made[key]
        name = hashlib.blake2b(f"{self._run} {key}".encode(), digest_size=8).hexdigest()
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
            kept = json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))
            with np.load(self._folder / f"{name}.npz", allow_pickle=False) as arrays:
                users = {
                    row: {metric: arrays[f"{number}/{metric}"] for metric in metrics}
                    for number, (row, metrics) in enumerate(kept.pop("of_users").items())
                }
            return Outcome(**kept, users=users)
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
        kept = {**asdict(outcome), "of_users": {row: list(of_row) for row, of_row in outcome.users.items()}}
        del kept["users"]
        # The description comes last and at once: without it the arrays beside it do not count.
        draft = self._folder / f"{name}.tmp"
        draft.write_text(json.dumps(kept), encoding="utf-8")
        draft.replace(self._folder / f"{name}.json")


def fingerprint_of_split(split: Split) -> str:
    """Sixteen hex digits that change with any interaction or its part."""
    return fingerprint_of_arrays(array for part in (split.train, split.valid, split.test) for array in _arrays(part))


def fingerprint_of_data(dataset: Dataset) -> str:
    """Sixteen hex digits that change with any interaction, fact or text."""
    facts = dataset.facts
    texts = np.frombuffer("\0".join(dataset.texts).encode(), np.uint8)
    return fingerprint_of_arrays([*_arrays(dataset.interactions), facts.head, facts.relation, facts.tail, texts])


def _arrays(part: Interactions) -> tuple[Array, ...]:
    return part.user, part.item, part.time, part.weight, part.kind


def fingerprint_of_arrays(arrays: Iterable[Array]) -> str:
    """Sixteen hex digits that change with any number, type or shape."""
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
