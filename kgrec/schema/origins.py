"""Where in a file a value of a graph schema was read, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Location = tuple[str | int, ...]
"""The keys and list positions that lead to a value, as pydantic gives them."""


@dataclass(frozen=True)
class Origin:
    """Where a schema was read. Two schemas with the same content are equal wherever they lie, hence no comparison."""

    file: str = field(default="", compare=False)
    lines: Mapping[Location, int] = field(default_factory=dict, compare=False, repr=False)

    def line(self, location: Location) -> int | None:
        """Line of a value, counted from 1; that of the nearest enclosing value where it has none itself."""
        for length in range(len(location), -1, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return None

    def at(self, *location: str | int) -> str:
        """``file:line`` of a value, for messages; 'the schema' for one that was built in Python."""
        if not self.file:
            return "the schema"
        return f"{self.file}:{self.line(location)}"


@dataclass(frozen=True)
class SchemaProblem:
    """One thing that is wrong, and where."""

    location: Location
    text: str
