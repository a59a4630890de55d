"""Forking: what is sent at once arrives, nobody is left behind, and copies take turns."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from kgrec.service.processes.forking import no_thread_left

_BEGIN = """
import os, signal, sys, threading, time
from pathlib import Path
from kgrec.service.processes.forking import *

signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
folder = Path(sys.argv[1])
"""


def said(folder: Path, program: str) -> tuple[str, str]:
    """What a program prints, and what it complains of."""
    command = [sys.executable, "-c", _BEGIN + program, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.stdout, ended.stderr


_AT_ONCE = """
for _ in range(300):
    pid = forked(lambda: told_to_end(60))
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
print("ended")
"""


def test_what_is_sent_in_the_first_moment_is_not_lost(tmp_path: Path) -> None:
    assert said(tmp_path, _AT_ONCE) == ("ended\n", "")


_MEANWHILE = """
def aside():
    (folder / "begun").touch()
    assert told_to_end(20)
    (folder / "ended").touch()

with meanwhile(aside):
    while not (folder / "begun").exists():
        time.sleep(0.01)
print((folder / "ended").exists(), flush=True)
"""


def test_what_is_done_meanwhile_ends_with_what_is_inside(tmp_path: Path) -> None:
    assert said(tmp_path, _MEANWHILE) == ("True\n", "")


_TURNS = """
turns, counted = Turns(), folder / "counted"
counted.write_text("0")

def count():
    for _ in range(200):
        with turns:
            counted.write_text(str(int(counted.read_text()) + 1))

def die():
    turns.__enter__()
    os.kill(os.getpid(), signal.SIGKILL)

for pid in [forked(count), forked(count), forked(die), forked(count)]:
    os.waitpid(pid, 0)
print(counted.read_text())
"""


def test_processes_take_turns_and_one_that_is_killed_holds_up_nobody(tmp_path: Path) -> None:
    assert said(tmp_path, _TURNS) == ("600\n", "")


_LATER = """
def child():
    os.kill(os.getppid(), signal.SIGTERM)

with later(ENDING):
    pid = forked(child)
    os.waitpid(pid, 0)
    print("not yet", flush=True)
    try:
        raise_if_told(20)
    except SystemExit as told:
        print("told", told.code, flush=True)
    raise_if_told(0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
    raise_if_told(20)
"""


def test_what_comes_later_is_raised_where_it_is_asked_for(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _BEGIN + _LATER, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("not yet\ntold 0\n", "", 128 + 15)


def test_threads_that_began_inside_have_ended() -> None:
    with no_thread_left():
        thread = threading.Thread(target=time.sleep, args=(0.2,))
        thread.start()
    assert not thread.is_alive()


_THREADS = """
before, go = native_threads(), threading.Event()
thread = threading.Thread(target=go.wait)
thread.start()
print(no_more_threads_than(before), no_more_threads_than(before + 1))
threading.Timer(0.2, go.set).start()
print(no_more_threads_than(before))
"""


def test_a_thread_that_stays_is_one_more(tmp_path: Path) -> None:
    assert said(tmp_path, _THREADS) == ("False True\nTrue\n", "")


_AT_ONCE_AGAIN = """
def child():
    time.sleep(0.2)
    os.kill(os.getppid(), signal.SIGTERM)

class Lost:
    def __del__(self):  # what is raised here is lost
        os.kill(os.getpid(), signal.SIGTERM)

with later(ENDING):
    pid = forked(child)
    try:
        with at_once(ENDING):
            time.sleep(20)
    except SystemExit as told:
        print("told", told.code, flush=True)
    os.waitpid(pid, 0)
    sys.unraisablehook = lambda lost: print("lost", flush=True)
    try:
        with at_once(ENDING):
            del [Lost()][0]
            print("goes on", flush=True)
    except SystemExit as told:
        print("told", told.code, flush=True)
    with at_once(ENDING):
        pass
    print(signal.getsignal(signal.SIGTERM).__name__, flush=True)
"""


def test_what_is_to_come_at_once_does_and_is_not_lost(tmp_path: Path) -> None:
    assert said(tmp_path, _AT_ONCE_AGAIN) == ("told 0\nlost\ngoes on\ntold 0\n<lambda>\n", "")


_STOPPED = """
def child():
    print(told_to_end(1.0), flush=True)

for _ in range(5):
    pid = forked(child)
    time.sleep(0.2)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(pid, signal.SIGCONT)
    os.waitpid(pid, 0)
pid = forked(lambda: print(told_to_end(0.5), flush=True))
os.kill(pid, signal.SIGINT)
os.waitpid(pid, 0)
"""


def test_who_was_stopped_for_a_while_or_is_interrupted_is_not_told_to_end(tmp_path: Path) -> None:
    assert said(tmp_path, _STOPPED) == ("False\n" * 6, "")
