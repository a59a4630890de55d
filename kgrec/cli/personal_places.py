"""Where people's data lies, by what a command line names; a place is recognised by its content, not by its name."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from kgrec.bundle.files import ARRAYS, MANIFEST
from kgrec.bundle.people_in_bundle import PeopleInBundle
from kgrec.errors import ConfigError, StoreUnavailableError, require_extra
from kgrec.graph import open_store
from kgrec.graph.people_in_graph import PeopleInGraph
from kgrec.live.event_log import EventLog
from kgrec.live.people_in_log import PeopleInLog
from kgrec.plain_text import local_path
from kgrec.privacy.byte_search import files_under
from kgrec.privacy.forgetting import Place
from kgrec.privacy.pseudonyms import PseudonymKey

_GRAPH_FILE, _SQLITE_FILE = b"RGF", b"SQLite format 3\x00"


class SearchedFiles:
    """Files that nobody here knows how to change: they are searched, and what is found there is said."""

    what = "files"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.where = str(path)

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        """Nothing that could be counted."""
        return {}

    def files(self) -> list[Path]:
        """All files there."""
        return files_under([self._path])

    def remove(self, people: Collection[str]) -> None:
        """Nothing is changed."""

    def waits(self) -> Sequence[str]:
        """Nothing."""
        return []


def graph_place(url: str, people: Collection[str], opened: ExitStack) -> PeopleInGraph:
    """The graph at a URL; one that another process holds is read, where none of the people is in it any more.

    Raises:
        StoreUnavailableError: it cannot be reached, or it is held and one of them is in it.
    """
    try:
        return PeopleInGraph(opened.enter_context(open_store(url, create=False)))
    except StoreUnavailableError as held:
        try:
            place = PeopleInGraph(opened.enter_context(open_store(url, read_only=True)))
        except StoreUnavailableError:
            raise held from None
        if found := place.entries([uid for user in people for uid in place.ids(user)]):
            held.found = f"{held.found}; {len(found)} of the people are in it"
            held.next = (
                "ask the service that holds it, DELETE /v1/users/ID, then run this again for everything else; or stop "
                "it for as long as this takes"
            )
            raise
        return place


def ids_of_people(graph: PeopleInGraph, bundle: PeopleInBundle, users: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Of each user the ids of all accounts of the same person, first as it was asked.

    Links in the graph say who is one person. A bundle may have been learned before a link was taken back: it is asked
    about those whom the graph does not know any more, as after a run that was stopped.
    """
    known = {user: graph.ids(user) for user in users}
    accounts = bundle.accounts_of([user for user, ids in known.items() if not graph.entries(ids)])
    return {user: tuple(dict.fromkeys((*ids, *accounts.get(user, ())))) for user, ids in known.items()}


def key_of_people(graph: PeopleInGraph) -> PseudonymKey | None:
    """The key of pseudonyms that the environment names; None where it names none.

    Raises:
        ConfigError: it cannot be read, or the graph has pseudonyms of another one, which would find nobody.
    """
    key = PseudonymKey.from_environment()
    return key if key is None else graph.checked(key)


def opened_log(path: str, opened: ExitStack) -> EventLog:
    """The event log at a path, which somebody else may take in events with.

    Raises:
        ConfigError: there is none.
        EventLogError: it is no event log, or of another version.
    """
    if not local_path(path).is_file():
        raise ConfigError(
            "there is no event log here.",
            where=path,
            found="no such file",
            expected="the file of `kgrec serve --events`",
            next="correct the path, or leave it out",
        )
    return opened.enter_context(EventLog(path, takes_in=False))


def keys_place(path: str) -> Place:
    """The file of API keys at a path.

    Raises:
        ConfigError: there is none, or it cannot be read.
        MissingExtraError: the service is not installed.
    """
    require_extra("serve", "fastapi", where="a file of API keys")
    from kgrec.service.api_keys import KeyRing
    from kgrec.service.people_in_keys import PeopleInKeys

    KeyRing.load(path)
    return PeopleInKeys(path)


def recognised(path: str, people: Collection[str], opened: ExitStack) -> Place:
    """What is at a path: another bundle, graph, event log or file of keys, such as a copy; else files to search.

    Raises:
        ConfigError: there is nothing.
        KgrecError: it cannot be opened.
    """
    there = local_path(path)
    if not there.exists():
        raise ConfigError("there is nothing here.", where=path, found="no such file or folder", next="correct the path")
    if there.is_dir():
        is_bundle = (there / MANIFEST).is_file() and (there / ARRAYS).is_file()
        return PeopleInBundle(there) if is_bundle else SearchedFiles(there)
    with there.open("rb") as file:
        start = file.read(len(_SQLITE_FILE))
    if start.startswith(_GRAPH_FILE):
        return graph_place(f"kglite:{path}", people, opened)
    if start == _SQLITE_FILE:
        return PeopleInLog(opened_log(path, opened))
    return keys_place(path) if _holds_keys(there) else SearchedFiles(there)


def not_named(events: str, keys: str, of_bundle: PeopleInBundle, bundle: str) -> list[str]:
    """What is looked at nowhere, as nobody has named it, in sentences."""
    said = {
        "no event log was named (--events, KGREC_EVENTS)": not events,
        "no file of API keys was named (--keys, KGREC_KEYS)": not keys,
        f"there is no bundle at {bundle} (--bundle, KGREC_BUNDLE)": not of_bundle.exists,
    }
    return [what for what, is_so in said.items() if is_so]


def _holds_keys(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return False
    return isinstance(content, dict) and {"keys", "secret"} <= content.keys()
