"""DESIGN.md is one page, and has a line for every room."""

from __future__ import annotations

import re

from tests.support import ROOT

DESIGN = (ROOT / "DESIGN.md").read_text(encoding="utf-8")


def test_every_room_has_a_line_and_the_place_of_its_layer() -> None:
    rooms = {folder.name for folder in (ROOT / "kgrec").iterdir() if (folder / "__init__.py").is_file()}
    (layers,) = re.findall(r"containers = kgrec\nlayers =\n(.*?)\n\n", (ROOT / ".importlinter").read_text(), re.DOTALL)
    order = [[room for room in line.split(" | ") if room in rooms] for line in map(str.strip, layers.splitlines())]
    table = [re.findall(r"`kgrec/(\w+)`", line.split(" | ")[0]) for line in DESIGN.splitlines() if "| `kgrec/" in line]
    assert [sorted(row) for row in table] == [sorted(line) for line in order if line]


def test_every_file_at_the_root_of_the_package_is_named() -> None:
    files = [file.name for file in (ROOT / "kgrec").glob("*.py") if file.name != "__init__.py"]
    assert [name for name in files if f"`{name}`" not in DESIGN] == []


def test_it_is_one_page() -> None:
    assert len(DESIGN.split()) < 900
