"""A table of random pseudonyms: whoever is taken out of it cannot be found again, in old copies of a store either.

ENISA, "Pseudonymisation techniques and best practices", 2019, calls it a mapping table. A pseudonym that is computed of
an id can be computed again by whoever has the key, and found in a backup; one that was drawn is known to this file.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kgrec.errors import ConfigError
from kgrec.plain_text import local_path

DIGITS = 32
"""Hexadecimal digits of a pseudonym: 128 bits."""

_PATIENCE_S = 30.0
_AT_ONCE = 500
_MAKE = """
CREATE TABLE IF NOT EXISTS about (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pseudonyms (digest BLOB PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS theirs (owner BLOB, digest BLOB, PRIMARY KEY (owner, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS theirs_by_digest ON theirs (digest);
"""
_opened: dict[tuple[int, Path], PseudonymTable] = {}
_inherited: list[sqlite3.Connection] = []
_opening = threading.Lock()


class PseudonymTable:
    """Pseudonyms by the keyed hash of what they stand for, in a file of SQLite; ids themselves are not in it.

    Beside them stands whose they are, for values of people such as e-mail addresses; several may have the same. Several
    processes and threads may use it at once, see :meth:`at`; it is made when the first pseudonym is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connected: sqlite3.Connection | None = None
        self._pid = 0
        self._inside = False

    @classmethod
    def at(cls, path: str | Path) -> PseudonymTable:
        """The table in a file, one for each process: a second one that closes the file undoes locks of the first."""
        with _opening:
            return _opened.setdefault((os.getpid(), local_path(path).resolve()), cls(local_path(path).resolve()))

    def __repr__(self) -> str:
        return f"PseudonymTable({str(self.path)!r})"

    def id(self, make: bool = False) -> str:
        """What tells the table from others, 32 hexadecimal digits; empty where there is none, and none is to be made.

        Raises:
            ConfigError: the file is no table of pseudonyms, or cannot be written.
        """
        with self._lock:
            found = self._asked("SELECT id FROM about") if make or self.path.exists() else []
            if not found and make:
                with self.at_once():  # another process may have been quicker
                    self._asked("INSERT INTO about SELECT ? WHERE NOT EXISTS (SELECT 1 FROM about)", (_drawn(),))
                    found = self._asked("SELECT id FROM about")
        return str(found[0][0]) if found else ""

    def of(self, digest: bytes) -> str | None:
        """The pseudonym of what has a hash; None where there is none.

        Raises:
            ConfigError: the file is no table of pseudonyms, or cannot be read.
        """
        with self._lock:
            if not self.path.exists():
                return None
            found = self._asked("SELECT pseudonym FROM pseudonyms WHERE digest = ?", (digest,))
        return str(found[0][0]) if found else None

    def made(self, digest: bytes, owner: bytes | None = None) -> str:
        """The pseudonym of what has a hash, drawn now where it has none; it is on disk when this returns, or with the
        end of :meth:`at_once`.

        Args:
            owner: the hash of the id of whom it is a value of.

        Raises:
            ConfigError: the file is no table of pseudonyms, or cannot be written.
        """
        with self._lock:
            known = self.of(digest)
            if known is not None and (owner is None or self._asked(_IS_THEIRS, (owner, digest))):
                return known
        with self.at_once():  # another process may have been quicker
            self._asked("INSERT INTO pseudonyms VALUES (?, ?) ON CONFLICT (digest) DO NOTHING", (digest, _drawn()))
            if owner is not None:
                self._asked("INSERT INTO theirs VALUES (?, ?) ON CONFLICT DO NOTHING", (owner, digest))
            return str(self._asked("SELECT pseudonym FROM pseudonyms WHERE digest = ?", (digest,))[0][0])

    def among(self, pseudonyms: Collection[str]) -> dict[str, bytes]:
        """Those of some texts that are pseudonyms of this table, with the hash of what each stands for.

        Raises:
            ConfigError: the file is no table of pseudonyms, or cannot be read.
        """
        every, found = sorted(pseudonyms), dict[str, bytes]()
        with self._lock:
            for start in range(0, len(every) if self.path.exists() else 0, _AT_ONCE):
                some = every[start : start + _AT_ONCE]
                text = f"SELECT pseudonym, digest FROM pseudonyms WHERE pseudonym IN ({', '.join('?' * len(some))})"
                found |= {str(pseudonym): bytes(digest) for pseudonym, digest in self._asked(text, some)}
        return found

    def count(self, digest: bytes) -> int:
        """How many rows there are of a person, by the hash of their id: the id's own and those of their values."""
        with self._lock:
            if not self.path.exists():
                return 0
            return len(self._asked(_OF_PERSON, (digest, digest)))

    def remove(self, digest: bytes) -> None:
        """Take a person out, by the hash of their id: nothing leads to their pseudonyms any more.

        Values that somebody else has, too, stay theirs.

        Raises:
            ConfigError: the file cannot be written.
        """
        if self.count(digest):
            with self.at_once():
                values = [value for (value,) in self._asked("SELECT digest FROM theirs WHERE owner = ?", (digest,))]
                self._asked("DELETE FROM theirs WHERE owner = ?", (digest,))
                for value in values:
                    if not self._asked("SELECT 1 FROM theirs WHERE digest = ?", (value,)):
                        self._asked("DELETE FROM pseudonyms WHERE digest = ?", (value,))
                self._asked("DELETE FROM pseudonyms WHERE digest = ?", (digest,))

    def rewrite(self) -> None:
        """Write the file anew: between its rows there are traces of what was taken out, of which SQLite clears most.

        Raises:
            ConfigError: the file cannot be written.
        """
        with self._lock:
            if self.path.exists():
                self._asked("VACUUM")

    def close(self) -> None:
        """Release the file; it is opened again where it is needed."""
        with self._lock:
            if self._connected is not None:
                self._connected.close()
            self._connected = None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """One write to disk of all that is drawn inside.

        Raises:
            ConfigError: the file cannot be written.
        """
        with self._lock:
            if self._inside:
                yield
                return
            self._asked("BEGIN IMMEDIATE")
            self._inside = True
            try:
                yield
                self._asked("COMMIT")
            except BaseException:
                self.close()  # which takes back what was drawn
                raise
            finally:
                self._inside = False

    def _asked(self, text: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection().execute(text, parameters).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                "the table of pseudonyms cannot be used.",
                where=str(self.path),
                found=getattr(error, "strerror", None) or str(error),
                expected="a file of its own that can be read and written",
                next="name the file that was used before: with another one everybody is somebody else",
            ) from error

    def _connection(self) -> sqlite3.Connection:
        if self._connected is not None and self._pid != os.getpid():
            _inherited.append(self._connected)  # it is the other process's to close
            self._connected = None
        if self._connected is None:
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            connection = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA secure_delete = ON")  # what is taken out is not left in free pages
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_MAKE)
            self._connected, self._pid = connection, os.getpid()
        return self._connected


_IS_THEIRS = "SELECT 1 FROM theirs WHERE owner = ? AND digest = ?"
_OF_PERSON = "SELECT digest FROM pseudonyms WHERE digest = ? UNION ALL SELECT digest FROM theirs WHERE owner = ?"


def _drawn() -> str:
    return secrets.token_hex(DIGITS // 2)
