"""PyKEEN's models; they come with the extra `bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kgrec.dataset import Facts
from kgrec.errors import MissingExtraError
from kgrec.learn import pykeen_models
from kgrec.learn.pykeen_models import fit_pykeen

ALONE = Path(__file__).with_name("pykeen_alone.py")


@pytest.mark.slow
def test_its_models_are_measured_as_pykeen_measures_them() -> None:
    """In a fresh process: where a store is loaded, PyKEEN's OpenMP library finds no room for thread-local data."""
    pytest.importorskip("implicit", reason="the extra `bench` is not installed", exc_type=ImportError)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(ALONE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ALONE.parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_its_absence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ModuleType:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(pykeen_models.importlib, "import_module", missing)
    with pytest.raises(MissingExtraError) as error:
        fit_pykeen("TransE", Facts.none(), 20, validate=lambda _: 0.0)
    assert str(error.value) == (
        "MissingExtraError: a package that the comparison of facts needs cannot be loaded.\n"
        "  where     kgrec.learn.pykeen_models\n"
        "  found     No module named 'pykeen.triples'\n"
        "  expected  the package pykeen\n"
        "  next      pip install 'kgrec[bench]'"
    )
