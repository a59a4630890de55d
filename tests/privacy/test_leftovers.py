"""Whose process is gone, leaves what may be removed."""

from __future__ import annotations

import os
import subprocess
import sys

from kgrec.privacy.leftovers import may_run


def test_who_may_run() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert not may_run(str(gone.pid))
    assert may_run(str(os.getpid()))
    assert may_run("1")  # somebody else's
    assert may_run("draft")  # no number: nobody's to remove
    assert may_run("9" * 40)
