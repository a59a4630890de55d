"""What must hold of the settings that say how times are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kgrec.schema.origins import Location, SchemaProblem

_SAMPLE = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def time_problems(location: Location, source: Mapping[Any, Any], keys: Mapping[str, str]) -> Iterator[SchemaProblem]:
    """Yield what is wrong with the settings of one column of times.

    Args:
        keys: what ``format``, ``zone`` and ``unit`` are called here.
    """
    form, zone = source.get(keys["format"]), source.get(keys["zone"])
    if isinstance(form, str) and not _is_format(form):
        text = f"found '{form}', which reads no date, expected directives such as %Y-%m-%d %H:%M"
        yield SchemaProblem((*location, keys["format"]), text)
    if isinstance(zone, str) and not _is_zone(zone):
        text = f"found '{zone}', which is no time zone, expected an IANA name such as Europe/Berlin or UTC"
        yield SchemaProblem((*location, keys["zone"]), text)
    if form is not None and source.get(keys["unit"]) is not None:
        yield SchemaProblem((*location, keys["unit"]), f"expected either `{keys['unit']}` or `{keys['format']}`")


def _is_format(form: str) -> bool:
    """Whether a format writes dates of which it reads back at least the year."""
    try:
        return datetime.strptime(_SAMPLE.strftime(form), form).year == _SAMPLE.year
    except ValueError:
        return False


def _is_zone(zone: str) -> bool:
    try:
        return ZoneInfo(zone) is not None
    except (KeyError, ValueError, OSError):  # unknown, not a name, a folder of names
        return False
