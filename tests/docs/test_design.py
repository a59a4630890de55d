"""DESIGN.md is one page, and has a line for every room."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DESIGN = (ROOT / "DESIGN.md").read_text(encoding="utf-8")


def test_every_room_has_a_line() -> None:
    rooms = [folder.name for folder in (ROOT / "kgrec").iterdir() if (folder / "__init__.py").is_file()]
    lines = [line for line in DESIGN.splitlines() if line.startswith("| `kgrec/")]
    assert [room for room in rooms if not any(f"`kgrec/{room}`" in line for line in lines)] == []


def test_every_file_at_the_root_of_the_package_is_named() -> None:
    files = [file.name for file in (ROOT / "kgrec").glob("*.py") if file.name != "__init__.py"]
    assert [name for name in files if f"`{name}`" not in DESIGN] == []


def test_it_is_one_page() -> None:
    assert len(DESIGN.split()) < 900
