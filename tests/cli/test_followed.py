"""`kgrec ingest --follow`: events go into the graph until a signal comes, and no run takes one in twice."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kgrec.cli import followed, output
from kgrec.graph import open_store
from kgrec.live.event_log import EventLog
from tests.support.shop import IMPORT, Shell, refused
from tests.support.streams import eventually

FOLLOW = ("--follow", "jsonl:arriving", "--events", "shop.events")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(followed, "_SAY_EVERY_S", 0.02)


@contextmanager
def signalled(number: signal.Signals, when: Callable[[EventLog], bool], folder: Path) -> Iterator[None]:
    """A signal to this process once something holds of the log."""
    # What is started in the background has it ignored: a signal that comes before it is listened to would be lost.
    before = signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler

    def run() -> None:
        eventually((folder / "shop.events").is_file, 30)
        with EventLog(folder / "shop.events", takes_in=False) as log:
            eventually(lambda: when(log), 30)
        eventually(lambda: signal.getsignal(number) not in before)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def arrive(folder: Path, *lines: object) -> None:
    (folder / "arriving").mkdir(exist_ok=True)
    with (folder / "arriving" / "a.jsonl").open("a") as file:
        file.writelines(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


def event(id: int, user: str = "zoe", item: str = "heat", **more: object) -> dict[str, object]:
    return {"id": id, "user": user, "item": item, "time": 300 + id, **more}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_events_go_into_the_graph_until_it_is_stopped(shell: Shell, number: signal.Signals) -> None:
    shell.write()
    arrive(shell.folder, event(1), event(1), event(2, item="nobody-knows"), "{half", event(3, item="alien"))

    def all_there(log: EventLog) -> bool:
        return any(one.messages == 5 for one in log.streams().values())

    with signalled(number, all_there, shell.folder):
        said = shell("ingest", *IMPORT, *FOLLOW, "--json")
    assert said.code == 0
    found = said.json["followed"]
    assert said.json["counts"]
    assert (found["accepted"], found["repeated"], found["set_aside"], found["refused"]) == (2, 1, 1, 1)
    assert (found["failure"], found["applied_offset"]) == (None, 2)
    (stream,) = found["streams"]
    assert stream["name"] == f"jsonl:{shell.folder / 'arriving'}"
    assert stream["unread"] == {"no JSON": 1}
    assert stream["places"][0][0].startswith("a.jsonl (file 1), byte ")
    with open_store("kglite:kgrec.kgl", read_only=True) as store:
        assert [one.item for one in store.history("zoe")] == ["heat", "alien"]
    arrive(shell.folder, event(3, item="alien"), event(4))
    with signalled(number, lambda log: log.last_offset == 3, shell.folder):
        said = shell("ingest", *FOLLOW)
    assert said.code == 0
    assert "kgrec follows jsonl:" in said.err
    assert "accepted" in said.out
    with open_store("kglite:kgrec.kgl", read_only=True) as store:
        assert [one.item for one in store.history("zoe")] == ["heat", "alien", "heat"]


def test_progress_says_what_came(shell: Shell) -> None:
    shell.write()
    assert shell("ingest", *IMPORT).code == 0
    arrive(shell.folder, event(1), event(1), event(2, item="nobody-knows"), "{half")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(output, "note", said.append)
        with signalled(signal.SIGINT, lambda log: len(said) > 1, shell.folder):
            shell("ingest", *FOLLOW)
    assert said[0] == f"kgrec follows jsonl:{shell.folder / 'arriving'}; ctrl-c ends it"
    told = "; the newest 0 s old; 1 sent again; 2 set aside (1 no JSON, 1 unknown item)"
    assert [line for line in said if line.startswith("1 events; ") and line.endswith(told)]


def test_what_cannot_be_followed_is_refused(shell: Shell) -> None:
    missing = (
        "ConfigError: Missing option '--schema'.\n  where     kgrec ingest\n  next      see `kgrec ingest --help`\n"
    )
    refused(shell, 2, missing, "ingest")
    refused(shell, 2, missing.replace("schema", "source"), "ingest", "--schema", "shop.yaml")
    refused(
        shell,
        2,
        "ConfigError: --follow needs an event log.\n"
        "  where     --events\n"
        "  found     no file\n"
        "  expected  a file that is kept: it says up to where each stream was read\n"
        "  next      name one that outlives the process, such as --events shop.events\n",
        *("ingest", "--follow", "jsonl:arriving"),
    )
    assert "no stream has this address" in shell("ingest", "--follow", "amqp:x", "--events", "e.db").err
    assert (
        "no stream has this address"
        in shell("ingest", "--schema", "movies", "--follow", "ftp:x", "--events", "e.db").err
    )
    assert "StoreUnavailableError" in shell("ingest", "--follow", "jsonl:arriving", "--events", "e.db").err
    assert "--follow needs an event log" in shell("serve", "--follow", "jsonl:arriving").err
