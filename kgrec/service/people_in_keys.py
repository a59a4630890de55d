"""People whose own API keys are in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from kgrec.plain_text import local_path
from kgrec.privacy.leftovers import may_run
from kgrec.service.api_keys import KeyRing


class PeopleInKeys:
    """A file of API keys as a :class:`~kgrec.privacy.forgetting.Place`.

    Args:
        path: of the file.
    """

    what = "API keys"

    def __init__(self, path: str | Path) -> None:
        self._path = local_path(path)
        self.where = str(path)
        self._revoked = 0

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        """Keys of each person."""
        return Counter(key.user for key in KeyRing.load(self._path).keys if key.user is not None and key.user in people)

    def files(self) -> list[Path]:
        """The file, and drafts of it that were left."""
        return [self._path, *self._drafts()]

    def remove(self, people: Collection[str]) -> None:
        """Revoke their keys.

        Raises:
            ConfigError: the file cannot be read.
            OSError: it cannot be written.
        """
        for draft in self._drafts():
            if not may_run(draft.name.removesuffix(".new").rpartition(".")[2]):
                draft.unlink(missing_ok=True)
        ring = KeyRing.load(self._path)
        kept = ring.without_people(people)
        if kept is not ring:
            kept.save(self._path)
            self._revoked += len(ring.keys) - len(kept.keys)

    def waits(self) -> Sequence[str]:
        """That a running service knows keys until it starts again."""
        if not self._revoked:
            return []
        return [f"{self.where}: a service that runs knows {self._revoked} revoked keys until it is started again"]

    def _drafts(self) -> list[Path]:
        return sorted(self._path.parent.glob(f".{self._path.name}.*.new"))
