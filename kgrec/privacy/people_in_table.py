"""People whose pseudonyms are in a table of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from kgrec.privacy.pseudonym_table import PseudonymTable
from kgrec.privacy.pseudonyms import PseudonymKey


class PeopleInTable:
    """A table of pseudonyms as a :class:`~kgrec.privacy.forgetting.Place`: the last one, as it leads to the others.

    Args:
        key: by which people are found in the table.
        table: its table.
    """

    what = "table of pseudonyms"

    def __init__(self, key: PseudonymKey, table: PseudonymTable) -> None:
        self._key, self._table = key, table
        self.where = str(table.path)

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        """Pseudonyms of each person, that of the id and those of further values; ids and pseudonyms name people."""
        found = {person: self._table.count(digest) for person, digest in self._digests(people).items()}
        return {person: count for person, count in found.items() if count}

    def files(self) -> list[Path]:
        """The file, and what is written beside it."""
        return [path for path in (self._table.path, Path(f"{self._table.path}-journal")) if path.exists()]

    def remove(self, people: Collection[str]) -> None:
        """Take their pseudonyms out: old copies of a store, which have them, lead to nobody.

        Raises:
            ConfigError: the file cannot be written.
        """
        for digest in self._digests(people).values():
            self._table.remove(digest)
        self._table.rewrite()

    def waits(self) -> Sequence[str]:
        """That copies of the table lead to people still."""
        return [f"{self.where}: copies of it say still whom its pseudonyms stand for, until they are deleted"]

    def _digests(self, people: Collection[str]) -> dict[str, bytes]:
        """By person, each once: somebody may be named by id and by pseudonym."""
        found = dict(self._table.among(people))
        drawn = set(found.values())
        for person in people:
            digest = self._key.digest(person)
            if person not in found and digest not in drawn:
                found[person] = digest
        return found
