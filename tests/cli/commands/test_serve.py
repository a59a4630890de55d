"""`kgrec serve`: a real process on a free port, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from kgrec.errors import ConfigError
from kgrec.live.event_log import EventLog
from kgrec.service.listening import Listening
from tests.support.shop import Shell, refused


def test_a_real_process(shell: Shell) -> None:
    shell.learned()
    program = "from kgrec.cli.app import main; main()"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--json"]
    process = subprocess.Popen(
        command, cwd=shell.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        url = json.loads("".join(lines))["url"]
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}/health/ready", timeout=20) as answer:
            assert json.load(answer)["status"] == "ok"
        with urllib.request.urlopen(f"{url}/v1/recommend?user=ann&k=1", timeout=20) as answer:
            assert json.load(answer)["recommendations"][0]["item"] == "empire"
        port = url.rpartition(":")[2]
        assert shell("serve", "--port", port).err == (
            "ConfigError: the service cannot listen here.\n"
            f"  where     --host 127.0.0.1 --port {port}\n"
            f"  found     Address already in use (while attempting to bind on address ('127.0.0.1', {port}))\n"
            "  expected  an address of this machine and a port that nobody uses\n"
            "  next      name another one; --port 0 takes a free port\n"
        )
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


_NEVER = """
import threading
from kgrec.cli.commands import serve
from kgrec.live.swapping import ModelSwap

def closed_never(swap):
    threading.Event().wait()

serve._ENDS_WITHIN_S = 1.0
ModelSwap.close = closed_never
from kgrec.cli.app import main
main()
"""


@pytest.mark.slow
def test_a_process_that_does_not_end_says_where_it_stands_and_does(shell: Shell) -> None:
    shell.learned()
    command = [sys.executable, "-c", _NEVER, "serve", "--port", "0", "--json"]
    process = subprocess.Popen(command, cwd=shell.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "url" in "".join(process.stdout.readline() for _ in range(3))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "in closed_never\n" in said
    finally:
        process.kill()
        process.communicate()


_SLOW = """
import pathlib, time
from kgrec.recommendation import Recommender
opened = Recommender.open

def slow(*bundle, **how):
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    return opened(*bundle, **how)

Recommender.open = slow
from kgrec.cli.app import main
main()
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_asks_before_it_is_ready_is_told_to_come_again(shell: Shell, workers: str) -> None:
    shell.learned()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    command = [sys.executable, "-c", _SLOW, "serve", "--port", port, "--json", "--workers", workers]
    process = subprocess.Popen(command, cwd=shell.folder, stdout=subprocess.PIPE, text=True)
    try:
        while (found := ask(port)) is None:  # it does not listen yet
            assert process.poll() is None
            time.sleep(0.01)
        assert found == (503, "1")
        (shell.folder / "go").touch()
        assert process.stdout is not None
        assert json.loads("".join(process.stdout.readline() for _ in range(3)))["url"].endswith(port)
        assert ask(port) == (200, None)
        process.terminate()
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


_BEFORE = """
import sys
from kgrec.cli.commands import serve
from kgrec.service import listening

def heavy():
    return [name for name in ("numpy", "scipy", "pyarrow", "kgrec.recommendation") if name in sys.modules]

def opened(self):
    print(heavy())
    raise SystemExit

listening.Listening.__enter__ = opened
bound = serve._listening
serve._listening = lambda *where: (print(heavy()), bound(*where))[1]
serve.serve_until_stopped("no.bundle", None, "127.0.0.1", 0)
"""


def test_it_listens_and_answers_before_what_takes_long_is_imported() -> None:
    said = subprocess.run([sys.executable, "-c", _BEFORE], capture_output=True, text=True, check=False)
    assert (said.stdout, said.stderr) == ("[]\n[]\n", "")


def ask(port: str) -> tuple[int, str | None] | None:
    """Status and Retry-After of the answer to whether it is ready; None where nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=20) as answer:
            return answer.status, answer.headers["Retry-After"]
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Retry-After"]
    except urllib.error.URLError:
        return None


def test_what_cannot_be_served(shell: Shell) -> None:
    for host in ("no.such.host.invalid", "a" * 300, "192.0.2.1"):
        said = shell("serve", "--host", host)
        assert (said.code, said.err.splitlines()[0]) == (2, "ConfigError: the service cannot listen here.")
    assert shell("serve", "--port", "65536").code == 2
    assert shell("serve", "--port", "0").err.startswith("BundleError: ")


def test_without_keys_it_listens_on_this_machine_only(shell: Shell) -> None:
    shell.learned()
    refused(
        shell,
        2,
        "ConfigError: without API keys the service listens on this machine only.\n"
        "  where     --host 0.0.0.0\n"
        "  found     no --keys\n"
        "  expected  one of 127.0.0.1, ::1, or a file of keys\n"
        "  next      kgrec key new NAME --keys kgrec.keys, then kgrec serve --keys kgrec.keys\n",
        *("serve", "--host", "0.0.0.0", "--port", "0"),
    )
    assert shell("serve", "--port", "0", "--keys", "none.keys").err.startswith("ConfigError: the file of API keys")
    assert shell("key", "new", "front").code == 0
    assert shell("key", "revoke", "front").code == 0
    assert "found     no keys" in shell("serve", "--host", "0.0.0.0", "--port", "0", "--keys", "kgrec.keys").err


def test_one_process_takes_in_events(shell: Shell) -> None:
    shell.learned()
    with EventLog(shell.folder / "e.db"):
        refused(
            shell,
            4,
            "EventLogError: another process takes in events with this log.\n"
            "  where     e.db\n"
            f"  found     process {os.getpid()} holds e.db.lock\n"
            "  expected  one process that takes in events\n"
            "  next      stop that one, or start this one without --events\n",
            *("serve", "--port", "0", "--events", "e.db"),
        )


def test_the_port_is_free_again_after_a_failure(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert shell("serve", "--port", str(port)).code == 3  # no bundle
    socket.create_server(("127.0.0.1", port)).close()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_requests_share_the_processors_by_request(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.learned()
    threads: list[int] = []

    def run(self: Listening) -> None:
        threads.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")

    monkeypatch.setattr(Listening, "until_stopped", run)
    with threadpool_limits(2, user_api="blas"):
        assert shell("serve", "--port", "0").code == 0
    assert set(threads) == {1}


def test_without_the_extra(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    said = shell("serve", "--json")
    assert (said.code, said.json["error"]) == (ConfigError.exit_code, "MissingExtraError")
    assert said.err == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        "  where     kgrec serve\n"
        "  found     No module named 'fastapi'\n"
        "  expected  fastapi and msgspec and prometheus_client and uvicorn\n"
        "  next      pip install 'kgrec[serve]'\n"
    )
