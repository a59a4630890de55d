"""The audit of packages: it fails for a known vulnerability alone, and says where it could not look."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence

import pytest

from tests.support import ROOT
from tools.dependency_audit import audited

FOUND = {"name": "flask", "version": "0.5", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.0"]}]}
CLEAN = {"name": "numpy", "version": "2.0", "vulns": []}
UNKNOWN = {"name": "kgrec", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN, UNKNOWN], 0, "no known vulnerability in 1 packages"),
        ([CLEAN, FOUND], 1, "flask 0.5: PYSEC-1, mended in 1.0"),
        ([UNKNOWN], 0, "skipped"),
    ],
)
def test_what_the_database_says(packages: list[object], code: int, said: str) -> None:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        assert command[command.index("--requirement") + 1] == "pins.txt"
        return subprocess.CompletedProcess(command, code, json.dumps({"dependencies": packages, "fixes": []}), "")

    found = audited("pins.txt", run)
    assert found[0] == code
    assert said in found[1]


@pytest.mark.parametrize("stderr", ["x\nConnectionError: Name or service not known\n", "", "No module named pip_audit"])
def test_no_network_is_no_failure(stderr: str) -> None:
    code, said = audited("pins.txt", lambda command: subprocess.CompletedProcess(command, 1, "", stderr))
    assert code == 0
    assert "skipped" in said
    assert (stderr.strip().splitlines() or ["nothing"])[-1] in said


def test_a_database_that_does_not_answer_is_no_failure() -> None:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 1)

    assert audited("pins.txt", run) == (
        0,
        "audit skipped: the database of known vulnerabilities cannot be asked here (TimeoutExpired)",
    )


def test_make_check_audits() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "-m tools.dependency_audit" in text.partition("\ncheck:")[2].partition("\n\n")[0]
