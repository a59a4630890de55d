"""Texts and data as terminals, tables, JSON and file systems can take them."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LONGEST_CELL = 60


def plain(value: Any) -> Any:
    """The same as JSON can say it: names are texts, numbers that it does not have are None."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def visible(text: str, keep: str = "") -> str:
    """A text whose control characters, which could steer a terminal, are written out."""
    return "".join(sign if sign.isprintable() or sign in keep else repr(sign)[1:-1] for sign in text)


def short(text: str, limit: int = _LONGEST_CELL) -> str:
    """A text for a cell of a table."""
    text = visible(text)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def local_path(text: str | Path) -> Path:
    """The path that a text means: ``~`` in front is the home folder, as a shell has it only at the start of a word."""
    return Path(os.path.expanduser(text))


def composed(text: str) -> str:
    """A text in Unicode's composed form (NFC), in which ids are compared."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """A text without the difference between letters that people type for one another.

    Example:
        >>> folded("  Amélie ")
        'amelie'
    """
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
