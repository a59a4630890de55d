"""Figures of all workers: whichever is asked tells what each of them has counted.

A request goes to one worker, and its own figures would be those of a part of the traffic. So each answers the others,
at a socket in a folder that is nobody else's.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from prometheus_client.metrics_core import Metric

from kgrec.service.answer_cache import CacheFigures
from kgrec.service.drift_watch import Answered
from kgrec.service.recent_requests import Recent

_WAIT_S = 2.0
"""Seconds for which a worker is waited for that does not say its figures."""
_MOST_ASKING = 64


@dataclass(frozen=True)
class Family:
    """The figures of one name for Prometheus; ``samples`` are names, labels and values."""

    name: str
    documentation: str
    type: str
    samples: list[tuple[str, dict[str, str], float]]

    @classmethod
    def of(cls, metric: Metric) -> Self:
        """Those of a metric."""
        samples = [(one.name, dict(one.labels), float(one.value)) for one in metric.samples]
        return cls(metric.name, metric.documentation, metric.type, samples)


@dataclass(frozen=True)
class Figures:
    """What one process has counted.

    Attributes:
        families: for Prometheus.
        recent: its last requests.
        cache: its kept answers.
        version: of the model that it answers with.
        answered: what its last answers with that were like.
    """

    families: list[Family]
    recent: Recent
    cache: CacheFigures
    version: str
    answered: Answered


class WorkerFigures:
    """Tells others the figures of this worker while it is open, and asks for theirs.

    Args:
        folder: of the sockets, the same for all, within one that nobody else may look into; made where it is not there.
        number: of this worker.
        own: the figures of this one, which must not wait for anything.
    """

    def __init__(self, folder: Path, number: int, own: Callable[[], Figures]) -> None:
        self._folder = folder
        self._number = number
        self._own = own
        self._name = f"{number}.{os.getpid()}"
        self._thread = threading.Thread(target=self._tell, name="kgrec tells figures", daemon=True)

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        with _short(self._folder) as folder:
            self._listener.bind(f"{folder}/{self._name}")
        self._listener.listen(_MOST_ASKING)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closed alone, it would be waited at on
        self._listener.close()
        (self._folder / self._name).unlink(missing_ok=True)

    def of_others(self) -> dict[int, Figures]:
        """Those of the other workers, by their number; one that is gone, or does not say them, has none."""
        found = {}
        for address in sorted(self._folder.glob("*.*"), key=_made_at):  # none where somebody took the folder away
            if (number := int(address.stem)) != self._number and (figures := _asked(address)) is not None:
                found[number] = figures
        return found

    def metrics(self) -> Collection[Metric]:
        """Those of all workers, each with the number of its worker as a label."""
        families: dict[str, Metric] = {}
        for number, figures in sorted({self._number: self._own(), **self.of_others()}.items()):
            for family in figures.families:
                metric = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for name, labels, value in family.samples:
                    metric.add_sample(name, {**labels, "worker": str(number)}, value)
        return families.values()

    def _tell(self) -> None:
        while True:
            try:
                asking, _ = self._listener.accept()
            except OSError:  # closed
                return
            with suppress(Exception), asking:  # whoever asked may be gone; a fault of today need not be one tomorrow
                asking.settimeout(_WAIT_S)
                asking.sendall(msgspec.msgpack.encode(self._own()))


def _asked(address: Path) -> Figures | None:
    """The figures of the worker at an address; None where there is none any more, or none that answers in time."""
    with socket.socket(socket.AF_UNIX) as asked, suppress(OSError, msgspec.MsgspecError):
        asked.settimeout(_WAIT_S)
        try:
            with _short(address.parent) as folder:
                asked.connect(f"{folder}/{address.name}")
        except ConnectionRefusedError:
            if not Path("/proc", address.suffix[1:]).exists():  # it was killed
                address.unlink(missing_ok=True)
            return None
        with asked.makefile("rb") as told:
            return msgspec.msgpack.decode(told.read(), type=Figures)
    return None


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A short path to a folder: an address has at most 107 bytes."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}"
    finally:
        os.close(opened)


def _made_at(address: Path) -> float:
    try:
        return address.stat().st_mtime
    except OSError:  # gone meanwhile
        return 0.0
