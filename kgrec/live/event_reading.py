"""Reports of what was done to events: checked against the graph's schema, as the rows of a source are."""

from __future__ import annotations

import math
import re
import time as clock
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from kgrec.data.context_columns import context_text
from kgrec.data.id_texts import NOT_ONE_VALUE, Fault, id_fault
from kgrec.data.records import Interaction
from kgrec.data.time_units import EARLIEST, LATEST
from kgrec.errors import RecordError, did_you_mean, shorten
from kgrec.extract.times import TimeColumn, TimeRule
from kgrec.extract.values import CellRule, read_column
from kgrec.graph.pseudonym_key import key_of
from kgrec.live.event import Event
from kgrec.live.event_vocabulary import EventVocabulary, are_moments
from kgrec.plain_text import composed
from kgrec.privacy.pseudonyms import PseudonymKey
from kgrec.schema.meanings import Meaning, context_columns, meaning, type_of_kind
from kgrec.schema.shape import pseudonymous_users

FIELDS = ("id", "user", "item", "kind", "time", "weight", "platform", "type", "context")
"""Names that a report may have; the first three are needed."""

LONGEST_EVENT_ID = 200

_NEEDED = Fault("must be given", "a text or a whole number")
_NOT_TOLD = Fault("must be given", "one of those of the graph's schema, which has several")
_NO_TEXT = Fault("must be text", "characters of Unicode, whole ones")
_LONG_ID = Fault("is too long", f"at most {LONGEST_EVENT_ID} characters")
_NEEDS_WEIGHT = Fault("must be given", "the weight, which says whether this kind speaks for its item")
_MOMENTS = "unix time or an ISO date, as the times of the graph are"
_POSITIONS = "a position, as the times of the graph are, or no time"
_EITHER = "unix time, an ISO date or a position"
_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
"""A text that can be no other number; others go by the rules for columns, which take a thousand times as long."""
_AHEAD_S = 86_400.0
"""How far a reporter's clock may be ahead."""
_FUTURE = Fault("is in the future", "a moment that is over; a clock may be a day ahead")


class EventReader:
    """Reads reports: what they leave out is what the data mostly have.

    Args:
        known: which kinds, types, platforms and items there are.

    Raises:
        ConfigError: ids of users are pseudonyms, and there is no key for them, or another one than that of the graph.
    """

    def __init__(self, known: EventVocabulary) -> None:
        self._known = known
        self._schema = known.schema
        self._key: PseudonymKey | None = None
        if self._schema is not None and pseudonymous_users(self._schema):
            self._key = key_of(self._schema, known.pseudonym_key, "events of users who have pseudonyms")

    def read(self, report: Mapping[str, Any], sent: float | None = None) -> Event:
        """The event that is reported; one whose kind or item nobody knows is marked as such.

        Args:
            sent: unix seconds that count as its time where it has none, if the data have moments.

        Raises:
            RecordError: fields that do not fit, all of them at once.
        """
        faults: list[tuple[str, Fault, Any]] = [
            (
                str(name),
                Fault("is not a field of an event", f"{', '.join(FIELDS)}{did_you_mean(str(name), FIELDS)}"),
                "",
            )
            for name in report
            if name not in FIELDS
        ]

        def read(name: str, as_read: Callable[[Any], Any]) -> Any:
            value = as_read(report.get(name))
            if isinstance(value, Fault):
                faults.append((name, value, report.get(name)))
                return None
            return value

        id, user, item = read("id", _event_id), read("user", _needed_text), read("item", _needed_text)
        kind, platform, type = (read(name, _text) for name in ("kind", "platform", "type"))
        usual_kind, usual_platform = self._known.usual
        kind, platform = kind or self._kind_of(type) or usual_kind, platform or usual_platform
        faults += [(name, _NOT_TOLD, None) for name, value in (("kind", kind), ("platform", platform)) if value is None]
        type = type or ("" if self._schema is None or kind is None else type_of_kind(self._schema, kind))
        time = read("time", self._time)
        if time is None and sent is not None and not isinstance(self._time(sent), Fault):
            time = sent
        context = read("context", lambda value: self._context(value, type))
        done = Interaction(type, user or "", item or "", kind or "", platform or "", time, context=context or "")
        aside = "" if faults else self.why_unusable(done)
        weight = read("weight", lambda value: self._weight(value, None if aside else self._meaning(done)))
        if faults:
            raise _refusal(report, faults)
        user = done.user if self._key is None else self._key.pseudonym(done.user)
        return Event(id, replace(done, user=user, weight=1.0 if weight is None else weight), aside)

    def why_unusable(self, done: Interaction) -> str:
        """Why nobody can use an interaction yet, in words that can be counted; empty where it can be used."""
        kinds, platforms = self._known.kinds, self._known.platforms
        if self._schema is not None:
            if done.type not in self._schema.interactions:
                return "unknown type"
            kinds = tuple(self._schema.interactions[done.type].kinds)
            platforms = (*platforms, *self._schema.platforms)
            if kinds and done.kind not in kinds:
                return "unknown kind"
        elif done.kind not in kinds:
            return "unknown kind"
        if done.platform not in platforms:
            return "unknown platform"
        if not self._known.has_item(done.item):
            return "unknown item"
        return ""

    def _kind_of(self, type: str | None) -> str | None:
        """The first kind of a type, where one was given and the usual kind is none of its."""
        if self._schema is None or type is None or type not in self._schema.interactions:
            return None
        kinds = tuple(self._schema.interactions[type].kinds)
        return kinds[0] if kinds and self._known.usual[0] not in kinds else None

    def _meaning(self, done: Interaction) -> Meaning | None:
        if self._schema is None or done.type not in self._schema.interactions:
            return None
        return meaning(self._schema, done.type, done.kind)

    def _weight(self, value: Any, means: Meaning | None) -> float | Fault | None:
        weight = _number(value)
        if means is None or isinstance(weight, Fault):
            return weight
        stars, judged = (
            means.weights.stars,
            means.weights.for_from is not None or means.weights.against_up_to is not None,
        )
        if weight is None:
            return _NEEDS_WEIGHT if means.speaks == "for" and (stars is not None or judged) else None
        if stars is not None and not 0 <= weight <= stars:
            return Fault("must be stars", f"0 to {stars}, as the schema says")
        return weight

    def _context(self, value: Any, type: str) -> str | Fault:
        declared = None if self._schema is None else context_columns(self._schema, type)
        if value is None:
            return ""
        if not isinstance(value, Mapping):
            return Fault("must be an object", 'circumstances by name: {"device": "phone"}')
        said = {}
        for name, circumstance in value.items():
            text = _text(circumstance)
            if isinstance(text, Fault):
                return Fault(f"{name} {text.text}", text.expected)
            if declared is not None and name not in declared:
                known = ", ".join(declared) or "none"
                return Fault(f"names {name}, which is none of the schema", f"{known}{did_you_mean(name, declared)}")
            said[str(name)] = text or ""
        return context_text(said)

    def _time(self, value: Any) -> float | Fault | None:
        time = _moment(value)
        cutoff = self._known.cutoff
        if time is None:
            return None
        moments = are_moments(cutoff)
        taken = _EITHER if moments is None else _MOMENTS if moments else _POSITIONS
        if isinstance(time, Fault):
            return Fault(time.text, taken)
        if moments is not None and (time >= EARLIEST) != moments:
            return Fault("is a position" if moments else "is a moment", taken)
        return _FUTURE if time >= EARLIEST and time > max(clock.time(), cutoff or 0.0) + _AHEAD_S else time


def _moment(value: Any) -> float | Fault | None:
    """Unix seconds or a position, by the rules for columns of times; what one event says is read by itself."""
    if value is None:
        return None
    if isinstance(value, str) and _PLAIN.fullmatch(value) and EARLIEST <= float(value) <= LATEST:
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and EARLIEST <= value <= LATEST:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return NOT_ONE_VALUE
    if isinstance(value, str) and not value.strip():
        return None
    cell = value.strip() if isinstance(value, str) else float(value)
    if isinstance(cell, str) and isinstance(_text(cell), Fault):
        return _NO_TEXT
    column, faults = TimeColumn(TimeRule(is_event=True)).read(pa.array([cell]))
    found: float | None = column[0].as_py()
    return faults.get(0, found)


def _number(value: Any) -> float | Fault | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else Fault("must be a number", "a finite number")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str):
        return NOT_ONE_VALUE
    if _PLAIN.fullmatch(value):
        return float(value)
    if isinstance(_text(value), Fault):
        return _NO_TEXT
    column = read_column(pa.array([value], pa.string()), CellRule("number"))
    number = column.values[0]
    return column.faults.get(0, None if number is None else float(number))


def _text(value: Any) -> str | Fault | None:
    """An id or a name by the rules for ids; None for nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return None
    if not isinstance(value, str):
        return NOT_ONE_VALUE
    text = composed(value.strip())
    try:
        text.encode()
    except UnicodeEncodeError:
        return _NO_TEXT
    return id_fault(text) or text or None


def _needed_text(value: Any) -> str | Fault:
    return _text(value) or _NEEDED


def _event_id(value: Any) -> str | Fault:
    text = _needed_text(value)
    return _LONG_ID if isinstance(text, str) and len(text) > LONGEST_EVENT_ID else text


def _refusal(report: Mapping[str, Any], faults: list[tuple[str, Fault, Any]]) -> RecordError:
    error = RecordError(
        "the event does not fit.",
        where=f"event {shorten(report['id'])}" if report.get("id") else "an event without an id",
        found="; ".join(
            f"{_shown(name)} {fault.text}" + (f": {shorten(value, 60)}" if value not in ("", None) else "")
            for name, fault, value in faults
        ),
        expected="; ".join(f"{_shown(name)}: {fault.expected}" for name, fault, _ in faults),
        next="correct it; the events beside it do not wait for this one",
    )
    name, fault, _ = faults[0]
    error.reason = f"{name if name in FIELDS else 'a field'} {fault.text}"
    return error


def _shown(name: str) -> str:
    return name if name in FIELDS else shorten(name, 40)
