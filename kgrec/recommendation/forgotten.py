"""Users who were forgotten: a bundle that was learned before keeps what they did, and must not answer from it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.without_users import without_users
from kgrec.errors import ConfigError
from kgrec.plain_text import local_path

FORGOTTEN = "forgotten.txt"
"""Name of the file in a bundle; a bundle that is trained again has none, and was learned without them."""


class ForgottenUsers:
    """Hashes of ids in files, one a line; what another process adds is seen at the next question.

    Args:
        paths: all are read, the last is written to; without any, what is added lasts as long as the process.
    """

    def __init__(self, *paths: str | Path) -> None:
        self._paths = [local_path(path) for path in paths]
        self._seen: dict[Path, tuple[int, int]] = {}
        self._hashes: set[str] = set()
        self._since: set[str] = set()
        self._before = {path: len(_lines(path)) for path in self._paths}
        self._lock = threading.Lock()

    def __contains__(self, user: str) -> bool:
        with self._lock:
            for path in self._paths:
                self._read(path)
            return _hash(user) in self._hashes

    def since_start(self, user: str) -> bool:
        """Whether a user was forgotten since this was made: a graph that was read into memory before has them still."""
        with self._lock:
            for path in self._paths:
                self._read(path)
            return _hash(user) in self._since

    def add(self, *users: str) -> None:
        """Forget users; it is on disk when this returns.

        Raises:
            ConfigError: the file cannot be written.
        """
        with self._lock:
            hashes = [_hash(user) for user in users]
            self._hashes.update(hashes)
            self._since.update(hashes)
            if not self._paths:
                return
            try:
                with self._paths[-1].open("a", encoding="ascii") as file:
                    file.writelines(f"{hash}\n" for hash in hashes)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise ConfigError(
                    "it cannot be written down that a user is forgotten.",
                    where=str(self._paths[-1]),
                    found=error.strerror or type(error).__name__,
                    expected="a folder that can be written to",
                    next="name another one: kgrec serve --state FOLDER",
                ) from error

    def _read(self, path: Path) -> None:
        """Take in what is new in a file."""
        try:
            status = path.stat()
        except OSError:
            return
        now = status.st_mtime_ns, status.st_size
        if self._seen.get(path) != now:
            lines = _lines(path)
            self._hashes.update(lines)
            self._since.update(lines[self._before[path] :])
            self._seen[path] = now


class ForgottenMeanwhile:
    """Who is forgotten from now on: a training that began before has read what they did.

    Args:
        path: of the file, which may come later.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = local_path(path)
        self._before = len(_lines(self._path))

    def among(self, users: Iterable[str]) -> list[str]:
        """Those of some users who were forgotten since."""
        since = set(_lines(self._path)[self._before :])
        return [user for user in users if _hash(user) in since] if since else []


def save_without_forgotten(bundle: Bundle, out: str | Path, meanwhile: ForgottenMeanwhile) -> Bundle:
    """The bundle as it is saved: whoever was forgotten since its making began is in no file of it.

    Args:
        meanwhile: made before the graph was read.
    """
    bundle = without_users(bundle, meanwhile.among(bundle.users))
    bundle.save(out)
    while late := meanwhile.among(bundle.users):  # while it was written
        bundle = without_users(bundle, late)
        bundle.save(out)
    return bundle


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").split() if path.is_file() else []


def _hash(user: str) -> str:
    return hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()
