"""A schema that is being drafted: plain data with comments, and the YAML text of both."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from kgrec.schema.origins import Location

_WIDTH = 118
_PLAIN = re.compile(r"\w([\w .%/+-]*\w)?")
"""Texts that YAML reads as they stand, where it does not take them for a number or the like."""


@dataclass
class Sheet:
    """A drafted schema.

    Attributes:
        head: lines of comment at the top.
        data: the schema as plain data.
        comments: lines that stand above an entry, by its place.
    """

    head: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    comments: dict[Location, list[str]] = field(default_factory=dict)

    def say(self, *location: str | int, because: str) -> None:
        """Put a line of comment above an entry."""
        self.comments.setdefault(location, []).append(because)

    def text(self) -> str:
        """The YAML text."""
        lines = [f"# {line}".rstrip() for line in self.head]
        for key, value in self.data.items():
            if isinstance(value, dict) and value:
                lines.append("")
            lines += self._entry((key,), f"{_scalar(key)}:", value, 0)
        return "\n".join(lines) + "\n"

    def _entry(self, place: Location, start: str, value: Any, depth: int) -> list[str]:
        """Lines of one key or list entry with everything below it."""
        indent = "  " * depth
        said = [_one_line(comment) for comment in self.comments.get(place, ())]
        lines = [f"{indent}# {comment}" for comment in said]
        flow = f"{indent}{start} {_flow(value)}"
        below = any(other[: len(place)] == place and len(other) > len(place) for other in self.comments)
        block = isinstance(value, dict | list) and value and (below or _is_deep(value) or len(flow) > _WIDTH)
        if not block:
            beside = f"{flow}  # {said[0]}" if len(said) == 1 else ""
            return [beside] if beside and len(beside) <= _WIDTH else [*lines, flow]
        if isinstance(value, list):
            lines.append(f"{indent}{start}")
            for position, entry in enumerate(value):
                lines += self._entry((*place, position), "-", entry, depth + 1)
            return lines
        assert isinstance(value, dict)
        inner: list[str] = []
        for key, entry in value.items():
            inner += self._entry((*place, key), f"{_scalar(key)}:", entry, depth + 1)
        if start != "-":
            return [*lines, f"{indent}{start}", *inner]
        first = next(number for number, line in enumerate(inner) if not line.lstrip().startswith("#"))
        inner[first] = f"{indent}- {inner[first].lstrip()}"
        return [*lines, *inner]


def _is_deep(value: dict[str, Any] | list[Any]) -> bool:
    """Whether something is easier to read over several lines."""
    parts = list(value.values()) if isinstance(value, dict) else value
    inner = [part for part in parts if isinstance(part, dict | list)]
    if isinstance(value, list):
        return bool(inner)
    return any(isinstance(part, list) and any(isinstance(entry, dict) for entry in part) for part in inner) or (
        len(inner) > 1 or any(_is_deep(part) for part in inner)
    )


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A single value so that YAML reads the same back, also within braces."""
    if not isinstance(value, str):
        return "true" if value is True else "false" if value is False else str(value)
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10**9).strip()


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
