"""Freed memory is kept while training, and given back after."""

from __future__ import annotations

import ctypes
import sys

import numpy as np
import psutil
import pytest

from kgrec.learn.neural.allocator import memory_kept

BLOCK = 256 << 20
glibc = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt")


def resident() -> int:
    held: int = psutil.Process().memory_info().rss
    return held


def make_and_drop() -> None:
    np.ones(BLOCK, np.uint8)


@memory_kept()
def fail() -> None:
    make_and_drop()
    raise ZeroDivisionError


@pytest.mark.skipif(not glibc, reason="only glibc has mallopt")
def test_freed_memory_stays_and_goes_back_at_the_end() -> None:
    make_and_drop()
    before = resident()
    with memory_kept():
        make_and_drop()
        assert resident() - before > 0.9 * BLOCK
    assert resident() - before < 0.1 * BLOCK
    make_and_drop()
    assert resident() - before < 0.1 * BLOCK


@pytest.mark.skipif(not glibc, reason="only glibc has mallopt")
def test_memory_goes_back_after_an_error() -> None:
    before = resident()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert resident() - before < 0.1 * BLOCK


@pytest.mark.parametrize("found", ["another system", "another C library"])
def test_elsewhere_nothing_changes(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if found == "another system":
        monkeypatch.setattr("kgrec.learn.neural.allocator.sys.platform", "win32")
    else:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    done = False
    with memory_kept():
        done = True
    assert done
