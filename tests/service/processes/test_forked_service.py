"""`kgrec serve --workers`: several real processes are one service, by what it answers, allows, tells and swaps."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from tests.live.test_swapping import numbered
from tests.support.bundles import film_bundle, film_store
from tests.support.shop import Shell, refused
from tests.support.waiting import waited_for

_COMMAND = [sys.executable, "-c", "from kgrec.cli.app import main; main()", "serve", "--port", "0", "--json"]


class Running:
    """A service of some workers, with new connections for each request, so that any of them may answer."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [*_COMMAND, *options]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self.process.stdout is not None
        self.url = json.loads("".join(self.process.stdout.readline() for _ in range(3)))["url"]

    def ask(self, address: str, body: Any = None, method: str | None = None, **headers: str) -> tuple[int, Any]:
        """Status and document of an answer; text where it is none."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **headers} if data else headers
        asked = urllib.request.Request(self.url + address, data, sent, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        return status, json.loads(text) if text.startswith("{") else text

    def answered_by_both(self, address: str, **headers: str) -> list[tuple[int, Any]]:
        """Answers to a request that is made until both workers have answered one."""
        answers = []
        before = self.answered()
        while not all(count > before.get(worker, 0) for worker, count in self.answered().items()):
            answers.append(self.ask(address, **headers))
        return answers

    def answered(self) -> dict[str, float]:
        """Lists that each worker has answered with."""
        _, text = self.ask("/metrics")
        found = re.findall(r'kgrec_requests_total{route="/v1/recommend",status="\d+",worker="(\d)"} (.+)', text)
        workers = re.findall(r'process_resident_memory_bytes{worker="(\d)"}', text)
        return dict.fromkeys(workers, 0.0) | {worker: float(count) for worker, count in found}

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    service = Running(folder, "--workers", "2", *options)
    try:
        yield service
        workers = service.workers()
        service.process.send_signal(signal.SIGTERM)
        service.process.communicate(timeout=20)
        assert service.process.returncode == 0
        assert not any(worker.is_running() for worker in workers)
    finally:
        service.process.kill()
        service.process.communicate()


def test_workers_answer_as_one_service(shell: Shell) -> None:
    """With the graph of the shop: the same lists, figures of both, and who is killed comes back."""
    shell.learned()
    with running(shell.folder) as service:
        assert service.ask("/health/ready") == (200, {"status": "ok", "reason": None})
        lists = service.answered_by_both("/v1/recommend?user=ann&k=1&explain=short")
        assert {(status, found["recommendations"][0]["item"]) for status, found in lists} == {(200, "empire")}
        _, figures = service.ask("/v1/operation")
        (routes,) = (one for one in figures["requests"]["routes"] if one["route"] == "/v1/recommend")
        assert (figures["workers"], routes["requests"]) == (2, len(lists))
        cache = figures["cache"]
        assert cache["hits"] + cache["misses"] + cache["passed"] == len(lists)
        assert cache["limit_bytes"] == 2 * 64 * 2**20
        assert figures["drift"]["best score"]["answers"] == cache["misses"] + cache["passed"]
        (shell.folder / "kgrec.kgl").rename("elsewhere.kgl")  # the graph is in memory
        killed = service.workers()[0]
        os.kill(killed.pid, signal.SIGKILL)
        waited_for(lambda: len([one for one in service.workers() if one.pid != killed.pid]) == 2)
        lists = service.answered_by_both("/v1/recommend?user=ann&explain=standard&k=1")
        assert {found["recommendations"][0]["explanation"]["degraded"] for _, found in lists} == {None}
        port = service.url.rpartition(":")[2]
        for workers in ("1", "2"):
            said = shell("serve", "--port", port, "--workers", workers)
            assert said.err.startswith("ConfigError: the service cannot listen here.")


def test_a_key_may_ask_both_together_as_often_as_it_may(tmp_path: Path) -> None:
    numbered(1).save(tmp_path / "b")
    ring, slow = KeyRing.empty().with_new("slow", [Scope.READ], 0.001)
    ring, free = ring.with_new("free", [Scope.READ], 1e6)
    ring.save(tmp_path / "k")
    with running(tmp_path, "--bundle", "b", "--store", "", "--keys", "k") as service:
        assert service.ask("/v1/recommend?user=ann")[0] == 401
        statuses = [service.ask("/v1/recommend?user=ann", Authorization=f"Bearer {slow}")[0] for _ in range(20)]
        assert statuses == [200] + 19 * [429]
        assert service.ask("/v1/recommend?user=ann", Authorization=f"Bearer {free}")[0] == 200


def test_another_model_is_that_of_all_workers(tmp_path: Path) -> None:
    numbered(1).save(tmp_path / "b")

    def names(service: Running) -> set[str]:
        """The number of the model in answers."""
        lists = service.answered_by_both("/v1/recommend?user=ann&k=1")
        return {found["recommendations"][0]["name"].split()[-1] for _, found in lists}

    with running(tmp_path, "--bundle", "b", "--store", "") as service:
        assert names(service) == {"1"}
        numbered(2).save(tmp_path / "b")
        waited_for(lambda: names(service) == {"2"})
        numbered(3, graph_id="another").save(tmp_path / "b")
        waited_for(lambda: service.ask("/v1/model/versions")[1]["refusal"] is not None)
        waited_for(lambda: names(service) == {"2"})  # one that leaves may answer once more
        versions = service.ask("/v1/model/versions")[1]
        assert (len(versions["versions"]), versions["live"]) == (3, BundleVersions(tmp_path / "b").live)
        status, back = service.ask("/v1/model/versions", {})
        assert (status, back["live"]) == (200, versions["before"])
        waited_for(lambda: names(service) == {"1"})


def test_who_is_forgotten_is_unknown_to_all(shell: Shell) -> None:
    shell.learned()
    with running(shell.folder) as service:
        service.answered_by_both("/v1/recommend?user=ann")
        assert service.ask("/v1/users/ann", method="DELETE")[0] == 200
        assert {status for status, _ in service.answered_by_both("/v1/recommend?user=ann")} == {404}


def test_what_is_for_one_process_is_refused_and_so_is_what_cannot_be_opened(shell: Shell) -> None:
    refused(
        shell,
        2,
        "ConfigError: several workers take in no events and make no updates.\n"
        "  where     --workers\n"
        "  found     --events and --update-every beside it\n"
        "  expected  one process that does: the log of events and the graph have one writer\n"
        "  next      leave --workers out, or start another `kgrec serve` for that, at a port of its own\n",
        *("serve", "--workers", "2", "--events", "e.db", "--update-every", "1"),
    )
    assert "--follow beside it" in shell("serve", "--workers", "2", "--follow", "jsonl:x").err
    missing = subprocess.run(
        [*_COMMAND, "--workers", "2"], cwd=shell.folder, capture_output=True, text=True, check=False
    )
    assert (missing.returncode, json.loads(missing.stdout)["error"]) == (3, "BundleError")


@pytest.mark.neo4j
def test_each_worker_has_its_own_connections_to_neo4j(tmp_path: Path, neo4j_url: str) -> None:
    with film_store(url=neo4j_url) as store:
        film_bundle(store.schema, store.graph_id).save(tmp_path / "b")
    with running(tmp_path, "--bundle", "b", "--store", neo4j_url) as service:
        gone: list[int] = []
        for _ in range(2):
            lists = service.answered_by_both("/v1/recommend?user=ann&explain=standard&k=1")
            assert {found["recommendations"][0]["explanation"]["degraded"] for _, found in lists} == {None}
            gone.append(service.workers()[0].pid)
            os.kill(gone[-1], signal.SIGKILL)
            waited_for(lambda: len([one for one in service.workers() if one.pid not in gone]) == 2)
