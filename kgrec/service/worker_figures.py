"""Figures of all workers: whichever is asked tells what each of them has counted.

A request goes to one worker, and its own figures would be those of a part of the traffic. So each answers the others,
at a socket in a folder that is nobody else's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Client, Listener
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.metrics_core import Metric

from kgrec.service.answer_cache import CacheFigures
from kgrec.service.drift_watch import Answered
from kgrec.service.recent_requests import Recent

_WAIT_S = 2.0
"""Seconds for which a worker is waited for that does not say its figures."""


@dataclass(frozen=True)
class Figures:
    """What one process has counted.

    Attributes:
        metrics: for Prometheus.
        recent: its last requests.
        cache: its kept answers.
        version: of the model that it answers with.
        answered: what its last answers with that were like.
    """

    metrics: Sequence[Metric]
    recent: Recent
    cache: CacheFigures
    version: str
    answered: Answered


class WorkerFigures:
    """Tells others the figures of this worker while it is open, and asks for theirs.

    Args:
        folder: of the sockets, the same for all.
        number: of this worker.
        own: the figures of this one.
    """

    def __init__(self, folder: Path, number: int, own: Callable[[], Figures]) -> None:
        self._address = folder / f"{number}.{os.getpid()}"
        self._own = own
        self._thread = threading.Thread(target=self._tell, name="kgrec tells figures", daemon=True)

    def __enter__(self) -> Self:
        self._listener = Listener(str(self._address), family="AF_UNIX")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def of_others(self) -> dict[int, Figures]:
        """Those of the other workers, by their number; one that was killed has none, nor has one that is replaced."""
        found, own = {}, _number_of(self._address)
        for address in sorted(self._address.parent.iterdir(), key=_made_at):
            if (number := _number_of(address)) != own:
                with suppress(OSError, EOFError), Client(str(address), family="AF_UNIX") as asked:
                    if asked.poll(_WAIT_S):
                        found[number] = asked.recv()
        return found

    def metrics(self) -> Collection[Metric]:
        """Those of all workers, each with the number of its worker as a label."""
        families: dict[str, Metric] = {}
        for number, figures in sorted({_number_of(self._address): self._own(), **self.of_others()}.items()):
            for metric in figures.metrics:
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                family.samples += [one._replace(labels={**one.labels, "worker": str(number)}) for one in metric.samples]
        return families.values()

    def _tell(self) -> None:
        while True:
            try:
                with self._listener.accept() as asking:
                    asking.send(self._own())
            except ConnectionError:  # whoever asked is gone
                continue
            except OSError:  # closed
                return


def _number_of(address: Path) -> int:
    return int(address.stem)


def _made_at(address: Path) -> float:
    try:
        return address.stat().st_mtime
    except OSError:  # gone meanwhile
        return 0.0
