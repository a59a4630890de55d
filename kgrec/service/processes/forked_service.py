"""A service of several processes: a model is opened and used once, and those that answer are forked from that.

Each has its own kept answers and, where the graph is a server's, its own connections to it. They have in common what
keys may ask for, and what is told of the service. A connection goes to one of them by chance, as the kernel deals them
out.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from kgrec.service.listening import Listening
from kgrec.service.processes.forking import meanwhile, told_to_end
from kgrec.service.processes.serving_settings import ServingSettings
from kgrec.service.processes.workers import Answers, Workers

_TURNS_AWAY_S = 2.0
"""Seconds for which one that leaves closes connections with its answers: one that is closed between two requests may
lose the second."""
_ENDS_WITHIN_S = 11
"""Seconds for requests under way after that: an answer may take ten."""


def answer_by_workers(
    n: int, listener: socket.socket, served: ServingSettings, all_answer: Callable[[Sequence[str | None]], None]
) -> NoReturn:
    """Answer by some processes until a signal raises here.

    Args:
        listener: at whose address others may listen, too, as each process does.
        all_answer: called once, with why each answers without the graph, None where it does not.

    Raises:
        KgrecError: what is answered from cannot be opened.
    """
    with TemporaryDirectory(prefix="kgrec-workers-") as folder, ExitStack() as starting:
        starting.enter_context(meanwhile(lambda: _answer_that_it_starts(listener)))
        # What answers meanwhile comes first; what answers with a model takes seconds to be imported.
        from threadpoolctl import threadpool_limits

        from kgrec.service.processes.worker_template import WorkerTemplate

        template = WorkerTemplate(served, Path(folder))
        listeners = [listener, *(_beside(listener) for _ in range(n - 1))]
        listenings = [Listening(one, ends_within_s=_ENDS_WITHIN_S, turns_away_s=_TURNS_AWAY_S) for one in listeners]

        def work(number: int, answers: Answers) -> None:
            template.answer(number, listenings[number], answers)

        def ready(degraded: Sequence[str | None]) -> None:
            starting.close()
            all_answer(degraded)

        with threadpool_limits(1, user_api="blas"):  # as for one process
            Workers(n, work, lambda number: _answer_that_it_starts(listeners[number])).run(ready, template.changed)


def _beside(listener: socket.socket) -> socket.socket:
    return socket.create_server(listener.getsockname()[:2], family=listener.family, reuse_port=True)


def _answer_that_it_starts(listener: socket.socket) -> None:
    with Listening(listener) as listening:
        listening.until_stopped(told_to_end)
