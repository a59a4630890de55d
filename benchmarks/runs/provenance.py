"""Where a result comes from: the commit that the code stood at, and the day."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from.

    Attributes:
        commit: with "with changes" where files of the checkout differ from it; ``unknown`` outside a checkout.
        date: the day (UTC).
    """

    commit: str
    date: str

    @classmethod
    def now(cls, folder: Path = Path(__file__).parent) -> Provenance:
        """That of a result which is made now, by the checkout that a folder lies in."""
        commit = _git(folder, "rev-parse", "--short=12", "HEAD") or UNKNOWN
        if commit != UNKNOWN and _git(folder, "status", "--porcelain", "--untracked-files=no"):
            commit += " with changes"
        return cls(commit, datetime.now(UTC).date().isoformat())


def made_in_words(results: Iterable[Mapping[str, Any]]) -> str:
    """``Measured at commit 1a2b on 2026-01-31.``, once for each of some results that were made together."""
    made = [(str(one.get("commit", UNKNOWN)), str(one.get("date", UNKNOWN))) for one in results]
    parts = [f"at commit {commit} on {date}" for commit, date in dict.fromkeys(made) if commit != UNKNOWN]
    if any(commit == UNKNOWN for commit, _ in made):
        parts.append("before commits were recorded" if not parts else "some before commits were recorded")
    return f"Measured {'; '.join(parts)}."


def _git(folder: Path, *arguments: str) -> str:
    """What git says, empty where it says nothing or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
