"""``kgrec serve`` killed at random moments under load: every acknowledged event is there exactly once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from kgrec.graph import open_store
from kgrec.live.event_log import EventLog
from tests.support.bundles import FILMS
from tests.support.shop import Shell

SENDERS = 3


class Service:
    """The command, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        program = "from kgrec.cli.app import main; main()"
        command = [sys.executable, "-c", program, "serve", "--port", "0", "--events", "events.db", "--json"]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            text += line
        self.url = json.loads(text)["url"]

    def post(self, reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What became of some events; OSError or HTTPException where the process is gone."""
        body, headers = json.dumps(reports).encode(), {"Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/v1/events", body, headers), timeout=20
        ) as answer:
            events: list[dict[str, Any]] = json.load(answer)["events"]
            return events

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def send_until_killed(service: Service, round: int, acknowledged: list[str]) -> list[threading.Thread]:
    """Senders of events under ids of their own, some of them twice; ids are noted once they are acknowledged."""

    def run(sender: int) -> None:
        rng, number = random.Random(f"{round} {sender}"), 0
        while True:
            ids = [f"{round}-{sender}-{number + n}" for n in range(rng.randint(1, 4))]
            number += len(ids)
            reports = [{"id": id, "user": f"u{sender}", "item": rng.choice(FILMS)} for id in ids]
            try:
                answers = service.post(reports + reports[: rng.randint(0, 1)])
            except urllib.error.HTTPError as error:
                raise AssertionError(error.read()) from error
            except (OSError, HTTPException):
                return  # it was killed
            assert all(answer["status"] in ("accepted", "repeated") for answer in answers)
            acknowledged.extend(ids)

    threads = [threading.Thread(target=run, args=(sender,)) for sender in range(SENDERS)]
    for thread in threads:
        thread.start()
    return threads


def killed(shell: Shell, kills: int) -> None:
    shell.learned()
    acknowledged: list[str] = []
    rng = random.Random(kills)
    for round in range(kills):
        service = Service(shell.folder)
        try:
            threads = send_until_killed(service, round, acknowledged)
            before, until = len(acknowledged), time.monotonic() + 60
            while len(acknowledged) == before:
                assert time.monotonic() < until
                time.sleep(0.001)
            time.sleep(rng.uniform(0.0, 0.5))
        finally:
            service.kill()
        for thread in threads:
            thread.join(30)
    service = Service(shell.folder)
    try:
        again = [{"id": id, "user": "u0", "item": FILMS[0]} for id in acknowledged]
        answers = [answer for n in range(0, len(again), 500) for answer in service.post(again[n : n + 500])]
    finally:
        service.process.terminate()
        service.process.communicate()
    assert len(acknowledged) > 3 * kills
    assert Counter(answer["status"] for answer in answers) == {"repeated": len(acknowledged)}
    assert len({answer["offset"] for answer in answers}) == len(acknowledged)
    with EventLog(shell.folder / "events.db") as log, open_store("kglite:kgrec.kgl", read_only=True) as store:
        events = [done for _, done in log.after(0, 10**9) if done is not None]
        assert [place for place, _ in log.after(0, 10**9)] == list(range(1, len(events) + 1))
        assert store.finished_batches(f"events {log.identity}") == len(events)
        for user in {done.user for done in events}:
            of_log = sorted((done.item, done.time) for done in events if done.user == user)
            assert sorted((done.item, done.time) for done in store.history(user)) == of_log


def test_twice(shell: Shell) -> None:
    killed(shell, 2)


@pytest.mark.slow
def test_fifty_times(shell: Shell) -> None:
    killed(shell, 50)
