"""The commit and the day of a result."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from kgrec_benchmarks.runs.provenance import Provenance, made_in_words


def test_the_commit_is_that_of_the_checkout_and_says_where_files_differ_from_it(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert Provenance.now(tmp_path).commit == "unknown"
    git("init", "-q")
    (tmp_path / "a.py").write_text("1")
    git("add", "a.py")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "HEAD")[:12]
    assert Provenance.now(tmp_path).commit == commit
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", Provenance.now(tmp_path).date)
    (tmp_path / "other.json").write_text("a result that lies there is no change of the code")
    assert Provenance.now(tmp_path).commit == commit
    (tmp_path / "a.py").write_text("2")
    assert Provenance.now(tmp_path).commit == f"{commit} with changes"


def test_results_that_were_made_together_are_named_once() -> None:
    one, other = {"commit": "1a", "date": "2026-01-31"}, {"commit": "2b", "date": "2026-02-01"}
    assert made_in_words([one, one]) == "Measured at commit 1a on 2026-01-31."
    assert made_in_words([one, other]) == "Measured at commit 1a on 2026-01-31; at commit 2b on 2026-02-01."
    assert made_in_words([one, {}]) == "Measured at commit 1a on 2026-01-31; some before commits were recorded."
    assert made_in_words([{}]) == "Measured before commits were recorded."
