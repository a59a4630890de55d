"""Freed memory is kept while training, and given back after."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from kgrec.parallel import allocator
from kgrec.parallel.allocator import memory_kept
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.executor import here

glibc = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt")

HELD = """
import numpy as np
import psutil
import runpy
import sys

memory_kept = runpy.run_path(sys.argv[1])["memory_kept"]
BLOCK = 128 << 20

def make_and_drop():
    np.ones(BLOCK, np.uint8)

@memory_kept()
def fail():
    make_and_drop()
    raise ZeroDivisionError

def held():
    return round(10 * (psutil.Process().memory_info().rss - before) / BLOCK)

make_and_drop()
before = psutil.Process().memory_info().rss
with memory_kept():
    make_and_drop()
    print("within", held())
    with memory_kept():
        pass
    make_and_drop()
    print("after one within", held())
print("after", held())
make_and_drop()
print("later", held())
try:
    fail()
except ZeroDivisionError:
    print("after an error", held())
"""
"""What a process of its own holds, in tenths of a block: other tests in the same one would hold and free theirs too."""


@pytest.mark.skipif(not glibc, reason="only glibc has mallopt")
def test_freed_memory_stays_and_goes_back_at_the_end_and_after_an_error() -> None:
    done = subprocess.run([sys.executable, "-c", HELD, allocator.__file__], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["within 10", "after one within 10", "after 0", "later 0", "after an error 0"]


def held(shared: None, block: range) -> int:
    return allocator._held


@pytest.mark.skipif(not glibc, reason="only glibc has mallopt")
def test_what_is_worked_out_of_a_block_keeps_what_it_frees() -> None:
    assert list(map_blocks(here, held, None, ranges(2, 1))) == [1, 1]
    assert not allocator._held


@pytest.mark.parametrize("found", ["another system", "another C library"])
def test_elsewhere_nothing_changes(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if found == "another system":
        monkeypatch.setattr("kgrec.parallel.allocator.sys.platform", "win32")
    else:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    done = False
    with memory_kept():
        done = True
    assert done
