"""Versions of a bundle: what was trained into one folder stays beside it, so that a service can go back.

PATH                    what `kgrec train --out PATH` writes; the next training replaces it
PATH.versions/ID/       a bundle that was there, by the hash of its manifest, which names the hashes of its files
PATH.versions/used.json which versions were used, in order; the last one is live

A version has files of its own: whoever writes over those at PATH, by mistake or by a disk's fault, changes nothing of
what a service has mapped into memory.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.files import MANIFEST, put_in_place, read_manifest, version_of
from kgrec.errors import BundleError, did_you_mean, shorten
from kgrec.plain_text import local_path

KEPT = 5
"""Versions that stay; older ones go when a new one comes, but never those that are live or were before."""

_USED = "used.json"
_NEW, _OLD = ".new", ".old"
"""Folders of the versions that end so and begin with a dot are on their way in or out."""
_AT_ONCE_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Version:
    """A bundle that can be served.

    Attributes:
        id: the first digits of its manifest's hash; it never means another one.
        created: when it was learned, ISO time.
        live: it is the one to answer with.
    """

    id: str
    created: str
    live: bool


class BundleVersions:
    """The versions of the bundle at a path.

    Args:
        path: of the bundle; there may be none yet.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = local_path(path).absolute()
        self.folder = self.path.with_name(f"{self.path.name}.versions")

    def __repr__(self) -> str:
        return f"BundleVersions({str(self.path)!r})"

    @property
    def live(self) -> str | None:
        """Id of the version to answer with, None before there was one."""
        return next(reversed(self._used()), None)

    @property
    def before(self) -> str | None:
        """Id of the version that :meth:`back` leads to, None where there is none."""
        return next(iter(self._used()[-2:-1]), None)

    def to_open(self) -> Bundle:
        """The bundle to begin with: the live version, or the one at the path where there is none that is whole.

        Raises:
            BundleError: that one is missing or damaged.
        """
        try:
            if self.live is not None:
                return Bundle.load(self.folder_of(self.live))
        except BundleError:
            pass  # the one at the path is looked at next
        return Bundle.load(self.path)

    def made_folder(self) -> Path | None:
        """Its folder, which outlasts a training, made where it is not there; None where it cannot be."""
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError:
            return None
        return self.folder

    def listed(self) -> list[Version]:
        """All versions, the newest first."""
        live = self.live
        found = []
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            manifest = folder / MANIFEST
            if folder.name.startswith(".") or not manifest.is_file():
                continue
            with suppress(OSError, ValueError):  # damaged, or being taken away
                facts = json.loads(manifest.read_text(encoding="utf-8"))
                found.append(Version(folder.name, str(facts.get("created", "")), folder.name == live))
        return sorted(found, key=lambda version: (version.created, version.id), reverse=True)

    def folder_of(self, version: str) -> Path:
        """Where a version's bundle is.

        Raises:
            BundleError: there is no such version.
        """
        ids = [known.id for known in self.listed()]
        if version not in ids:
            raise BundleError(
                "there is no such version of the bundle.",
                where=str(self.folder),
                found=shorten(version),
                expected=f"one of {', '.join(ids)}" if ids else "a version; there is none yet",
                next=did_you_mean(version, ids) or "see `kgrec model list`",
            )
        return self.folder / version

    def present(self) -> str | None:
        """Id of the bundle that is at the path now, None where there is none; its files are not looked at."""
        try:
            return version_of(self.path)
        except OSError:
            return None

    def has(self, version: str) -> bool:
        """Whether a version of this id was taken in."""
        return any(known.id == version for known in self.listed())

    def signature(self) -> tuple[tuple[str, int, int], ...]:
        """Names, times and sizes of the files at the path: another one where somebody wrote there."""
        try:
            found = [(file.name, file.stat()) for file in sorted(self.path.iterdir())]
        except OSError:
            return ()
        return tuple((name, status.st_mtime_ns, status.st_size) for name, status in found)

    def take_in(self, stopped: Callable[[], bool] = lambda: False) -> str:
        """Id of the bundle that is at the path now, which stays from now on; it is not live by that.

        Args:
            stopped: asked between two parts of the copy; true gives it up.

        Raises:
            BundleError: there is none, or it is damaged, or it was given up.
        """
        read_manifest(self.path)
        with self._locked(".taking"):
            self._sweep()
            if (there := self.present()) is not None and self.has(there):
                return there  # another process was quicker
            fresh = self.folder / f".{os.getpid()}{_NEW}"
            fresh.mkdir()
            try:
                for file in sorted(self.path.iterdir()):
                    _copy(file, fresh / file.name, stopped)
                read_manifest(fresh)  # a training may have replaced the folder meanwhile
                version = version_of(fresh)
                if not (self.folder / version).exists():
                    fresh.rename(self.folder / version)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return version

    def renew(self, changed: Callable[[Bundle], Bundle]) -> None:
        """Put a changed bundle in the place of each that is here, at the path and among the versions.

        Which one is live, and which was before, stays so under the new ids. Whoever answers from an old one meanwhile
        swaps to its new one. Stopped anywhere, there is a whole bundle in each place, and the next call does the rest.

        Args:
            changed: the bundle itself where there is nothing to change.

        Raises:
            BundleError: one is damaged; those before it are changed. Or a training has put another one at the path.
        """
        with self._locked(".taking"):
            self._sweep()
            if self.present() is not None:
                self._renew_at(self.path, changed)
            new = dict[str, str]()
            for version in self.listed():
                old = Bundle.load(self.folder / version.id)
                made = changed(old)
                if made is not old:
                    new[version.id] = self._added(made)
            if new:
                with self._changing() as used:
                    used[:] = [new.get(version, version) for version in used]
            for replaced in new:
                self._remove(replaced)

    def _renew_at(self, path: Path, changed: Callable[[Bundle], Bundle]) -> None:
        old = Bundle.load(path)
        made = changed(old)
        if made is old:
            return
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        made.save(fresh)
        for file in path.iterdir():
            if not (fresh / file.name).exists():
                shutil.copyfile(file, fresh / file.name)
        if self.present() != old.version:
            shutil.rmtree(fresh)
            raise BundleError(
                "the bundle was replaced meanwhile.",
                where=str(path),
                found="another one, as a training writes it",
                next="run the same command again",
            )
        put_in_place(fresh, path)

    def _added(self, bundle: Bundle) -> str:
        """Id of a bundle that is among the versions from now on."""
        fresh = self.folder / f".{os.getpid()}{_NEW}"
        bundle.save(fresh)
        version = version_of(fresh)
        if (self.folder / version).exists():
            shutil.rmtree(fresh)
        else:
            fresh.rename(self.folder / version)
        return version

    def _sweep(self) -> None:
        """Remove what somebody who was killed has left: a large copy each time, until the disk is full."""
        for folder in self.folder.iterdir():
            if folder.name.startswith(".") and folder.name.endswith((_NEW, _OLD)) and folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)

    def use(self, version: str) -> None:
        """Make a version the live one.

        Raises:
            BundleError: there is no such version.
        """
        self.folder_of(version)
        with self._changing() as used:
            if used[-1:] != [version]:
                used.append(version)
        self._remove_old()

    def back(self) -> str:
        """Make the version live that was before, and its id.

        Raises:
            BundleError: there is none.
        """
        with self._changing() as used:
            if len(used) < 2 or not (self.folder / used[-2]).is_dir():
                raise BundleError(
                    "there is no version to go back to.",
                    where=str(self.folder),
                    found="one version was used" if used else "no version was used yet",
                    next="name one: `kgrec model list`, `kgrec model use ID`",
                )
            used.pop()
            return used[-1]

    def _used(self) -> list[str]:
        try:
            used = json.loads((self.folder / _USED).read_text(encoding="utf-8"))
            return [str(version) for version in used]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise BundleError(
                "which version is live cannot be read.",
                where=str(self.folder / _USED),
                found=str(error),
                next="delete this file and name the version: `kgrec model use ID`",
            ) from error

    @contextmanager
    def _changing(self) -> Iterator[list[str]]:
        """The used versions, to be changed; written as a whole or not at all, by one process at a time."""
        with self._locked(".lock"):
            used = self._used()
            yield used
            try:
                fresh = self.folder / f".{_USED}{_NEW}"
                with fresh.open("w", encoding="utf-8") as file:
                    json.dump(used[-2 * KEPT :], file)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self.folder / _USED)
            except OSError as error:
                raise BundleError(
                    "which version is live cannot be written down.",
                    where=str(self.folder / _USED),
                    found=error.strerror or type(error).__name__,
                    expected="a folder that can be written to, on a disk with room",
                    next="make room; the version that was written down before is used",
                ) from error

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """One process and thread at a time."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _remove_old(self) -> None:
        keep: set[Any] = {self.live, self.before, self.present()}
        for version in self.listed()[KEPT:]:
            if version.id not in keep:
                self._remove(version.id)

    def _remove(self, version: str) -> None:
        with suppress(OSError):  # somebody else removes it
            # In one step: what is half removed would still be listed.
            old = (self.folder / version).rename(self.folder / f".{version}{_OLD}")
            shutil.rmtree(old, ignore_errors=True)


def _copy(source: Path, target: Path, stopped: Callable[[], bool]) -> None:
    """Copy a file, part by part on disk: who waits for the disk meanwhile, such as events, waits for one part."""
    with source.open("rb") as given, target.open("wb") as copy:
        while part := given.read(_AT_ONCE_BYTES):
            if stopped():
                raise BundleError("the copy of a bundle was given up.", where=str(source), next="it is copied again")
            copy.write(part)
            copy.flush()
            os.fsync(copy.fileno())
