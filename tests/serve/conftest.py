"""A folder to run commands in, without the settings of whoever runs the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    for name in ("KGREC_STORE", "KGREC_BUNDLE", "KGREC_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path, capsys)
