"""The first screen of README.md, from the report of the demo; ``python -m tools.readme_demo`` writes it anew."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgrec.cli.commands.demo import lines_of, whom

ROOT = Path(__file__).parents[1]
_MARKED = re.compile(r"(?<=<!-- DEMO -->\n).*?(?=<!-- /DEMO -->)", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_WIDTH = 118


def block(report: Mapping[str, Any]) -> str:
    """What `kgrec demo` prints of its first recommendation, in English and then the reasons in Chinese."""
    first = report["explanations"][0]
    name, parts, reasons = lines_of(first, "en")
    wrapped = textwrap.fill(reasons, _WIDTH, subsequent_indent="     ", break_on_hyphens=False)
    return "\n".join(["```text", whom(report), name, parts, wrapped, lines_of(first, "zh")[-1], "```", ""])


def shown(readme: str) -> str:
    """The block that a README has."""
    found = _MARKED.search(readme)
    assert found is not None  # README.md has the marks
    return found.group()


def with_block(readme: str, report: Mapping[str, Any]) -> str:
    """The README with the block of a report."""
    return _MARKED.sub(lambda _: block(report), readme)


def words_of(text: str) -> str:
    """A text without its line breaks and with its numbers masked: what must be the same on another machine."""
    return " ".join(_NUMBER.sub("#", text).split())


if __name__ == "__main__":
    page = ROOT / "README.md"
    report = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "demo/report.json").read_text(encoding="utf-8"))
    page.write_text(with_block(page.read_text(encoding="utf-8"), report), encoding="utf-8")
