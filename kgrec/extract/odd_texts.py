"""Odd texts: what a program wrote in place of nothing or of a list, and what now stands where an id or name should."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kgrec.data.records import NodeRecord
from kgrec.errors import shorten

_NOTHING = frozenset(
    {"nan", "none", "null", "nil", "na", "n/a", "#n/a", "n.a.", "nat", "<na>", "<nan>", "undefined", "\\n", "(null)"}
    | {"[null]", "-nan", "#null!", "#value!", "#ref!", "#name?", "[object object]", "-", "--", "?"}
)
_NAMES = frozenset({"Na", "Nan", "Nil"})
"""People are called so."""
_LIST = re.compile(r"""\[\s*(?:(?:'[^']*'|"[^"]*")\s*(?:,\s*|\s+|(?=\])))+\]|\{\s*['"].*['"]\s*:.*\}""", re.DOTALL)


def reads_like_nothing(text: str) -> bool:
    """Whether a text is what programs write where there is nothing: ``nan``, ``None``, ``NULL``, ``N/A`` ..."""
    return len(text) < 16 and text.lower() in _NOTHING and text not in _NAMES


def reads_like_a_list(text: str) -> bool:
    """Whether a text is a list or an object as a program prints it: ``['Jazz', 'Live']``, ``{"en": "Jazz"}``."""
    return text[:1] in ("[", "{") and _LIST.fullmatch(text) is not None


@dataclass
class OddTexts:
    """The nodes whose id or properties are odd texts, counted.

    Attributes:
        nodes: how many were looked at.
    """

    nodes: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)

    def note(self, record: NodeRecord) -> None:
        """Look at a node: its id and its name for what reads like nothing, all of its texts for lists."""
        self.nodes += 1
        for text in (record.uid, record.properties.get("name")):
            if isinstance(text, str) and reads_like_nothing(text):
                self._count("nothing", record, text)
                break
        for text in (record.uid, *record.properties.values()):
            if isinstance(text, str) and reads_like_a_list(text):
                self._count("a list or object", record, text)
                break

    def found(self) -> Iterator[tuple[str, int, str]]:
        """Yield what odd texts read like, how many nodes have such, and the first in words."""
        for what in ("nothing", "a list or object"):
            yield what, self._counts.get(what, 0), self._first.get(what, "")

    def _count(self, what: str, record: NodeRecord, text: str) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1
        self._first.setdefault(what, f"{record.type} {shorten(record.uid, 60)}: {shorten(text, 60)}")
