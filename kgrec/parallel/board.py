"""Where calls that run at the same time leave word for each other."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Board(Protocol):
    """Words by their names. It is small on the way to calls, and picklable; each has the same words before it."""

    def put(self, name: str, word: bytes) -> None:
        """Put a word in the place of the one before."""

    def get(self, name: str) -> bytes | None:
        """The word of a name, whole; None where there is none."""

    def host(self) -> str:
        """An address of the machine that this runs on, by which the others who read the board reach it."""

    def clear(self) -> None:
        """Take every word away; nobody uses it any more."""


@dataclass(frozen=True)
class FolderBoard:
    """For the processes of one machine: a file for each word."""

    folder: Path

    @classmethod
    def new(cls) -> FolderBoard:
        """An empty one among the temporary files, which stays until it is cleared."""
        return cls(Path(tempfile.mkdtemp(prefix="kgrec-")))

    def put(self, name: str, word: bytes) -> None:
        """Write it beside the one before, and swap it in."""
        draft = self.folder / f"{name}.{os.getpid()}"
        draft.write_bytes(word)
        draft.replace(self.folder / name)

    def get(self, name: str) -> bytes | None:
        """What the file has."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def host(self) -> str:
        """The loopback."""
        return "127.0.0.1"

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
