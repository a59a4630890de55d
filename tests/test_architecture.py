"""The architecture is a test: who may import whom stands in .importlinter."""

from __future__ import annotations

import subprocess
import sys

from importlinter import cli

from tests.support import ROOT


def test_import_rules_are_kept() -> None:
    assert cli.lint_imports(config_filename=str(ROOT / ".importlinter"), no_logo=True) == cli.EXIT_STATUS_SUCCESS


def test_importing_kgrec_stays_light() -> None:
    code = "import kgrec, sys; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_file_has_a_vague_name() -> None:
    vague = {"utils", "helpers", "common", "misc", "core", "base", "manager"}
    files = [path for room in ("kgrec", "loaders", "graph_schemas") for path in (ROOT / room).rglob("*.py")]
    assert [path for path in files if path.stem in vague] == []


def test_nothing_pickles() -> None:
    files = [path for room in ("kgrec", "loaders") for path in (ROOT / room).rglob("*.py")]
    assert [path for path in files if "import pickle" in path.read_text() or "torch.load(" in path.read_text()] == []
