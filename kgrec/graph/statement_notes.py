"""Who states what: notes in the ledger, one per kind, type and platform of records and source of an import."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kgrec.data.records import Kind
from kgrec.errors import ReplacementError
from kgrec.graph.store import ImportTarget

Stated = tuple[Kind, str, str]
"""Kind of some records, their type and their platform."""

_STATED = " stated "
_DONE, _PENDING = 1, 2


def note_name(what: Stated, source: str) -> str:
    """Name of a note beside those of an import's batches."""
    return f"{_STATED[1:]}{json.dumps([*what, source], ensure_ascii=False)}"


class StatementNotes:
    """Notes of an import on who states what, written before the first record of a kind is.

    Args:
        replaces: whether what was stated before is still to be looked through when all is in.
    """

    def __init__(self, target: ImportTarget, replaces: bool) -> None:
        self._target = target
        self._replaces = replaces
        self._known: set[tuple[Stated, str]] = set()

    def take(self, stated: Mapping[Stated, Iterable[str]]) -> None:
        """Note what is not noted yet."""
        for what, sources in list(stated.items()):
            for source in tuple(sources):
                if (what, source) not in self._known:
                    self._known.add((what, source))
                    name = note_name(what, source)
                    if self._target.noted(name) != _DONE:
                        self._target.note(name, _PENDING if self._replaces else _DONE)


@dataclass(frozen=True)
class StatementNote:
    """A note in the ledger, under its name there."""

    name: str
    what: Stated
    source: str
    number: int

    @property
    def done(self) -> bool:
        """Whether the import that wrote it has nothing to replace any more."""
        return self.number == _DONE


def notes_in(ledger: Mapping[str, int]) -> list[StatementNote]:
    """The notes among everything that is noted of imports."""
    found = []
    for name, number in ledger.items():
        _, mark, what = name.partition(_STATED)
        if mark and number:
            kind, type, platform, source = json.loads(what)
            found.append(StatementNote(name, (kind, type, platform), source, number))
    return found


@dataclass(frozen=True)
class ReplacementPlan:
    """What an import replaces.

    Attributes:
        what: kinds, types and platforms to look through.
        first: those that nobody stated before.
        shared: other sources that state records of the same types and platforms.
        replaced: the source of another name that the import's sources are a new version of, if any.
        outdated: names of notes that are no longer true when it is done.
        pending: names of the import's own notes that are true then.
        told: what was decided, a sentence each.
    """

    what: frozenset[Stated]
    first: frozenset[Stated]
    shared: frozenset[str]
    replaced: str | None
    outdated: tuple[str, ...]
    pending: tuple[str, ...]
    told: tuple[str, ...]


def others_state(sources: Collection[str], where: str) -> ReplacementError:
    """An error that other sources state records of the same types and platforms."""
    return ReplacementError(
        "what these sources no longer state cannot be told from what others state: nothing was removed.",
        where=where,
        found=f"{', '.join(sorted(sources))} stated records of the same types and platforms",
        expected="all sources of a type and platform in one import",
        next="name them all, each with --source, or import without --replace",
    )


def replacement_plan(
    notes: Sequence[StatementNote], ledger: str, now: Mapping[Stated, Collection[str]], where: str
) -> ReplacementPlan:
    """What the sources of an import stated before: by their names, or by the one other name that there is.

    Args:
        ledger: name of the import.
        now: which of its sources state what.

    Raises:
        ReplacementError: several other sources state records of the same types and platforms.
    """
    before: dict[Stated, set[str]] = defaultdict(set)
    for note in notes:
        if note.done:
            before[note.what].add(note.source)
    sources = set[str]().union(*now.values())
    new = sources.difference(*before.values())
    what, others, shared = set[Stated](), set[str](), set[str]()
    for each, known in before.items():
        foreign = known - sources
        if foreign and not new.isdisjoint(now.get(each, ())):
            others |= foreign
            what.add(each)
        elif not known.isdisjoint(sources):
            shared |= foreign
            what.add(each)
    if len(others) > 1:
        raise others_state(others, where)
    told: tuple[str, ...] = ()
    if others:
        told = (f"{', '.join(sorted(new))} was not imported before and replaces {', '.join(others)}",)
    elif not what:
        told = ("the sources were not imported before, so there is nothing to replace",)
    return ReplacementPlan(
        frozenset(what),
        frozenset(now.keys() - before.keys()),
        frozenset(shared - others),
        next(iter(others), None),
        tuple(
            note.name
            for note in notes
            if note.what in what and note.source in sources | others and note.source not in now.get(note.what, ())
        ),
        tuple(note.name for note in notes if not note.done and note.name.startswith(f"{ledger}{_STATED}")),
        told,
    )
