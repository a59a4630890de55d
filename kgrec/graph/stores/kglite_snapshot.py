"""A graph that another process writes, as it is at this moment: its file and its log, copied together."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from kgrec.errors import StoreUnavailableError
from kgrec.privacy.leftovers import may_run

_PREFIX = "kgrec-graph-"
_TRIES = 20
_PAUSE_S = 0.1


def snapshot(path: Path, folder: Path) -> Path:
    """A copy of the graph, with every write that was acknowledged before the call.

    A log is only added to until its writer folds it into the file; the two are copied again where that happened
    meanwhile. A write that is half in the copy of the log was not acknowledged yet, and is left out by the engine.

    Args:
        path: of the graph's file.
        folder: for the copy, a file and its log.

    Raises:
        StoreUnavailableError: the file was written anew each time.
    """
    log, copy = Path(f"{path}-wal"), folder / path.name
    for _ in range(_TRIES):
        before = _version(path)
        shutil.copyfile(path, copy)
        if log.exists():
            shutil.copyfile(log, f"{copy}-wal")
        if before == _version(path):
            return copy
        time.sleep(_PAUSE_S)
    raise StoreUnavailableError(
        "the graph is being written anew all the time.",
        where=str(path),
        found=f"another version of the file each of {_TRIES} times",
        next="wait until the other process has done its work",
    )


def temporary_folder() -> str:
    """A new folder of this process, which removes it at its end; what killed ones have left goes now."""
    for folder in _folders():
        if not _runs(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")


def copies_of(path: Path) -> list[Path]:
    """Copies that processes read of a graph's file and its log, by its name; those of killed processes are removed."""
    found = []
    for folder in _folders():
        if _runs(folder):
            found += [folder / path.name, folder / f"{path.name}-wal"]
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return [copy for copy in found if copy.is_file()]


def _folders() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"))


def _runs(folder: Path) -> bool:
    return may_run(folder.name.removeprefix(_PREFIX).partition("-")[0])


def _version(path: Path) -> tuple[int, int, int]:
    now = path.stat()
    return now.st_ino, now.st_mtime_ns, now.st_size
