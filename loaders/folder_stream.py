"""A folder of JSON lines that are still written: ``jsonl:FOLDER``, an event a line, in files ``*.jsonl``.

Files are read in the order of their names, each as far as its last whole line: half a line waits for its end. A file
is known by its first line, and by its name or its number on the disk: one that is renamed (``*.jsonl.1``) goes on
where it was, one that is cut and begun anew is another.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from kgrec.data.messages import LONGEST_MESSAGE, TOO_LONG, Message, MessageBatch, message_of
from kgrec.errors import ConfigError, SourceError, shorten

_LOOK_EVERY_S = 0.05
_NAME = re.compile(r".+\.jsonl([.-]\d+)?")
"""Of a file that is written, or was until it was put aside."""
_MOST_GONE = 1_000
"""Files that are no longer there of which it is known how far they were read."""
_MARK = b"\xef\xbb\xbf"
"""What some programs put before the first line: the mark of UTF-8."""


@dataclass(frozen=True)
class _File:
    """A file of the folder, and how far it was read.

    Attributes:
        number: of this file among all that were read in the folder.
        disk: number of the file on the disk.
        first: digest of its first line.
        at: bytes that were read.
    """

    name: str
    number: int
    disk: int
    first: str
    at: int


class FolderStream:
    """Reads what programs append to the files of a folder.

    An offset is JSON: how many files were begun, then each file with the bytes that were read of it.

    Args:
        address: ``jsonl:FOLDER``.

    Raises:
        ConfigError: the address names no folder.
    """

    def __init__(self, address: str) -> None:
        location = address.removeprefix("jsonl:")
        if not location or "\0" in location or Path(location).is_file():
            raise ConfigError(
                "the address names no folder of JSON lines.",
                where="--follow",
                found=shorten(address),
                expected="jsonl:FOLDER, a folder in which files *.jsonl are written",
                next="name the folder that the file is in" if location else "name a folder",
            )
        self._folder = Path(location).absolute()
        self.name = f"jsonl:{self._folder}"

    def read(self, after: str, most: int, wait_s: float) -> MessageBatch:
        """As :class:`~kgrec.data.messages.EventStream` says; the folder is looked at 20 times a second."""
        until = time.monotonic() + wait_s
        while True:
            try:
                batch = self._lines(after, most)
            except OSError as error:
                raise SourceError(
                    "the folder of events cannot be read.",
                    where=self.name,
                    found=error.strerror or str(error),
                    expected="a folder of files *.jsonl that this process may read",
                    next="make the folder, or name another one",
                ) from error
            if batch.messages or (left := until - time.monotonic()) <= 0:
                return batch
            time.sleep(min(_LOOK_EVERY_S, left))

    def close(self) -> None:
        """Nothing is open between two readings."""

    def _lines(self, after: str, most: int) -> MessageBatch:
        begun, known = _parsed(after)
        messages: list[Message] = []
        there: list[_File] = []
        for entry in sorted(os.scandir(self._folder), key=lambda entry: entry.name):
            if not (_NAME.fullmatch(entry.name) and entry.is_file()):
                continue
            size, disk = (state := entry.stat()).st_size, state.st_ino
            if read := [one for one in known if (one.name, one.disk, one.at) == (entry.name, disk, size)]:
                there += read
                continue
            with open(entry.path, "rb") as opened:
                taken = {file.number for file in there}
                file = _recognised(entry.name, disk, size, opened, [one for one in known if one.number not in taken])
                if file is None:
                    continue
                if not file.number:
                    begun += 1
                    file = replace(file, number=begun)
                for end, line in _whole_lines(opened, file.at, most - len(messages)):
                    place = f"{entry.name} (file {file.number}), byte {file.at}"
                    if line is None:
                        messages.append(Message(place, None, TOO_LONG))
                    elif line.strip():
                        messages.append(message_of(line if file.at else line.removeprefix(_MARK), place))
                    file = replace(file, at=end)
                there.append(file)
        numbers, places = {file.number for file in there}, {(file.name, file.disk) for file in there}
        gone = [one for one in known if one.number not in numbers and (one.name, one.disk) not in places]
        gone = gone[-_MOST_GONE:]  # they may come back
        files = sorted(there + gone, key=lambda file: file.number)
        if not messages and files == known:
            return MessageBatch((), after)
        return MessageBatch(messages, json.dumps([begun, *(astuple(file) for file in files)]))


def _parsed(offset: str) -> tuple[int, list[_File]]:
    if not offset:
        return 0, []
    begun, *files = json.loads(offset)
    return begun, [_File(*fields) for fields in files]


def _recognised(name: str, disk: int, size: int, opened: BinaryIO, known: Sequence[_File]) -> _File | None:
    """What is known of a file, under the name that it has now; number 0 for a new one, None where it has no line."""
    line = opened.readline(LONGEST_MESSAGE + 1)
    if not line.endswith(b"\n") and len(line) <= LONGEST_MESSAGE:
        return None
    first = hashlib.blake2b(line, digest_size=8).hexdigest()
    same = [one for one in known if one.first == first and one.at <= size and (one.name == name or one.disk == disk)]
    found = max(same, key=lambda one: (one.disk == disk, one.number), default=_File(name, 0, disk, first, 0))
    return replace(found, name=name, disk=disk)


def _whole_lines(opened: BinaryIO, at: int, most: int) -> Iterator[tuple[int, bytes | None]]:
    """The next lines with where each ends; None for one that is too long."""
    opened.seek(at)
    for _ in range(most):
        line = opened.readline(LONGEST_MESSAGE + 1)
        whole = line.endswith(b"\n")
        if not whole and len(line) <= LONGEST_MESSAGE:
            return
        rest = line
        while not rest.endswith(b"\n"):
            rest = opened.readline(LONGEST_MESSAGE)
            if not rest:
                return  # it is written still
        at = opened.tell()
        yield at, line if whole else None
