"""Forgetting people: one place after the other, with a proof of what was found there before and after.

Each place can be gone through again without harm, so that whoever was stopped begins from the start. The proof is
written before the first is touched, as one that is not finished, and as a whole at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from kgrec.errors import ConfigError
from kgrec.privacy.byte_search import SHORTEST, Needles
from kgrec.privacy.pseudonyms import PseudonymKey
from kgrec.progress import Progress, silent

FORMAT = 1
"""Version of the proof's form, kept in it."""

_SCRYPT = {"n": 2**12, "r": 8, "p": 1}


class Place(Protocol):
    """Somewhere that people's data lies.

    Attributes:
        what: such as ``graph``.
        where: its path or address.
    """

    what: str
    where: str

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        """How many rows, nodes or lines are about each person, by id; people of whom there is none may be absent."""
        ...

    def files(self) -> Collection[Path]:
        """Its files, which are searched byte by byte."""
        ...

    def remove(self, people: Collection[str]) -> None:
        """Take people out; whoever is not there changes nothing."""
        ...

    def waits(self) -> Sequence[str]:
        """What was made with people who are gone and stays for a while, in sentences."""
        ...


@dataclass(frozen=True)
class Person:
    """Who is forgotten.

    Attributes:
        id: of the user.
        texts: names and further ids of the same person, which are searched for, too.
    """

    id: str
    texts: tuple[str, ...] = ()


@dataclass
class PlaceFound:
    """What was found in a place; ``entries_after`` is None until it was looked through again."""

    what: str
    where: str
    entries_before: int
    entries_after: int | None = None


@dataclass
class FileFound:
    """How often ids and names stood in a file, byte by byte; a file that is gone has none."""

    file: str
    ids_before: int = 0
    ids_after: int | None = None
    names_before: int = 0
    names_after: int | None = None


@dataclass
class Proof:
    """What a proof file says; it names nobody.

    Attributes:
        began, finished: ISO times; ``finished`` is None where it was stopped, and is to be run again.
        people: a hash of each id; see ``hashed_by``, which says why there is none.
        places, files: what was found there.
        not_searched: what was not looked at, and why.
        waits: what stays until a later moment.
        not_searched_for: how many ids and names are too short to be told from chance, byte by byte.
    """

    people: list[str]
    hashed_by: dict[str, Any]
    began: str
    finished: str | None = None
    places: list[PlaceFound] = field(default_factory=list)
    files: list[FileFound] = field(default_factory=list)
    not_searched: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    not_searched_for: dict[str, int] = field(default_factory=dict)

    @property
    def entries_left(self) -> int:
        """How many entries are still there."""
        return sum(place.entries_after or 0 for place in self.places)

    @property
    def files_left(self) -> dict[str, int]:
        """Files in which an id still stands, with how often."""
        return {file.file: file.ids_after for file in self.files if file.ids_after}

    def write(self, path: Path) -> None:
        """Write it as a whole.

        Raises:
            ConfigError: it cannot be written there.
        """
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                json.dump({"format": FORMAT, **asdict(self)}, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise ConfigError(
                "the proof cannot be written.",
                where=str(path),
                found=error.strerror or type(error).__name__,
                expected="a folder that can be written to",
                next="name another file: --proof FILE",
            ) from error


def hashed(people: Sequence[Person], key: PseudonymKey | None) -> tuple[list[str], dict[str, Any]]:
    """A hash of each id that nobody tries ids against in passing, and how it was made.

    With a key it is HMAC-SHA-256; without one it is made slow (scrypt, RFC 7914) with a salt of its own. With a table
    there is none: beside the list of pseudonyms that were forgotten it would say whose rows an old copy has.
    """
    if key is not None and key.table is not None:
        return [], {"method": "none, as pseudonyms are drawn", "key": key.check}
    if key is not None:
        return [key.keyed_hash(person.id) for person in people], {"method": "HMAC-SHA-256", "key": key.check}
    salt = secrets.token_bytes(16)
    raw = [person.id.encode("utf-8", "surrogatepass") for person in people]
    slow = [hashlib.scrypt(one, salt=salt, dklen=32, **_SCRYPT) for one in raw]
    return [one.hex() for one in slow], {"method": "scrypt", "salt": salt.hex(), **_SCRYPT}


def forget(
    people: Sequence[Person],
    places: Sequence[Place],
    proof: Path,
    *,
    key: PseudonymKey | None = None,
    last: Place | None = None,
    accept: Callable[[Proof], None] = lambda said: None,
    not_searched: Sequence[str] = (),
    check: Callable[[Mapping[str, int]], None] = lambda found: None,
    progress: Progress = silent,
) -> Proof:
    """What was found of some people and taken out, place by place in their order; it is in the proof file as well.

    Args:
        last: a place that leads to people in all others: they are taken out of it when they are nowhere else.
        accept: told what was found in the others afterwards; it may raise.
        not_searched: what is not among the places, for the proof.
        check: told how many entries there are of each person, before anything is written; it may raise.

    Raises:
        ConfigError: the proof cannot be written; nothing was touched where it says so first.
        KgrecError: a place refused; run again, it goes through all of them once more.
    """
    ids = [person.id for person in people]
    texts = [text for person in people for text in person.texts if text not in set(ids)]
    of_ids, of_names = Needles.of(ids), Needles.of(texts)
    made, hashed_by = hashed(people, key)
    said = Proof(made, hashed_by, _now(), not_searched=list(not_searched))
    said.not_searched_for = {
        f"ids of less than {SHORTEST} bytes": len(of_ids.too_short),
        f"names of less than {SHORTEST} bytes": len(of_names.too_short),
    }
    every = [*places, *([] if last is None else [last])]
    found = [place.entries(ids) for place in every]
    check({user: sum(of_place.get(user, 0) for of_place in found) for user in ids})
    said.places = [
        PlaceFound(place.what, place.where, sum(of_place.values()))
        for place, of_place in zip(every, found, strict=True)
    ]
    said.write(proof)
    counted: dict[Path, FileFound] = {}
    for path in _files(places):
        progress("search", len(counted), unit="files")
        before, names = _hits(of_ids, path), _hits(of_names, path)
        counted[path] = FileFound(str(path), before, None, names)
    said.files = list(counted.values())
    said.write(proof)
    for number, place in enumerate(places):
        progress(f"{place.what}, {place.where}", number, len(every), unit="places")
        place.remove(ids)
    for place, of_place in zip(places, said.places, strict=False):
        of_place.entries_after = sum(place.entries(ids).values())
    there = _files(places)
    for path in dict.fromkeys((*counted, *there)):
        now = counted.setdefault(path, FileFound(str(path)))
        now.ids_after, now.names_after = (_hits(of_ids, path), _hits(of_names, path)) if path.exists() else (0, 0)
    said.files = list(counted.values())
    said.waits = [sentence for place in every for sentence in place.waits()]
    said.finished = _now() if last is None else None
    said.write(proof)
    accept(said)
    if last is not None:
        last.remove(ids)
        said.places[-1].entries_after = sum(last.entries(ids).values())
        said.finished = _now()
        said.write(proof)
    return said


def _files(places: Sequence[Place]) -> list[Path]:
    return list(dict.fromkeys(path for place in places for path in place.files()))


def _hits(needles: Needles, path: Path) -> int:
    try:
        return needles.hits(path)
    except FileNotFoundError:  # it went meanwhile
        return 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
