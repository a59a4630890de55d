"""PyKEEN's models; they come with the extra `bench`."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from kgrec.data.triples import Facts
from kgrec.errors import MissingExtraError
from kgrec_benchmarks.systems.pykeen_models import PykeenSetting, fit_pykeen


@pytest.mark.slow
@pytest.mark.skipif(find_spec("pykeen") is None, reason="the extra `bench` is not installed")
def test_models_and_measure_in_a_process_of_their_own() -> None:
    """See :mod:`kgrec_benchmarks.protocols.pykeen_process`: what was loaded before decides whether it loads."""
    checks = Path(__file__).with_name("pykeen_checks.py")
    command = [sys.executable, "-m", "pytest", "--noconftest", "-p", "no:cacheprovider", str(checks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout


def test_its_absence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ModuleType:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(MissingExtraError) as error:
        fit_pykeen("TransE", Facts.none(), 20, [PykeenSetting()], validate=lambda _: 0.0)
    assert str(error.value) == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        "  where     the comparison of facts\n"
        "  found     No module named 'pykeen.triples'\n"
        "  expected  pykeen\n"
        "  next      pip install 'kgrec[bench]'"
    )
