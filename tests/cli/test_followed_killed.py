"""`kgrec ingest --follow` killed while events arrive: each is in the log and in the graph exactly once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kgrec.graph import open_store
from kgrec.live.event_log import EventLog
from tests.support.shop import IMPORT, Shell
from tests.support.streams import eventually

COMMAND = "from kgrec.cli.app import main; main()"
FOLLOW = ("ingest", "--follow", "jsonl:arriving", "--events", "shop.events", "--quiet", "--json")


def arrive(folder: Path, first: int, count: int) -> None:
    """Events without ids, each of a user of its own, and the last line of each piece only by half."""
    lines = [json.dumps({"user": f"u{n}", "item": "heat", "time": 300 + n}) for n in range(first, first + count)]
    with (folder / "arriving" / "a.jsonl").open("a") as file:
        for line in lines:
            file.write(line[:20])
            file.flush()
            file.write(line[20:] + "\n")


def taken_in(folder: Path) -> int:
    if not (folder / "shop.events").exists():
        return 0
    with EventLog(folder / "shop.events", takes_in=False) as log:
        return sum(one.messages for one in log.streams().values())


def killed(shell: Shell, kills: int) -> None:
    shell.write()
    assert shell("ingest", *IMPORT).code == 0
    (shell.folder / "arriving").mkdir()
    rng, sent = random.Random(0), 0

    def following() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", COMMAND, *FOLLOW], cwd=shell.folder, stdout=subprocess.PIPE)

    for _ in range(kills):
        arrive(shell.folder, sent, 1_500)
        sent, before, process = sent + 1_500, taken_in(shell.folder), following()
        eventually(lambda: taken_in(shell.folder) > before, 60)  # noqa: B023
        time.sleep(rng.uniform(0, 0.2))
        process.kill()
        process.communicate()
    arrive(shell.folder, sent, 100)
    sent, process = sent + 100, following()
    eventually(lambda: taken_in(shell.folder) == sent, 60)
    process.terminate()
    said = json.loads(process.communicate()[0])["followed"]
    assert process.returncode == 0
    assert said["applied_offset"] == said["last_offset"] == sent
    with open_store("kglite:kgrec.kgl", read_only=True) as store:
        assert {len(store.history(f"u{n}")) for n in range(sent)} == {1}


def test_once(shell: Shell) -> None:
    killed(shell, 1)


@pytest.mark.slow
def test_ten_times(shell: Shell) -> None:
    killed(shell, 10)
