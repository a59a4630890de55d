"""Versions of packages: those that can change a result, and no error where one is not installed."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from kgrec.bundle import package_versions as versions
from kgrec.bundle.package_versions import package_versions


def test_versions_of_what_is_installed() -> None:
    found = package_versions({"pytest"})
    assert found["numpy"] == version("numpy")
    assert found["pytest"] == version("pytest")
    assert list(found)[:3] == ["kgrec", "numpy", "scipy"]


def test_what_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_PACKAGES", ("kgrec", "no-such-package"))
    assert list(package_versions()) == ["kgrec"]
