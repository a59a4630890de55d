"""A service of several processes: a model is opened and used once, and those that answer are forked from that.

Each has its own connections to the graph, kept answers and changes of the model. They have in common what keys may ask
for, and what is told of the service; a connection goes to one of them by chance, as the kernel deals them out.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from kgrec.service.api_keys import KeyRing, RateLimits
from kgrec.service.forking import Turns, meanwhile, native_threads, no_more_threads_than, no_thread_left
from kgrec.service.listening import Listening
from kgrec.service.workers import Answers, Workers

_TURNS_AWAY_S = 2.0
"""Seconds for which one that leaves closes connections with its answers: one that is closed between two requests may
lose the second."""
_ENDS_WITHIN_S = 11
"""Seconds for requests under way after that: an answer may take ten."""


@dataclass(frozen=True)
class Served:
    """What is answered from, and for whom.

    Attributes:
        bundle: folder of it.
        store: URL of its graph; None for none.
        state: folder where it is written down who is forgotten; None for that of the bundle's versions.
        ring: the keys.
        hosts: names under which the service is asked; None for any.
        cache_bytes: what answers that each process keeps may take.
    """

    bundle: str
    store: str | None
    state: str | None
    ring: KeyRing
    hosts: Collection[str] | None
    cache_bytes: int


def answer_by_workers(
    n: int, listener: socket.socket, served: Served, all_answer: Callable[[Sequence[str | None]], None]
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

        from kgrec.bundle.bundle_versions import BundleVersions
        from kgrec.live.swapping import ModelSwap
        from kgrec.recommendation import Recommender
        from kgrec.service.app import service
        from kgrec.service.living import living
        from kgrec.service.warming import warm
        from kgrec.service.worker_figures import WorkerFigures

        versions = BundleVersions(served.bundle)
        state = served.state or versions.made_folder()
        threads = native_threads()
        with no_thread_left():
            opened = Recommender.open(served.bundle, served.store, loaded=versions.to_open(), state=state)
        # A graph in memory is there for copies of the process, too, unless it works by threads of its own.
        has_graph = opened.store is not None and opened.store.facts_stay and no_more_threads_than(threads)
        if not has_graph:
            opened.close()
        # Nothing is looked up in it here: what that began, a copy might not go on with.
        template = Recommender.open(served.bundle, loaded=opened.bundle, state=state)
        swap = ModelSwap(versions, template, told=Path(folder) / "told.json")
        with no_thread_left():
            swap.look()  # it answers from files of its own
            warm(swap.recommender)
        rates = RateLimits(served.ring.keys, Turns())
        app = service(
            swap.recommender, ring=served.ring, hosts=served.hosts, cache_bytes=served.cache_bytes, rates=rates
        )
        app.middleware_stack = app.build_middleware_stack()
        listeners = [listener, *(_beside(listener) for _ in range(n - 1))]
        listenings = [Listening(one, ends_within_s=_ENDS_WITHIN_S, turns_away_s=_TURNS_AWAY_S) for one in listeners]

        def work(number: int, answers: Answers) -> None:
            with ExitStack() as held:
                bundle = swap.recommender.bundle
                recommender = (
                    opened.renewed(bundle)
                    if has_graph
                    else Recommender.open(served.bundle, served.store, loaded=bundle, state=state)
                )
                held.callback(recommender.close)
                app.state.recommender = recommender
                app.state.measured.begin()
                app.state.workers = held.enter_context(
                    WorkerFigures(Path(folder) / "figures", number, app.state.measured.figures)
                )
                held.enter_context(living(app, served.bundle, copied=swap))
                # Only now: while it opens what it needs, another one may still answer at the same socket.
                listening = listenings[number]
                listening.answer_with(app)
                held.enter_context(listening)
                answers(recommender.degraded)
                listening.until_stopped()

        copied = [swap.version]

        def changed() -> bool:
            with no_thread_left():
                swap.look()
                swap.tell()
                if swap.version == copied[-1]:
                    return False
                app.state.recommender = swap.recommender
                warm(swap.recommender)
            copied[:] = [swap.version]
            return True

        def ready(degraded: Sequence[str | None]) -> None:
            starting.close()
            all_answer(degraded)

        with threadpool_limits(1, user_api="blas"):
            Workers(n, work, lambda number: _answer_that_it_starts(listeners[number])).run(ready, changed)


def _beside(listener: socket.socket) -> socket.socket:
    return socket.create_server(listener.getsockname()[:2], family=listener.family, reuse_port=True)


def _answer_that_it_starts(listener: socket.socket) -> None:
    with Listening(listener) as listening:
        listening.until_stopped()
