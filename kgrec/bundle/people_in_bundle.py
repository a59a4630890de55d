"""People in a bundle, in its versions and in what a training has left beside it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.bundle.files import MANIFEST
from kgrec.bundle.without_users import without_users
from kgrec.errors import KgrecError
from kgrec.plain_text import local_path
from kgrec.privacy.byte_search import files_under
from kgrec.privacy.leftovers import may_run


class PeopleInBundle:
    """A bundle at a path as a :class:`~kgrec.privacy.forgetting.Place`.

    What is in its folders is written anew without the people, hashes included; a service that answers from it swaps.
    What a killed process has left there, and checkpoints of a training that was stopped, are deleted: no training goes
    on from other data than it began with.

    Args:
        path: of the bundle; there may be versions or a checkpoint of it alone.
    """

    what = "bundle"

    def __init__(self, path: str | Path) -> None:
        self.path = local_path(path).absolute()
        self.where = str(path)
        self._versions = BundleVersions(self.path)

    @property
    def versions(self) -> Path:
        """Folder of its versions."""
        return self._versions.folder

    @property
    def exists(self) -> bool:
        """Whether there is anything."""
        return any(path.exists() for path in self._all())

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        """Users and interactions of all bundles; each is counted as often as it is there."""
        found = Counter[str]()
        for folder in self.folders():
            bundle = Bundle.load(folder)
            counts = np.bincount(bundle.interactions.user, minlength=len(bundle.users))
            for user in people:
                row = bundle.user_row(user)
                found[user] += 0 if row is None else 1 + int(counts[row])
        return found

    def accounts_of(self, users: Collection[str]) -> dict[str, list[str]]:
        """Of each user all accounts of the person who has that one, as any of the bundles has them."""
        persons = [Bundle.load(folder).persons for folder in self.folders()]
        return {user: sorted({one for each in persons for one in each.accounts_of(user)}) for user in users}

    def files(self) -> list[Path]:
        """All files of all bundles, and of what is beside them."""
        return files_under(self._all())

    def remove(self, people: Collection[str]) -> None:
        """Write all bundles anew where one of the people is in them.

        Raises:
            BundleError: one is damaged, so that nobody knows who is in it.
            KgrecError: what is beside them cannot be deleted.
        """
        self._delete([self._checkpoint(), *self._leftovers()])
        if any(self.folders()):
            self._versions.renew(partial(without_users, users=set(people)))

    def waits(self) -> Sequence[str]:
        """That weights, gates and popularity were learned with them, by bundle."""
        said = []
        for folder in self.folders():
            gone = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("forgotten", 0)
            if gone:
                said.append(
                    f"{folder}: learned with {gone:,} people who were forgotten since; weights, gates and popularity "
                    "stay until the next `kgrec train`, rows and ids are gone"
                )
        return said

    def folders(self) -> list[Path]:
        """The folders of the bundle and its versions."""
        at_path = [self.path] if (self.path / MANIFEST).is_file() else []
        return [*at_path, *(self._versions.folder / version.id for version in self._versions.listed())]

    def _checkpoint(self) -> Path:
        return self.path.with_name(f"{self.path.name}.checkpoint")

    def _leftovers(self) -> list[Path]:
        """Folders of processes that were killed between two steps; those of a process that is there are its own."""
        beside = self.path.parent
        found = []
        for end in ("new", "old"):
            for folder in beside.glob(f".{self.path.name}.*.{end}") if beside.is_dir() else ():
                pid = folder.name.removeprefix(f".{self.path.name}.").removesuffix(f".{end}")
                if not may_run(pid):
                    found.append(folder)
        return found

    def _all(self) -> list[Path]:
        return [self.path, self._versions.folder, self._checkpoint(), *self._leftovers()]

    def _delete(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            try:
                if folder.exists():
                    shutil.rmtree(folder)
            except OSError as error:
                raise KgrecError(
                    "what a training has left cannot be deleted.",
                    where=str(folder),
                    found=error.strerror or type(error).__name__,
                    next="delete the folder, and run the same command again",
                ) from error
