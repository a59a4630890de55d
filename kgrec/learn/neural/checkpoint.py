"""Checkpoints of training: safetensors and JSON in a folder, replaced as a whole, opened only by the run they fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from kgrec.bundle.old_names import SETTINGS
from kgrec.config import TrainConfig
from kgrec.data.dataset import Array
from kgrec.errors import BundleError, ConfigError

_STATE = "state.json"
_DEFAULTS = TrainConfig().model_dump()
_MAY_CHANGE = {"device", "num_threads", "cold_item_cost"}
"""Settings that may change when a run goes on: where it is trained, and what training does not read."""


@dataclass(frozen=True)
class State:
    """The state of training after an epoch.

    Attributes:
        tensors: weights, best weights and optimizer moments by name.
        log: figures of the epochs so far.
        best_epoch: counts from 1.
    """

    tensors: dict[str, Tensor]
    log: list[dict[str, float]]
    best_epoch: int


class Keeper(Protocol):
    """Keeps the last good state of a run.

    Attributes:
        place: where, for messages.
    """

    @property
    def place(self) -> str: ...

    def save(self, state: State) -> None:
        """Put the state in the place of the one before."""

    def load(self) -> State | None:
        """The kept state; None where there is none yet."""

    def mark_diverged(self) -> bool:
        """Whether there is a kept state from which a run may go on with a lower learning rate."""


@dataclass(frozen=True)
class Checkpoint:
    """The folder of the last good state of one run.

    Attributes:
        config: settings of the run.
        data: fingerprint of what it learns from, see :func:`fingerprint`.
    """

    folder: Path
    config: TrainConfig
    data: str

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def save(self, state: State) -> None:
        """Write the state beside the old one and swap it in, so that a kill leaves one or the other.

        Raises:
            ConfigError: the folder cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                "the checkpoint folder cannot be made.",
                where=str(self.folder),
                found=error.strerror or str(error),
                expected="a folder that can be written to",
                next="name another folder",
            ) from error
        name = f"epoch-{len(state.log)}.safetensors"
        save_file({key: value.contiguous() for key, value in state.tensors.items()}, self.folder / name)
        self._write(
            {
                "config": self.config.model_dump(),
                "data": self.data,
                "log": state.log,
                "best_epoch": state.best_epoch,
                "tensors": name,
                "diverged": False,
            }
        )
        for old in self.folder.glob("epoch-*.safetensors"):
            if old.name != name:
                old.unlink()

    def mark_diverged(self) -> bool:
        """Whether there is a kept state, which is marked as diverged: see :func:`mark_diverged`."""
        return mark_diverged(self.folder)

    def load(self) -> State | None:
        """The kept state; None where there is none yet.

        Raises:
            ConfigError: it belongs to other settings or other data.
            BundleError: its files are damaged.
        """
        path = self.folder / _STATE
        if not path.is_file():
            return None
        try:
            kept = json.loads(path.read_text())
            self._refuse_other_run(kept["config"], kept["data"], kept["diverged"])
            return State(load_file(self.folder / kept["tensors"]), kept["log"], kept["best_epoch"])
        except (KeyError, TypeError, ValueError, OSError, SafetensorError) as error:
            raise BundleError(
                "the checkpoint is damaged.",
                where=str(self.folder),
                found=f"{type(error).__name__}: {error}",
                expected="state.json and the tensors that it names",
                next="delete the folder and train again",
            ) from error

    def _refuse_other_run(self, config: Mapping[str, Any], data: str, diverged: bool) -> None:
        # What a checkpoint does not know had its default.
        config = {**_DEFAULTS, **{SETTINGS.get(name, name): value for name, value in config.items()}}
        ours = self.config.model_dump(exclude=_MAY_CHANGE)
        config = {name: value for name, value in config.items() if name not in _MAY_CHANGE}
        other = sorted(name for name in config.keys() | ours.keys() if config.get(name) != ours.get(name))
        if diverged and other == ["learning_rate"] and ours["learning_rate"] < config["learning_rate"]:
            other = []
        if other:
            raise ConfigError(
                "the checkpoint was made with other settings.",
                where=str(self.folder),
                found=", ".join(f"{name} {config.get(name)}" for name in other),
                expected=", ".join(f"{name} {ours.get(name)}" for name in other),
                next="use the same settings, or another checkpoint folder",
            )
        if data != self.data:
            raise ConfigError(
                "the checkpoint was made from other data.",
                where=str(self.folder),
                found=f"data {data}",
                expected=f"data {self.data}",
                next="use another checkpoint folder",
            )

    def _write(self, state: Mapping[str, Any]) -> None:
        _replace(self.folder / _STATE, state)


def mark_diverged(folder: Path) -> bool:
    """Whether a folder keeps a state; all in it and below may go on with a lower learning rate from now on.

    The runs of one training share their settings: where one of them diverges, the others must open again as well.
    """
    kept = sorted(folder.rglob(_STATE))
    for path in kept:
        _replace(path, {**json.loads(path.read_text()), "diverged": True})
    return bool(kept)


def _replace(path: Path, state: Mapping[str, Any]) -> None:
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_text(json.dumps(state))
    draft.replace(path)


def fingerprint(**arrays: Array | None) -> str:
    """Sixteen hex digits that change with any number, type or shape of the arrays; None counts as absent."""
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays.values():
        if array is None:
            continue
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
