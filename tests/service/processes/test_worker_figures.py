"""Figures of all workers: each under its number, whichever is asked; one that is gone has none."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Counter

from kgrec.service.answer_cache import CacheFigures
from kgrec.service.processes.worker_figures import Family, Figures, WorkerFigures
from kgrec.service.recent_requests import AnsweredRequest, Recent


def figures(requests: int) -> Figures:
    """What a process has counted that answered so many requests."""
    registry = CollectorRegistry()
    Counter("kgrec_requests", "Requests.", ["route"], registry=registry).labels("/a").inc(requests)
    cache = CacheFigures(requests, 0, 0, 0, 0, 0)
    families = [Family.of(metric) for metric in registry.collect()]
    recent = Recent(0.0, [AnsweredRequest(1.0, "/a", 200, 0.5)])
    return Figures(families, recent, cache, "v", {"best score": [float(requests)], "nothing": [float("nan")]})


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[WorkerFigures]]:
    with ExitStack() as opened:
        yield [
            opened.enter_context(WorkerFigures(tmp_path, number, partial(figures, 10 + number))) for number in range(3)
        ]


def counted(worker: WorkerFigures) -> dict[str, float]:
    (family,) = worker.metrics()
    assert (family.name, family.type, family.documentation) == ("kgrec_requests", "counter", "Requests.")
    assert {one.labels["route"] for one in family.samples} == {"/a"}
    return {one.labels["worker"]: one.value for one in family.samples if one.name == "kgrec_requests_total"}


def test_whichever_is_asked_tells_those_of_all(three: list[WorkerFigures]) -> None:
    for worker in three:
        assert counted(worker) == {"0": 10, "1": 11, "2": 12}
    others = three[1].of_others()
    assert {number: one.cache.hits for number, one in others.items()} == {0: 10, 2: 12}
    assert others[2].answered["best score"] == [12.0]
    assert np.isnan(others[2].answered["nothing"]).all()
    assert others[2].recent == figures(12).recent


def test_one_that_is_gone_has_none(three: list[WorkerFigures], tmp_path: Path) -> None:
    three[2].__exit__(None, None, None)
    assert counted(three[0]) == {"0": 10, "1": 11}
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(tmp_path / "1.99999999"))
    os.utime(tmp_path / "1.99999999", (0, 0))
    assert counted(three[0]) == {"0": 10, "1": 11}
    assert not (tmp_path / "1.99999999").exists()


def test_of_one_that_is_being_replaced_the_newer_is_told(three: list[WorkerFigures], tmp_path: Path) -> None:
    with WorkerFigures(tmp_path / "newer", 1, lambda: figures(0)):
        newer, here = tmp_path / "newer" / f"1.{os.getpid()}", tmp_path / "1.99999999"
        newer.rename(here)
        os.utime(here, (time.time() + 5,) * 2)
        newer.parent.rmdir()
        assert counted(three[0]) == {"0": 10, "1": 0, "2": 12}


def test_a_folder_may_have_a_long_name(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    with WorkerFigures(folder, 0, lambda: figures(7)) as one, WorkerFigures(folder, 1, lambda: figures(8)):
        assert counted(one) == {"0": 7, "1": 8}


def test_those_that_do_not_say_them_hold_up_nobody_however_many_ask(
    three: list[WorkerFigures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kgrec.service.processes.worker_figures._WAIT_S", 0.1)
    monkeypatch.setattr("kgrec.service.processes.worker_figures._MOST_ASKING", 1)
    go = threading.Event()

    def slow() -> Figures:
        go.wait(20)
        return replace(figures(0), version="late")

    three[2]._own = slow
    for _ in range(5):
        assert counted(three[0]) == {"0": 10, "1": 11}
    go.set()
    monkeypatch.undo()
    assert three[0].of_others()[2].version == "late", "and nobody's leaving keeps it from telling others"


def test_a_fault_of_its_own_figures_is_told_by_their_absence_alone(three: list[WorkerFigures]) -> None:
    def failing() -> Figures:
        raise MemoryError

    three[2]._own = failing
    assert counted(three[0]) == {"0": 10, "1": 11}
    three[2]._own = lambda: figures(12)
    assert counted(three[0]) == {"0": 10, "1": 11, "2": 12}
